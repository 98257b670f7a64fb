"""Where plugins register what they offer, by kind."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Generic, TypeVar

from hub.errors import ConfigError, Words
from hub.plugin.table import Table
from hub.ports.connector import Delivers
from hub.ports.directory import Directory
from hub.ports.host import Host, Receives
from hub.ports.observer import Observer
from hub.ports.policy import Policy
from hub.ports.trust import TrustSpace

S = TypeVar("S")
P = TypeVar("P")

Opener = Callable[[S, Host], AbstractAsyncContextManager[P]]


class PartType(StrEnum):
    """The tables of the configuration that plugins fill."""

    OPERATOR = "operators"
    RECEIVER = "receivers"
    DIRECTORY = "directories"
    TRUST = "trust"
    POLICY = "policies"
    OBSERVER = "observers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer(Generic[P]):
    """One kind: who offers it, how to read its table, how to open it."""

    plugin: str
    type: PartType
    kind: str
    parse: Callable[[Table], Any]
    open: Callable[[Any, Host], AbstractAsyncContextManager[P]]


@dataclass(slots=True)
class Registry:
    """Everything that is on offer. One is made for each plugin, so that a broken one adds nothing."""

    plugin: str
    offers: list[Offer[Any]] = field(default_factory=list)
    commands: dict[str, Any] = field(default_factory=dict)

    def add_connector(self, kind: str, parse: Callable[[Table], S], opener: Opener[S, Delivers]) -> None:
        """Offer a connector kind for `[operators.*]` tables."""
        self._add(PartType.OPERATOR, kind, parse, opener)

    def add_receiver(self, kind: str, parse: Callable[[Table], S], opener: Opener[S, Receives]) -> None:
        """Offer a receiver kind for `[receivers.*]` tables."""
        self._add(PartType.RECEIVER, kind, parse, opener)

    def add_directory(self, kind: str, parse: Callable[[Table], S], opener: Opener[S, Directory]) -> None:
        """Offer a directory kind for `[directories.*]` tables."""
        self._add(PartType.DIRECTORY, kind, parse, opener)

    def add_trust_space(self, kind: str, parse: Callable[[Table], S], opener: Opener[S, TrustSpace]) -> None:
        """Offer a reader of trust spaces for `[trust.*]` tables (in `hub_register_directories`)."""
        self._add(PartType.TRUST, kind, parse, opener)

    def add_policy(self, kind: str, parse: Callable[[Table], S], opener: Opener[S, Policy]) -> None:
        """Offer a policy kind for `[policies.*]` tables."""
        self._add(PartType.POLICY, kind, parse, opener)

    def add_observer(self, kind: str, parse: Callable[[Table], S], opener: Opener[S, Observer]) -> None:
        """Offer an observer kind for `[observers.*]` tables."""
        self._add(PartType.OBSERVER, kind, parse, opener)

    def add_command(self, name: str, app: Any) -> None:
        """Add a `typer.Typer` application as `hub NAME`."""
        if name in self.commands:
            raise _twice("command", name)
        self.commands[name] = app

    def _add(self, part: PartType, kind: str, parse: Any, opener: Any) -> None:
        if any(offer.type is part and offer.kind == kind for offer in self.offers):
            raise _twice(part.value, kind)
        self.offers.append(Offer(plugin=self.plugin, type=part, kind=kind, parse=parse, open=opener))


def _twice(what: str, name: str) -> ConfigError:
    return ConfigError(
        "plugin.twice",
        Words(
            en=f"The plugin offers {what} {name!r} twice.",
            fr=f"L'extension propose deux fois {what} {name!r}.",
        ),
    )
