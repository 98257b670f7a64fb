"""Who may practise, by one rule, and over several imports."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.address import Address
from hub.errors import MalformedError
from hub.ports.directory import Entry, Standing
from hub_annuaire.standing import (
    Known,
    Verdict,
    judge,
    of_mailbox,
    of_personal,
    of_practice,
    read_back,
    timeline,
    written,
)
from tests.plugins.annuaire import place as places
from tests.plugins.annuaire.place import ACTIVITY, MAILBOXES, STATED, Place

DAY = date(2026, 8, 26)
_verdicts = st.builds(Verdict, st.sampled_from(Standing), st.none() | st.dates())
_dates = st.dates(date(2026, 8, 1), date(2026, 10, 1))


@st.composite
def _people(draw: st.DrawFn) -> Known:
    """Draw what may be known of somebody: days come in the order in which imports find them."""
    present = draw(st.booleans())
    days = sorted(draw(st.lists(_dates, max_size=5, unique=True)))
    appeared = days.pop(0) if days and draw(st.booleans()) else None
    gone = None if present or not days else days.pop()
    absences = tuple(zip(days[::2], days[1::2], strict=False))
    since, until = sorted((draw(_dates), draw(_dates)))
    stated = st.builds(
        Verdict, st.sampled_from(Standing), st.sampled_from([None, since]), st.sampled_from([None, until])
    )
    return Known(
        present=present,
        gone=gone,
        stated=draw(st.none() | stated),
        absences=absences,
        appeared=appeared,
    )


_known = _people()


async def _standing(place: Place, address: str) -> tuple[Standing, date | None]:
    entry = await place.look_up(address)
    assert entry is not None
    return entry.standing, entry.since


@given(_known, _dates)
def test_only_presence_or_an_authority_lets_anybody_practise(known: Known, day: date) -> None:
    """And never against an authority that bars them on that day."""
    verdict = judge(known, day)
    said = known.stated if known.stated is not None and known.stated.holds(day) else None
    if verdict.standing is Standing.ACTIVE:
        assert known.present or known.gone is not None or said is not None
        assert said is None or said.standing is Standing.ACTIVE
    elif said is not None and said.standing is not Standing.ACTIVE:
        assert verdict.standing is said.standing


@given(_known)
def test_a_timeline_has_one_standing_for_every_day(known: Known) -> None:
    """From the beginning to the end of days; it is found again as it was written."""
    verdicts = timeline(known)
    assert verdicts[0].since is None
    assert verdicts[-1].until is None
    for one, following in pairwise(verdicts):
        assert one.until is not None
        assert following.since == one.until + timedelta(days=1)
    assert read_back(written(verdicts)) == verdicts


@given(st.lists(_known, max_size=3), st.sampled_from(["PER", "CAB", "ORG", "APP"]), _dates)
def test_a_mailbox_is_judged_day_by_day(bearers: list[Known], type_: str, day: date) -> None:
    """Its timeline says of each day what the rule says of its bearers on that day."""
    verdicts = of_mailbox(type_, [timeline(one) for one in bearers])
    on = [judge(one, day) for one in bearers]
    expected = {"PER": of_personal, "CAB": of_practice}.get(type_, lambda _: Verdict(Standing.ACTIVE))(on)
    assert [one.standing for one in verdicts if one.holds(day)] == [expected.standing]


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (Known(present=True, gone=None, stated=None), Verdict(Standing.ACTIVE)),
        (Known(present=False, gone=None, stated=None), Verdict(Standing.UNKNOWN)),
        (Known(present=False, gone=DAY, stated=None), Verdict(Standing.CEASED, DAY)),
        (
            Known(present=True, gone=None, stated=Verdict(Standing.SUSPENDED, DAY)),
            Verdict(Standing.SUSPENDED, DAY),
        ),
        (
            Known(present=False, gone=DAY, stated=Verdict(Standing.STRUCK_OFF, DAY)),
            Verdict(Standing.STRUCK_OFF, DAY),
        ),
        (Known(present=False, gone=None, stated=Verdict(Standing.ACTIVE)), Verdict(Standing.ACTIVE)),
        (
            Known(present=False, gone=DAY, stated=Verdict(Standing.ACTIVE, DAY)),
            Verdict(Standing.ACTIVE, DAY),
        ),
        (
            Known(present=False, gone=DAY, stated=Verdict(Standing.ACTIVE, DAY - timedelta(days=1))),
            Verdict(Standing.CEASED, DAY),
        ),
        (Known(present=False, gone=DAY, stated=Verdict(Standing.ACTIVE)), Verdict(Standing.CEASED, DAY)),
    ],
)
def test_the_rule(known: Known, expected: Verdict) -> None:
    """Each line of `docs/reference/directory.md`, Standing."""
    assert expected == judge(known, DAY)


@given(st.lists(_verdicts))
def test_a_personal_mailbox_is_open_when_every_bearer_may_practise(bearers: list[Verdict]) -> None:
    """A practice's when one may."""
    open_ = [one.standing is Standing.ACTIVE for one in bearers]
    assert (of_personal(bearers).standing is Standing.ACTIVE) == (bool(open_) and all(open_))
    assert (of_practice(bearers).standing is Standing.ACTIVE) == (not open_ or any(open_))


async def test_the_order_is_believed(place: Place) -> None:
    """Struck off and suspended are told apart, with their day, though the open data says neither."""
    place.load()
    assert await _standing(place, places.STRUCK_OFF) == (Standing.STRUCK_OFF, date(2026, 6, 15))
    assert await _standing(place, places.SUSPENDED) == (Standing.SUSPENDED, date(2026, 8, 1))


