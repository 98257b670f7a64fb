"""What each verdict means in each state: the whole table."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from hub.core.calling import Returned
from hub.core.dispatch import Resend, Unasked, Verdict
from hub.core.notice import Action
from hub.core.settle import ASK_AGAIN, fate
from hub.domain.delivery import State, may_move
from hub.domain.outcome import Deferred, Delivered, Refused, Uncertain
from hub.errors import Words
from hub.testing.fakes import NOON

WORDS = Words(en="so", fr="ainsi")
END = NOON + timedelta(hours=1)
SOON = NOON + timedelta(seconds=30)
LEASED, UNCERTAIN = State.LEASED, State.UNCERTAIN
DELIVERED = Delivered(receipt="250 ok")
DEFERRED = Deferred(code="full", reason=WORDS)
REFUSED = Refused(code="unknown", reason=WORDS)
LOST = Uncertain(code="lost", reason=WORDS)
FAILED = Action.FAILED

Row = tuple[Verdict | None, State, datetime, datetime | None, State, str, datetime | None, Action | None]
TABLE: list[Row] = [
    # verdict, state, now, next try → state, code, due, tell
    (DELIVERED, LEASED, NOON, None, State.DELIVERED, "", None, Action.DELIVERED),
    (DELIVERED, UNCERTAIN, NOON, None, State.DELIVERED, "", None, Action.DELIVERED),
    (DELIVERED, UNCERTAIN, END, None, State.DELIVERED, "", None, Action.DELIVERED),
    (REFUSED, LEASED, NOON, None, State.REFUSED, "unknown", None, FAILED),
    (REFUSED, UNCERTAIN, NOON, None, State.REFUSED, "unknown", None, FAILED),
    (DEFERRED, LEASED, NOON, SOON, State.PENDING, "full", SOON, None),
    (DEFERRED, LEASED, NOON, None, State.EXPIRED, "full", None, FAILED),
    (DEFERRED, UNCERTAIN, NOON, SOON, State.PENDING, "full", SOON, None),
    # From uncertain there is no way to expired but through pending.
    (DEFERRED, UNCERTAIN, END, None, State.PENDING, "full", END, None),
    (LOST, LEASED, NOON, None, State.UNCERTAIN, "lost", NOON, None),
    (LOST, LEASED, END, None, State.UNCERTAIN, "lost", END, None),
    (LOST, UNCERTAIN, NOON, None, State.UNCERTAIN, "lost", NOON + ASK_AGAIN, None),
    (LOST, UNCERTAIN, END - timedelta(seconds=1), None, State.UNCERTAIN, "lost", END, None),
    (LOST, UNCERTAIN, END, None, State.REFUSED, "outcome.unknown", None, FAILED),
    (Unasked(), UNCERTAIN, NOON, None, State.UNCERTAIN, "person.needed", END, None),
    (Unasked(), UNCERTAIN, END, None, State.REFUSED, "outcome.unknown", None, FAILED),
    (Resend(), UNCERTAIN, NOON, None, State.PENDING, "possible-double", NOON, None),
    (Resend(), UNCERTAIN, END, None, State.REFUSED, "outcome.unknown", None, FAILED),
    (Returned(), LEASED, NOON, None, State.PENDING, "hub.stopping", NOON, None),
    (None, LEASED, END, None, State.EXPIRED, "expired", None, FAILED),
    (None, UNCERTAIN, END, None, State.REFUSED, "outcome.unknown", None, FAILED),
]


@pytest.mark.parametrize(
    "row", TABLE, ids=lambda row: f"{type(row[0]).__name__}-{row[1]}-{row[2]:%H%M%S}-{row[4]}"
)
def test_the_table(row: Row) -> None:
    """Next state, code, when it is due, and what the sender hears."""
    verdict, state, now, next_try, after, code, due, tell = row
    end = fate(verdict, state, now=now, expires_at=END, next_try=lambda _: next_try)
    assert (end.state, end.code or "", end.due_at, end.tell) == (after, code, due, tell)
    assert end.state is state or may_move(state, end.state)
    assert end.state.final == (end.due_at is None)
    assert (end.tell is FAILED) == (end.state in {State.REFUSED, State.EXPIRED})
    assert end.event.startswith("delivery.")


def test_a_final_state_always_has_words_for_the_sender() -> None:
    """Whoever is told is told why."""
    for verdict, state, now, *_ in TABLE:
        end = fate(verdict, state, now=now, expires_at=END, next_try=lambda _: None)
        if end.tell is not None:
            assert end.reason is not None
            assert end.reason.en
            assert end.reason.fr
