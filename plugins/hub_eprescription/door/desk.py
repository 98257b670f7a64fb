"""Who takes what comes in at the door: the services that are open, by their operators' names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Desk(Protocol):
    """One service, as the door sees it."""

    def look_now(self) -> None:
        """Ask the service soon what happened. Returns at once; called often, it is asked once."""
        ...

    async def take(self, media_type: str, body: bytes) -> int:
        """Take a document that says what happened; return how many events were in it.

        They are durable when it returns. The same document again does nothing more. Raises InputError
        (`prescription.dispensing` and others: it can't be read, or is of another kind), StoreError and
        PeerError (try again).
        """
        ...


class Desks:
    """The services that are open. Shared by the operators and the doors of one hub."""

    def __init__(self) -> None:
        self._desks: dict[str, Desk] = {}

    def named(self, operator: str) -> Desk | None:
        """Return the desk of an operator; None when it is not open."""
        return self._desks.get(operator)

    @contextmanager
    def holding(self, operator: str, desk: Desk) -> Iterator[None]:
        """Have a service found while the block runs."""
        self._desks[operator] = desk
        try:
            yield
        finally:
            if self._desks.get(operator) is desk:
                del self._desks[operator]