async def test_who_was_never_at_work_is_unknown(place: Place) -> None:
    """A mailbox alone gives no right to practise."""
    place.load()
    assert await _standing(place, places.VANISHED) == (Standing.UNKNOWN, None)


async def test_who_vanishes_has_ceased_since_that_extraction(place: Place) -> None:
    """And stays so in every later import, with the same day."""
    place.load(place.earlier)
    assert await _standing(place, places.VANISHED) == (Standing.ACTIVE, None)
    place.load()
    assert await _standing(place, places.VANISHED) == (Standing.CEASED, date(2026, 8, 26))
    place.load()
    assert await _standing(place, places.VANISHED) == (Standing.CEASED, date(2026, 8, 26))


async def test_who_vanishes_with_the_mailbox_is_still_named(place: Place) -> None:
    """A letter to somebody who has ceased is refused in those words, not as unknown."""
    place.load(place.earlier)
    place.edit(MAILBOXES, lambda text: _without(text, places.VANISHED))
    for _ in range(3):
        place.load()
        assert await _standing(place, places.VANISHED) == (Standing.CEASED, date(2026, 8, 26))
    entry = await place.look_up(places.VANISHED)
    assert entry is not None
    assert entry.source == "annuaire 2026-08-26T05:12"
    assert await place.directory().by_identifier(entry.identifiers[0]) == (entry,)


async def test_who_comes_back_practises_again(place: Place) -> None:
    """Nobody is barred by their past."""
    place.load(place.earlier)
    place.load()
    activity = place.folder / "files" / "earlier" / "PS_LibreAcces_Personne_activite_202608250509.txt"
    place.path(ACTIVITY).write_bytes(activity.read_bytes())
    place.load()
    assert await _standing(place, places.VANISHED) == (Standing.ACTIVE, None)


async def test_a_mailbox_that_closes_is_forgotten_while_its_bearer_practises(place: Place) -> None:
    """The doctor has moved to another operator: the old address is not listed any more."""
    place.load(place.earlier)
    place.edit(MAILBOXES, lambda text: _without(_without(text, places.MARTIN), places.REPORTS))
    place.load()
    assert await place.look_up(places.MARTIN) is None
    assert await place.look_up(places.REPORTS) is None


async def test_what_was_stated_stays_until_it_is_stated_anew(place: Place) -> None:
    """A daily import of the open data alone does not lift a suspension."""
    place.load()
    place.load(place.extractions)
    assert await _standing(place, places.SUSPENDED) == (Standing.SUSPENDED, date(2026, 8, 1))
    place.edit_field(STATED, 3, "Etat", "Actif")
    place.load()
    assert await _standing(place, places.SUSPENDED) == (Standing.ACTIVE, date(2026, 8, 1))


@pytest.mark.parametrize("separator", [";", ","])
async def test_the_orders_file_may_be_a_csv(separator: str, place: Place) -> None:
    """A spreadsheet writes it, without accents and with French dates."""
    place.edit(STATED, lambda text: text.replace("|", separator).replace("radié", "RADIE"))
    place.edit(STATED, lambda text: text.replace("2026-06-15", "15/06/2026"))
    place.load()
    assert await _standing(place, places.STRUCK_OFF) == (Standing.STRUCK_OFF, date(2026, 6, 15))


async def test_a_practice_is_open_while_one_of_its_doctors_practises(place: Place) -> None:
    """And closed when the last has gone."""
    place.load(place.earlier)
    lilas = [line for line in place.path(ACTIVITY).read_text().split("\n") if "|LILAS|" in line]
    place.edit(ACTIVITY, lambda text: text.replace(f"{lilas[0]}\n", ""))
    place.load()
    assert await _standing(place, "cabinet@cabinet-lilas.mssante.example") == (Standing.ACTIVE, None)
    place.edit(
        ACTIVITY,
        lambda text: "".join(f"{one}\n" for one in text.split("\n")[:-1] if "CABINET MEDICAL" not in one),
    )
    place.edit(ACTIVITY, lambda text: text.replace(f"{lilas[-1]}\n", ""))
    place.load()
    assert await _standing(place, "cabinet@cabinet-lilas.mssante.example") == (
        Standing.CEASED,
        date(2026, 8, 26),
    )


async def test_contradicting_lines_are_read_strictly(place: Place) -> None:
    """A personal mailbox of two people is open only when both may practise."""

    def add(text: str) -> str:
        struck_off = next(line for line in text.split("\n") if places.STRUCK_OFF in line)
        return text + struck_off.replace(places.STRUCK_OFF, places.MARTIN.upper()) + "\n"

    place.edit(MAILBOXES, add)
    place.load()
    assert (await _standing(place, places.MARTIN))[0] is Standing.STRUCK_OFF


async def test_a_failed_import_leaves_the_open_directory_as_it_was(place: Place) -> None:
    """The running hub goes on with the last good version."""
    place.load(place.earlier)
    directory = place.directory()
    before: Entry | None = await directory.by_address(Address.parse(places.MARTIN))
    place.edit_field(ACTIVITY, 30, "Identifiant PP", "1")
    with pytest.raises(MalformedError):
        directory.load(place.files, places.silent)
    place.clock.advance(timedelta(seconds=2))
    assert before == await directory.by_address(Address.parse(places.MARTIN))


def _without(text: str, address: str) -> str:
    return "".join(f"{line}\n" for line in text.split("\n")[:-1] if f"|{address}|" not in line)
