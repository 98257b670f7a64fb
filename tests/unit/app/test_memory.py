"""Was this doctor allowed to practise on 3 March at 14:00? What the hub says then, and now."""

from __future__ import annotations

from datetime import UTC, date, datetime

from hub.app.lookup import answered, holding
from hub.ports.directory import Standing
from hub.ports.looking import Period

MARCH_3 = datetime(2026, 3, 3, 14, tzinfo=UTC)


def at(day: int, hour: int = 0) -> datetime:
    """Return a moment in March."""
    return datetime(2026, 3, day, hour, tzinfo=UTC)


ACTIVE = Period(known_from=at(1, 5), known_until=at(5, 5), standing=Standing.ACTIVE, source="annuaire 1")
STRUCK = Period(
    known_from=at(5, 5),
    known_until=None,
    standing=Standing.STRUCK_OFF,
    source="annuaire 5",
    since=date(2026, 3, 2),
)


def test_what_the_hub_answered_then_is_what_it_knew_then() -> None:
    """A striking-off that was learned later does not make that day's answer another one."""
    assert answered([ACTIVE, STRUCK], MARCH_3) is ACTIVE
    assert answered([ACTIVE, STRUCK], at(5, 5)) is STRUCK
    assert answered([ACTIVE, STRUCK], at(1, 4)) is None


def test_what_is_known_now_of_that_day_may_differ() -> None:
    """The authority's date counts, not the day on which the hub heard of it."""
    assert holding([ACTIVE, STRUCK], MARCH_3) is STRUCK
    assert holding([ACTIVE, STRUCK], at(1, 12)) is ACTIVE
    assert holding([ACTIVE], at(1)) is ACTIVE
    assert holding([], MARCH_3) is None


def test_a_suspension_holds_to_its_last_day() -> None:
    """Afterwards the earlier word counts again."""
    suspended = Period(
        known_from=at(2),
        known_until=None,
        standing=Standing.SUSPENDED,
        source="annuaire 2",
        since=date(2026, 3, 2),
        until=date(2026, 3, 4),
    )
    assert holding([ACTIVE, suspended], at(4, 23)) is suspended
    assert holding([ACTIVE, suspended], at(5)) is ACTIVE
