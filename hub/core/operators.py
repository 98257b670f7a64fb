"""Which operator carries whom: the routing table, built once from the configuration."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeGuard, TypeVar

from hub.domain.address import Address
from hub.domain.ids import OperatorName
from hub.domain.retry import RetryPolicy
from hub.errors import ConfigError, Words
from hub.ports.connector import Capabilities, Delivers
from hub.ports.intake import Peer

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """One `[operators.<name>]`: whom it serves, how it proves itself, how hard it is tried.

    `peers` are names of TLS certificates (`dns:…`, `email:…`, `sha256:…`) that speak for it.
    `connector` is None when its plugin failed to open: its deliveries wait.
    """

    name: OperatorName
    domains: frozenset[str]
    peers: frozenset[str] = frozenset()
    connector: Delivers | None = field(default=None, repr=False)
    concurrency: int = 10
    deadline: timedelta = timedelta(minutes=5)
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    breaker_failures: int = 5
    breaker_pause: timedelta = timedelta(seconds=10)

    @property
    def capabilities(self) -> Capabilities:
        """What its connector says that it can carry; the cautious defaults when that is not usable."""
        try:
            said = self.connector.capabilities if self.connector is not None else None
        except Exception:  # noqa: BLE001 - a connector that fails hurts only its own operator
            said = None
        return said if _usable(said) else Capabilities()


class Operators:
    """The routing table. A domain belongs to one operator; so does a peer's certificate."""

    def __init__(self, operators: Iterable[Operator]) -> None:
        self._by_name = {one.name: one for one in operators}
        self._by_domain: dict[str, Operator] = {}
        self._by_peer: dict[str, Peer] = {}
        self._peers: dict[OperatorName, Peer] = {}
        for one in self._by_name.values():
            peer = self._peers[one.name] = Peer(
                name=f"operator:{one.name}", operator=one.name, domains=one.domains
            )
            for domain in one.domains:
                _claim(self._by_domain, domain, one, one.name)
            for name in one.peers:
                _claim(self._by_peer, name, peer, one.name)

    def __iter__(self) -> Iterator[Operator]:
        return iter(self._by_name.values())

    def named(self, name: str) -> Operator | None:
        """Return the operator of that name."""
        return self._by_name.get(OperatorName(name))

    def peer(self, name: OperatorName) -> Peer | None:
        """Return the peer that an operator is, for what it proved by other means than a certificate."""
        return self._peers.get(name)

    def serving(self, address: Address) -> Operator | None:
        """Return the operator whose mailbox this is; None outside the space of trust."""
        return self._by_domain.get(address.domain)

    def speaking(self, names: Iterable[str]) -> Peer | None:
        """Return the peer that a certificate with these names stands for."""
        for name in names:
            if (peer := self._by_peer.get(name)) is not None:
                return peer
        return None


def _usable(said: object) -> TypeGuard[Capabilities]:
    return (
        isinstance(said, Capabilities)
        and isinstance(said.max_bytes, int | None)
        and isinstance(said.max_concurrency, int)
        and isinstance(said.max_recipients, int)
    )


def _claim(table: dict[str, T], key: str, value: T, name: str) -> None:
    if key in table:
        raise ConfigError(
            "operators.twice",
            Words(
                en=f"{key} belongs to two operators; the second is {name}.",
                fr=f"{key} appartient à deux opérateurs ; le second est {name}.",
            ),
            operator=name,
        )
    table[key] = value
