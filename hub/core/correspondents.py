"""Operators that people write to, such as an e-prescription service: a directory of their own."""

from __future__ import annotations

from collections.abc import Iterable

from hub.core.operators import Operator
from hub.domain.address import Address
from hub.domain.party import Identifier
from hub.ports.connector import Corresponds
from hub.ports.directory import Entry


class Correspondents:
    """The mailboxes that operators have at this hub (`Directory`). Each stands in its operator's domains."""

    def __init__(self, operators: Iterable[Operator]) -> None:
        self._entries: dict[str, Entry] = {}
        domains: set[str] = set()
        for one in operators:
            connector: object = one.connector
            if isinstance(connector, Corresponds):
                mailboxes = [entry for entry in connector.mailboxes if entry.address.domain in one.domains]
                self._entries |= {entry.address.key: entry for entry in mailboxes}
                domains |= {entry.address.domain for entry in mailboxes}
        self.domains = frozenset(domains)

    async def by_address(self, address: Address) -> Entry | None:
        """Return the mailbox; None for any other."""
        return self._entries.get(address.key)

    async def by_identifier(self, identifier: Identifier) -> tuple[Entry, ...]:
        """Return nothing: a service bears no identifier of a professional."""
        del identifier
        return ()
