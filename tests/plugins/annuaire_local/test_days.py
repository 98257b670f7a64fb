"""A standing with dates holds on its days, looked at whenever somebody asks."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hub.domain.address import Address
from hub.ports.directory import Standing
from hub_annuaire.local import spells
from tests.plugins.annuaire_local.house import House

SORBIER = Address.parse("jean.sorbier@hautmont.example")
DAYS = st.dates(date(1900, 1, 1), date(2999, 12, 31))


@given(
    standing=st.sampled_from(Standing),
    since=st.none() | DAYS,
    until=st.none() | DAYS,
    day=DAYS,
)
def test_exactly_one_standing_holds_on_each_day(
    standing: Standing, since: date | None, until: date | None, day: date
) -> None:
    """What is written holds on its days and on no other; before and after there is always an answer."""
    assume(since is None or until is None or since <= until)
    assume(until is None or standing not in spells.FOR_GOOD)
    holding = [one for one in spells.of(standing, since, until) if one.holds(day)]
    assert len(holding) == 1
    within = (since is None or since <= day) and (until is None or day <= until)
    assert (holding[0].standing is standing) == within


async def test_a_suspension_ends_by_itself(house: House) -> None:
    """Nobody has to edit the file on the day, and the days are those of France."""
    directory = await house.open()
    told = []
    for _ in range(8):
        entry = await directory.by_address(SORBIER)
        assert entry is not None
        told.append((entry.standing, entry.since, entry.until))
        house.wait(timedelta(days=1))
    assert told[:6] == [(Standing.SUSPENDED, date(2026, 8, 20), date(2026, 8, 31))] * 6
    assert told[6:] == [(Standing.ACTIVE, date(2026, 9, 1), None)] * 2


@pytest.mark.parametrize(("zone", "expected"), [("Europe/Paris", "active"), ("America/Cayenne", "suspended")])
async def test_a_day_begins_where_the_house_is(zone: str, expected: str, house: House) -> None:
    """At 22:30 UTC it is already tomorrow in Paris, and still today in Cayenne."""
    directory = await house.open(zone=zone)
    house.wait(timedelta(days=5, hours=10, minutes=30))
    entry = await directory.by_address(SORBIER)
    assert entry is not None
    assert entry.standing.value == expected


async def test_who_begins_later_may_not_practise_yet(house: House) -> None:
    """A new colleague's line can be written before their first day, and ends after their last."""
    house.edit("people.csv", "suspendu;2026-08-20;31/08/2026", "actif;2026-09-01;2026-09-30")
    directory = await house.open()
    told = []
    for _ in range(3):
        entry = await directory.by_address(SORBIER)
        assert entry is not None
        told.append(entry.standing)
        house.wait(timedelta(days=20))
    assert told == [Standing.UNKNOWN, Standing.ACTIVE, Standing.CEASED]
