"""Operators that people write to, such as an e-prescription service: a directory of their own."""

from __future__ import annotations

from collections.abc import Iterable

from hub.core.operators import Operator
from hub.domain.address import Address
from hub.domain.party import Identifier
from hub.errors import ConfigError, Words
from hub.ports.connector import Corresponds
from hub.ports.directory import Entry


class Correspondents:
    """The mailboxes that operators have at this hub (`Directory`).

    Raises ConfigError for one that is not in its operator's domains: nothing would ever reach it.
    """

    def __init__(self, operators: Iterable[Operator]) -> None:
        self._entries: dict[str, Entry] = {}
        domains: set[str] = set()
        for one in operators:
            connector: object = one.connector
            if isinstance(connector, Corresponds):
                for entry in connector.mailboxes:
                    if entry.address.domain not in one.domains:
                        raise _outside(one, entry)
                    self._entries[entry.address.key] = entry
                    domains.add(entry.address.domain)
        self.domains = frozenset(domains)

    async def by_address(self, address: Address) -> Entry | None:
        """Return the mailbox; None for any other."""
        return self._entries.get(address.key)

    async def by_identifier(self, identifier: Identifier) -> tuple[Entry, ...]:
        """Return nothing: a service bears no identifier of a professional."""
        del identifier
        return ()


def _outside(operator: Operator, entry: Entry) -> ConfigError:
    return ConfigError(
        "operators.mailbox",
        Words(
            en=f"operators.{operator.name}: its mailbox {entry.address} is in none of its domains.",
            fr=f"operators.{operator.name} : sa boîte {entry.address} n'est dans aucun de ses domaines.",
        ),
    )
