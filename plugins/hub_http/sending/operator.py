"""One operator, as all parts of the plugin share it, and the list in which the door finds it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from hub.ports.clock import Clock
from hub.ports.host import Host
from hub.ports.ledger import Ledger
from hub_http.auth.authority import Authority
from hub_http.auth.secrets import Secrets
from hub_http.description import checking
from hub_http.description.model import Description
from hub_http.description.values import Scalar
from hub_http.flights import Flights
from hub_http.sending.classify import Judgement
from hub_http.settings import OperatorSettings
from hub_http.wire.exchange import Exchange


class Held:
    """Whether the operator wants no requests now, and for how long. Monotonic time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until = float("-inf")

    def hold(self, duration: timedelta) -> None:
        """Want none for a while, if not for longer already."""
        self._until = max(self._until, self._clock.monotonic() + duration.total_seconds())

    @property
    def now(self) -> bool:
        """Whether it wants none now."""
        return self._clock.monotonic() < self._until

    @property
    def left(self) -> timedelta:
        """How long it still lasts; nothing when it is over."""
        seconds = self._until - self._clock.monotonic()
        return timedelta(seconds=seconds) if seconds > 0 else timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """An operator that is open: its description, its configuration, the one way to its servers.

    `bases` are the base URLs in order, without a slash at their end: the configured one, then those to fail
    over to. `parameters` hold the description's defaults too. `host.ledger` is this operator's own. `watch`
    is told of every answer: which request it is to, and what it means.
    """

    name: str
    description: Description
    settings: OperatorSettings
    host: Host
    exchange: Exchange = field(repr=False)
    authority: Authority = field(repr=False)
    bases: tuple[str, ...]
    parameters: Mapping[str, Scalar] = field(repr=False)
    secrets: Secrets = field(repr=False)
    held: Held = field(repr=False)
    flights: Flights = field(default_factory=Flights, repr=False)
    watch: Callable[[str, Judgement], None] | None = field(default=None, repr=False)

    @property
    def ledger(self) -> Ledger:
        """What this operator's parts remember."""
        return self.host.ledger

    def sound(self) -> None:
        """Return when the description can be used, checked once in depth. Raises ConfigError."""
        checking.sound(self.settings.description, self.description)

    def hold(self, duration: timedelta) -> None:
        """Let no request leave for a while, as the operator asked."""
        self.held.hold(duration)
        self.exchange.pause(duration)


class Operators:
    """The operators of kind `http` that are open now, by name."""

    def __init__(self) -> None:
        self._open: dict[str, Operator] = {}

    def named(self, name: str) -> Operator | None:
        """Return the operator of that name; None when there is none, or it is not open."""
        return self._open.get(name)

    def __iter__(self) -> Iterator[Operator]:
        return iter(tuple(self._open.values()))

    @contextmanager
    def holding(self, operator: Operator) -> Iterator[Operator]:
        """List an operator while the block lasts."""
        self._open[operator.name] = operator
        try:
            yield operator
        finally:
            if self._open.get(operator.name) is operator:
                del self._open[operator.name]
