"""The states of a delivery and the one table of allowed moves (design: one final state each)."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class State(StrEnum):
    """Where a delivery stands."""

    PENDING = "pending"
    LEASED = "leased"
    UNCERTAIN = "uncertain"
    DELIVERED = "delivered"
    REFUSED = "refused"
    EXPIRED = "expired"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        """Whether nothing can follow."""
        return not MOVES[self]


MOVES: Final[dict[State, frozenset[State]]] = {
    State.PENDING: frozenset({State.LEASED, State.EXPIRED, State.CANCELLED}),
    State.LEASED: frozenset(
        {
            State.DELIVERED,
            State.REFUSED,
            State.EXPIRED,
            State.CANCELLED,
            State.PENDING,
            State.UNCERTAIN,
        }
    ),
    State.UNCERTAIN: frozenset({State.DELIVERED, State.PENDING, State.REFUSED}),
    State.DELIVERED: frozenset(),
    State.REFUSED: frozenset(),
    State.EXPIRED: frozenset(),
    State.CANCELLED: frozenset(),
}


def may_move(old: State, new: State) -> bool:
    """Whether the table allows this move."""
    return new in MOVES[old]
