"""Moments as HL7 writes them: when they begin, and when they are past."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import MalformedError
from hub_eprescription.cda import moments
from hub_eprescription.cda.moments import Moment


def parsed(text: str) -> Moment:
    """Read a moment."""
    return moments.parse(text, "it", "il")


@pytest.mark.parametrize(
    ("text", "day", "begins", "ends"),
    [
        ("20260930", (2026, 9, 30), datetime(2026, 9, 30, tzinfo=UTC), datetime(2026, 10, 1, 10, tzinfo=UTC)),
        ("202612", (2026, 12, 1), datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 1, 1, 10, tzinfo=UTC)),
        ("2026", (2026, 1, 1), datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, 10, tzinfo=UTC)),
        (
            "20260930091000+0200",
            (2026, 9, 30),
            datetime(2026, 9, 30, 7, 10, tzinfo=UTC),
            datetime(2026, 9, 30, 7, 10, 1, tzinfo=UTC),
        ),
        (
            "202609300910-1000",
            (2026, 9, 30),
            datetime(2026, 9, 30, 19, 10, tzinfo=UTC),
            datetime(2026, 9, 30, 19, 11, tzinfo=UTC),
        ),
    ],
)
def test_read(text: str, day: tuple[int, int, int], begins: datetime, ends: datetime) -> None:
    """A day without an offset is past when it is past everywhere in France; with one, to the second."""
    found = parsed(text)
    assert (found.day, found.begins, found.ends) == (date(*day), begins, ends)


@pytest.mark.parametrize(
    "text",
    [
        "", "26", "20261301", "20260230", "0000", "9999", "2026093025", "20260930+2500", "20260930+0160",
        "2026-09-30", " 20260930", "20260930\n", "٢٠٢٦", "20260930T10",
    ],
)  # fmt: skip
def test_refused(text: str) -> None:
    """What is no moment is refused; the patient's dates do not go along with the error."""
    with pytest.raises(MalformedError) as caught:
        parsed(text)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@given(st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)), st.integers(-840, 840))  # noqa: DTZ001 -- hypothesis wants naive bounds
def test_round_trip(moment: datetime, minutes: int) -> None:
    """What is written with seconds and an offset is read to the second."""
    offset = timedelta(minutes=minutes)
    sign, size = ("-" if minutes < 0 else "+"), abs(minutes)
    found = parsed(f"{moment:%Y%m%d%H%M%S}{sign}{size // 60:02d}{size % 60:02d}")
    assert found.begins == (moment.replace(microsecond=0) - offset).replace(tzinfo=UTC)
    assert found.ends - found.begins == timedelta(seconds=1)


@pytest.mark.parametrize("text", ["000101010000+1400", "99991231235959-1200"])
def test_a_moment_that_utc_does_not_have(text: str) -> None:
    """It could not be written down: it is refused where it is read."""
    with pytest.raises(MalformedError):
        parsed(text)
