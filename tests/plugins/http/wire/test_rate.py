"""How fast requests may follow one another, and what Retry-After says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub_http.wire.rate import LONGEST, Turns, retry_after

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@settings(deadline=None)
@given(
    st.floats(0.5, 50),
    st.integers(1, 20),
    st.lists(st.floats(0, 3), min_size=1, max_size=60),
)
def test_no_stretch_of_time_has_more_than_was_agreed(rate: float, burst: int, gaps: list[float]) -> None:
    """In any stretch: the burst, and then so many a second; and nobody waits longer than needed."""
    turns, now, gone = Turns(rate, burst), 1000.0, []
    for gap in gaps:
        now += gap
        wait = turns.take(now, 1e9)
        assert wait is not None
        gone.append(now + wait)
    assert gone == sorted(gone)
    for first in range(len(gone)):
        for last in range(first, len(gone)):
            allowed = burst + rate * (gone[last] - gone[first]) + 1e-6
            assert last - first + 1 <= allowed


def test_a_burst_goes_at_once_after_a_pause() -> None:
    """Then one by one."""
    turns = Turns(2, 3)
    assert [0, 0, 0, 0.5, 1.0] == [turns.take(10.0, 9) for _ in range(5)]
    assert [0, 0, 0, 0.5] == [turns.take(100.0, 9) for _ in range(4)]


def test_what_can_t_go_in_time_takes_no_turn() -> None:
    """Those after it are not held up by it."""
    turns = Turns(1, 1)
    assert turns.take(0.0, 0.5) == 0
    assert turns.take(0.0, 0.5) is None
    assert turns.take(0.0, 0.5) is None
    assert turns.take(0.6, 0.5) == pytest.approx(0.4)


def test_without_a_rate_only_pauses_count() -> None:
    """What the operator asked for is kept, up to a day."""
    turns = Turns(None)
    assert turns.free
    assert turns.take(5.0, 0) == 0
    turns.pause(5.0, timedelta(seconds=10))
    assert not turns.free
    assert turns.take(6.0, 60) == 9
    assert turns.take(6.0, 5) is None
    assert turns.take(16.0, 5) == 0
    turns.pause(20.0, timedelta(days=300))
    assert turns.take(20.0, 1e9) == LONGEST.total_seconds()


@settings(deadline=None)
@given(st.integers(0, 10**15))
def test_seconds_are_read(seconds: int) -> None:
    """Bounded."""
    read = retry_after(f" {seconds} ", NOW)
    if seconds < 10**12:
        assert read == min(timedelta(seconds=min(seconds, 10**6)), LONGEST)
    else:
        assert read is None


@settings(deadline=None)
@given(st.timedeltas(timedelta(days=-400), timedelta(days=400)))
def test_dates_are_read(ahead: timedelta) -> None:
    """Those that have passed mean now; none is waited for longer than a day."""
    date = (NOW + ahead).replace(microsecond=0)
    read = retry_after(format_datetime(date, usegmt=True), NOW)
    assert read == min(max(date - NOW, timedelta(0)), LONGEST)


@settings(deadline=None)
@given(st.text(max_size=40))
def test_anything_else_is_nothing(text: str) -> None:
    """No server breaks the hub by it."""
    read = retry_after(text, NOW)
    assert read is None or timedelta(0) <= read <= LONGEST


@pytest.mark.parametrize(
    "text", [None, "", "soon", "-5", "1.5", "１２", "0x10", "Tue, 24 Foo 2026 12:00:00 GMT"]
)
def test_what_is_no_time_is_nothing(text: str | None) -> None:
    """The header may be missing, or wrong."""
    assert retry_after(text, NOW) is None
