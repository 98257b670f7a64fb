"""When an inbox is looked at: within what the operator allows, whatever happens, and never all at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from hub.testing.fakes import FixedChance, FixedClock
from hub_http.description.inbound import Inbox
from hub_http.fetching.pacing import FIRST, LONGEST, SPREAD, Pace, is_loud
from hub_http.fetching.waiting import LATE, SOON, Left

NOW: Final = datetime(2026, 3, 3, 12, tzinfo=UTC)
SECONDS: Final = st.integers(1, 7 * 86400)


def pace(every: int, least: int = 1, longest: int | None = None, seed: int = 0) -> Pace:
    """Make the pace of an inbox; seconds."""
    inbox = Inbox.model_validate(
        {
            "every": f"{every}s",
            "least": f"{least}s",
            "longest": None,
            "listing": {"path": "/"},
            "items": {"json": "$[*]", "many": True},
            "id": {"json": "$"},
            "kinds": [{"is": "ignored"}],
        }
        | ({"longest": f"{longest}s"} if longest is not None else {})
    )
    return Pace(inbox, FixedChance(seed))


@given(SECONDS, SECONDS, st.integers(0, 99))
def test_a_pause_is_never_shorter_than_the_operator_allows(every: int, least: int, seed: int) -> None:
    """Whatever the description asks for, and after failures too."""
    one = pace(every, least, seed=seed)
    wanted = timedelta(seconds=max(every, least))
    assert wanted <= one.after_look(more=False) <= wanted * (1 + SPREAD)
    for _ in range(30):
        assert one.after_failure(None) >= wanted


@given(SECONDS, SECONDS, st.integers(0, 99))
def test_nor_longer(every: int, more: int, seed: int) -> None:
    """An operator that wants to hear from the hub once a day does."""
    longest = every + more
    assert pace(every, 1, longest, seed).after_look(more=False) <= timedelta(seconds=longest)


def test_when_there_is_more_nobody_waits() -> None:
    """The next look follows at once."""
    assert pace(300).after_look(more=True) == timedelta(0)


def test_failures_double_the_pause_up_to_an_hour() -> None:
    """A look that works sets it back; the operator's own word counts when it is longer."""
    one = pace(60)
    pauses = [one.after_failure(None) for _ in range(12)]
    assert all(before < after or after > LONGEST for before, after in pairwise(pauses))
    assert pauses[-1] <= LONGEST * (1 + SPREAD)
    assert one.after_failure(timedelta(hours=3)) >= timedelta(hours=3)
    one.after_look(more=False)
    assert one.failures == 0
    assert one.after_failure(None) <= timedelta(seconds=60) * (1 + SPREAD)


@given(SECONDS, st.integers(0, 30 * 86400), st.integers(0, 99))
def test_a_restart_does_not_shorten_the_pause(every: int, ago: int, seed: int) -> None:
    """Nor lengthen it by more than the spread of a start."""
    first = pace(every, seed=seed).first(NOW - timedelta(seconds=ago), NOW)
    left = max(timedelta(seconds=every - ago), timedelta(0))
    assert left <= first <= left + FIRST


def test_who_was_down_for_too_long_looks_at_once() -> None:
    """Before an operator closes the mailbox."""
    assert pace(300, 300, 86400).first(NOW - timedelta(days=2), NOW) == timedelta(0)


def test_a_clock_that_was_set_back_keeps_no_inbox_shut() -> None:
    """A look in the future is no look."""
    assert pace(300).first(NOW + timedelta(days=400), NOW) <= FIRST


def test_a_thousand_inboxes_begin_at_different_moments() -> None:
    """Spread over a minute at most."""
    moments = [pace(300, seed=seed).first(None, NOW) for seed in range(1000)]
    assert max(moments) <= FIRST
    in_each = [sum(second <= one.total_seconds() < second + 1 for one in moments) for second in range(60)]
    assert max(in_each) < 50


def test_a_failure_is_said_now_and_then() -> None:
    """Not at every look."""
    assert [count for count in range(1, 400) if is_loud(count)] == [1, 10, 100, 200, 300]


def test_what_was_left_is_tried_more_and_more_seldom() -> None:
    """Up to once a day; what is forgotten is tried at once."""
    clock = FixedClock()
    left = Left(clock, timedelta(minutes=5))
    assert left.leave("a")
    assert not left.leave("a")
    assert left.waits("a")
    clock.advance(timedelta(minutes=10))
    assert not left.waits("a")
    for _ in range(20):
        left.leave("a")
    clock.advance(LATE - timedelta(seconds=1))
    assert left.waits("a")
    clock.advance(timedelta(seconds=1))
    assert not left.waits("a")
    for _ in range(20):
        left.leave("b", SOON)
    clock.advance(SOON)
    assert not left.waits("b")
    left.forget("a")
    assert len(left) == 1
