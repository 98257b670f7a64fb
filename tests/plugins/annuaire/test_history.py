"""What changed, who was allowed to practise when, and what the hub said of it then."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from hub.domain.address import Address
from hub.domain.party import FINESS, RPPS, Identifier
from hub.ports.directory import Standing
from hub.ports.filling import Changes
from hub.ports.looking import Period
from hub_annuaire import days, schema
from tests import build_annuaire as sample
from tests.plugins.annuaire import place as places
from tests.plugins.annuaire.place import STATED, Place

VANISHED = Identifier(RPPS, f"8{sample.VANISHED.rpps}")
MARTIN = Identifier(RPPS, f"8{sample.rpps(4)}")
DAY = timedelta(days=1)


def then(periods: Sequence[Period], at: datetime) -> list[Standing]:
    """Return what the hub said at a moment of that very day."""
    return [
        one.standing
        for one in periods
        if one.known_from <= at
        and (one.known_until is None or at < one.known_until)
        and _on(one, days.of(at))
    ]


def now(periods: Sequence[Period], day: date) -> list[Standing]:
    """Return what is known today of a day."""
    return [one.standing for one in periods if one.known_until is None and _on(one, day)]


def _on(one: Period, day: date) -> bool:
    return (one.since is None or one.since <= day) and (one.until is None or day <= one.until)


class Calendar:
    """Imports day after day: files are stamped, and the hub takes them at a quarter past six."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._people = [one for one in sample.professionals() if one is not sample.VANISHED]
        for path in place.extractions:
            path.unlink()
        place.path(STATED).unlink()

    def take(self, day: date, *extra: sample.Professional, stated: str = "") -> Changes | None:
        """Import the extractions of a day, in which `extra` stand beside the usual people."""
        people = [*self._people, *extra]
        stamp = f"{day:%Y%m%d}0512"
        paths = [
            self._place.path(f"{name}_{stamp}.txt")
            for name in (
                "Extraction_Correspondance_MSSante",
                "PS_LibreAcces_Personne_activite",
                "Etat_Exercice",
            )
        ]
        paths[0].write_text(sample.mailbox_file(people), "utf-8")
        paths[1].write_text(sample.activity_file(people), "utf-8")
        paths[2].write_text(f"Identification nationale PP|Etat|Depuis|Jusqu'au\n{stated}", "utf-8")
        self._place.be_at(datetime(day.year, day.month, day.day, 5, 15, tzinfo=UTC))
        return self._place.load(paths).changes


AT_WORK = replace(sample.VANISHED, works=(sample.TOWN,))
AT_TWO = replace(sample.VANISHED, works=(sample.TOWN, sample.HAUTMONT))


@pytest.fixture
def calendar(place: Place) -> Calendar:
    """Return a place in which day after day is imported."""
    return Calendar(place)


async def test_was_this_doctor_allowed_to_practise(calendar: Calendar, place: Place) -> None:
    """What the hub said on 3 March at 14:00, and what is known now for that day, may differ.

    The Order tells on 5 March that he was struck off on the 2nd.
    """
    calendar.take(date(2026, 3, 1), AT_WORK)
    calendar.take(date(2026, 3, 3), AT_WORK)
    number = VANISHED.value
    calendar.take(date(2026, 3, 5), stated=f"{number}|radié|2026-03-02|\n")
    asked = datetime(2026, 3, 3, 13, tzinfo=UTC)
    for who in (VANISHED, Address.parse(places.VANISHED)):
        periods = await place.directory().recall(who)
        assert then(periods, asked) == [Standing.ACTIVE]
        assert now(periods, date(2026, 3, 3)) == [Standing.STRUCK_OFF]
        assert now(periods, date(2026, 3, 1)) == [Standing.ACTIVE]
        assert then(periods, datetime(2026, 3, 5, 6, tzinfo=UTC)) == [Standing.STRUCK_OFF]
        assert periods[0].source == "annuaire 2026-03-01T05:12"
        assert periods[-1].source == "annuaire 2026-03-05T05:12"
    before = datetime(2026, 2, 28, tzinfo=UTC)
    assert then(periods, before) == []


async def test_absence_and_return_are_remembered(calendar: Calendar, place: Place) -> None:
    """Who was missing for two days had ceased on them, though they practise again today."""
    calendar.take(date(2026, 3, 1), AT_WORK)
    calendar.take(date(2026, 3, 3))
    calendar.take(date(2026, 3, 5), AT_WORK)
    periods = await place.directory().recall(VANISHED)
    told = [now(periods, date(2026, 3, day)) for day in range(2, 6)]
    assert told == [[Standing.ACTIVE], [Standing.CEASED], [Standing.CEASED], [Standing.ACTIVE]]
    said = [then(periods, datetime(2026, 3, day, 12, tzinfo=UTC)) for day in range(2, 6)]
    assert said == told
    what = [one.what for one in await place.directory().changes(VANISHED)]
    assert what == ["gone", "mailbox-gone", "returned", "mailbox-appeared"]


async def test_who_comes_later_was_not_known_before(calendar: Calendar, place: Place) -> None:
    """Nothing is said of the time before anybody had heard of them."""
    calendar.take(date(2026, 3, 1))
    calendar.take(date(2026, 3, 5), AT_WORK)
    periods = await place.directory().recall(VANISHED)
    assert then(periods, datetime(2026, 3, 3, tzinfo=UTC)) == []
    assert now(periods, date(2026, 3, 3)) == [Standing.UNKNOWN]
    assert now(periods, date(2026, 3, 5)) == [Standing.ACTIVE]


async def test_each_change_is_told_and_counted(calendar: Calendar, place: Place) -> None:
    """Who appeared, lost an activity, changed, vanished: in numbers for everybody, in lines for each."""
    assert calendar.take(date(2026, 3, 1)) is None
    assert calendar.take(date(2026, 3, 2), AT_TWO) == Changes(appeared=1, mailboxes_appeared=1)
    assert calendar.take(date(2026, 3, 3), AT_WORK) == Changes(less=1)
    renamed = replace(AT_WORK, family="Vauquelin-Dubreuil", local="dr.anselme.vauquelin")
    assert calendar.take(date(2026, 3, 4), renamed) == Changes(changed=1, mailboxes_changed=1)
    assert calendar.take(date(2026, 3, 5)) == Changes(gone=1, mailboxes_gone=1)
    told = [(one.what, one.detail) for one in await place.directory().changes(VANISHED)]
    assert told == [
        ("appeared", ""),
        ("mailbox-appeared", places.VANISHED),
        ("activity-lost", "Médecin, Médecine Générale, Salarié; 1990000017 TR990000017"),
        ("renamed", "Dr Anselme VAUQUELIN-DUBREUIL"),
        ("mailbox-changed", places.VANISHED),
        ("gone", ""),
        ("mailbox-gone", places.VANISHED),
    ]
    of_mailbox = await place.directory().changes(Address.parse(places.VANISHED))
    assert [(one.what, one.detail, one.source) for one in of_mailbox] == [
        ("mailbox-appeared", "", "annuaire 2026-03-02T05:12"),
        ("mailbox-changed", "name", "annuaire 2026-03-04T05:12"),
        ("mailbox-gone", "", "annuaire 2026-03-05T05:12"),
    ]
    assert of_mailbox[0].at == datetime(2026, 3, 2, 5, 15, tzinfo=UTC)
    logged = {
        (fields["text"], fields["count"])
        for _, event, fields in place.log.lines
        if event == "directory.changed"
    }
    assert ("less", 1) in logged


async def test_a_suspension_has_a_first_and_a_last_day(calendar: Calendar, place: Place) -> None:
    """It begins and ends by the calendar, in a hub that runs on without any import."""
    calendar.take(date(2026, 3, 1), AT_WORK, stated=f"{VANISHED.value}|suspendu|2026-03-10|2026-03-20\n")
    directory = place.directory()
    told = []
    for day in (9, 10, 20, 21):
        place.be_at(datetime(2026, 3, day, 12, tzinfo=UTC))
        entry = await directory.by_address(Address.parse(places.VANISHED))
        assert entry is not None
        assert await directory.by_identifier(VANISHED) == (entry,)
        assert bool(await directory.search("vauquelin", 5)) == (entry.standing is Standing.ACTIVE)
        told.append((entry.standing, entry.since, entry.until))
    suspended = (Standing.SUSPENDED, date(2026, 3, 10), date(2026, 3, 20))
    assert told == [
        (Standing.ACTIVE, None, date(2026, 3, 9)),
        suspended,
        suspended,
        (Standing.ACTIVE, date(2026, 3, 21), None),
    ]


async def test_a_day_begins_at_midnight_in_france(calendar: Calendar, place: Place) -> None:
    """What was remembered from yesterday does not outlive it."""
    calendar.take(date(2026, 3, 1), AT_WORK, stated=f"{VANISHED.value}|radié|2026-07-02|\n")
    directory = place.directory()
    place.be_at(datetime(2026, 7, 1, 21, 59, 59, tzinfo=UTC))
    for expected in (Standing.ACTIVE, Standing.STRUCK_OFF):
        entry = await directory.by_address(Address.parse(places.VANISHED))
        assert entry is not None
        assert entry.standing is expected
        place.clock.advance(timedelta(seconds=1))


async def test_a_lifted_suspension_is_history(calendar: Calendar, place: Place) -> None:
    """The next file of the Order comes without it: what was said in between is still known."""
    calendar.take(date(2026, 3, 1), AT_WORK)
    calendar.take(date(2026, 3, 2), AT_WORK, stated=f"{VANISHED.value}|suspendu||\n")
    calendar.take(date(2026, 3, 3), AT_WORK)
    periods = await place.directory().recall(VANISHED)
    said = [then(periods, datetime(2026, 3, day, 12, tzinfo=UTC)) for day in (1, 2, 3)]
    assert said == [[Standing.ACTIVE], [Standing.SUSPENDED], [Standing.ACTIVE]]
    what = [(one.what, one.detail) for one in await place.directory().changes(VANISHED)]
    assert what == [("stated", "suspended"), ("stated", "")]


async def test_the_first_import_has_no_history(place: Place) -> None:
    """Two million rows that say nothing are not written; the period that runs is known all the same."""
    place.load()
    with closing(sqlite3.connect(place.folder / "data" / "annuaire.sqlite")) as connection:
        for table in ("past", "change", "person", "absence"):
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)  # noqa: S608 - our own tables
    (period,) = await place.directory().recall(MARTIN)
    assert period == Period(
        known_from=places.NOON,
        known_until=None,
        standing=Standing.ACTIVE,
        source="annuaire 2026-08-26T05:12",
    )
    assert await place.directory().recall(Identifier(FINESS, "990000017")) == ()
    assert await place.directory().recall(Identifier("urn:oid:2.999", "1")) == ()


async def test_history_outlives_a_full_import(calendar: Calendar, place: Place) -> None:
    """Other spellings of the columns make every line new; the past is the same."""
    calendar.take(date(2026, 3, 1), AT_WORK)
    calendar.take(date(2026, 3, 3))
    before = await place.directory().recall(VANISHED)
    stamp = "202603040512"
    for name, text in (
        (f"Extraction_Correspondance_MSSante_{stamp}.txt", sample.mailbox_file(sample.professionals())),
        (f"PS_LibreAcces_Personne_activite_{stamp}.txt", sample.activity_file(sample.professionals())),
    ):
        place.path(name).write_text(
            text.replace("Identification nationale", "IDENTIFICATION NATIONALE"), "utf-8"
        )
    paths = [one for one in place.files if stamp in one.name]
    changes = place.load(paths).changes
    assert changes is not None
    assert (changes.changed, changes.gone, changes.less) == (0, 0, 0)
    assert await place.directory().recall(VANISHED) == before


@pytest.mark.parametrize("spoil", ["mailbox", "activity", "other release"])
async def test_history_outlives_a_damaged_database(spoil: str, calendar: Calendar, place: Place) -> None:
    """What can still be read of the past is carried into the new one; that is said in the log."""
    calendar.take(date(2026, 3, 1), AT_WORK)
    calendar.take(date(2026, 3, 3))
    before = await place.directory().recall(VANISHED)
    path = place.folder / "data" / "annuaire.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        if spoil == "other release":
            connection.execute("PRAGMA user_version = 99")
            offset = None
        else:
            root, size = connection.execute(
                "SELECT rootpage, (SELECT page_size FROM pragma_page_size) FROM sqlite_master WHERE name = ?",
                (spoil,),
            ).fetchone()
            offset = (root - 1) * size
    if offset is not None:
        data = path.read_bytes()
        path.write_bytes(data[:offset] + b"\xff" * 100 + data[offset + 100 :])
    calendar.take(date(2026, 3, 4))
    assert "directory.history_lost" in place.log.events()
    periods = await place.directory().recall(VANISHED)
    assert [one for one in periods if one.known_until is not None] == [
        one for one in before if one.known_until is not None
    ]
    assert now(periods, date(2026, 3, 4)) == [Standing.CEASED]
    if spoil != "mailbox":
        entry = await place.look_up(places.VANISHED)
        assert entry is not None
        assert entry.standing is Standing.CEASED
    assert [one.what for one in await place.directory().changes(VANISHED)] == ["gone", "mailbox-gone"]


async def test_who_is_missed_after_a_damage_has_ceased(calendar: Calendar, place: Place) -> None:
    """Whoever was in the damaged database and is not in the next file is not forgotten."""
    calendar.take(date(2026, 3, 1), AT_WORK)
    path = place.folder / "data" / "annuaire.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")
    calendar.take(date(2026, 3, 4))
    entry = await place.look_up(places.VANISHED)
    assert entry is not None
    assert (entry.standing, entry.since) == (Standing.CEASED, date(2026, 3, 4))


async def test_a_database_of_the_first_release_is_carried_over(place: Place) -> None:
    """An upgrade forgets nobody: who had ceased has, what the Order said holds, the mailbox is known."""
    path = place.folder / "data" / "annuaire.sqlite"
    gone = f"8{sample.VANISHED.rpps}"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            f"""
            PRAGMA application_id = {schema.APPLICATION};
            PRAGMA user_version = 1;
            CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
            CREATE TABLE person (id TEXT PRIMARY KEY, gone TEXT) WITHOUT ROWID;
            CREATE TABLE stated (id TEXT PRIMARY KEY, standing TEXT NOT NULL, since TEXT) WITHOUT ROWID;
            CREATE TABLE mailbox (key TEXT PRIMARY KEY, address TEXT NOT NULL, type TEXT NOT NULL,
              name TEXT NOT NULL, identifiers TEXT NOT NULL, standing TEXT NOT NULL, since TEXT,
              preference INTEGER NOT NULL) WITHOUT ROWID;
            INSERT INTO person VALUES ('{gone}', '2026-05-04'), ('8{sample.rpps(4)}', NULL);
            INSERT INTO stated VALUES ('8{sample.STRUCK_OFF.rpps}', 'struck-off', '2026-06-15');
            INSERT INTO mailbox VALUES ('old@valbrume.mssante.example', 'Old@valbrume.mssante.example', 'PER',
              'Dr Anselme VAUQUELIN', 'P{gone}', 'ceased', '2026-05-04', 0);
            """  # noqa: S608 - our own values
        )
    assert place.load(place.extractions).changes is None
    for address in (places.VANISHED, "old@valbrume.mssante.example"):
        entry = await place.look_up(address)
        assert entry is not None
        assert (entry.standing, entry.since) == (Standing.CEASED, date(2026, 5, 4))
    struck_off = await place.look_up(places.STRUCK_OFF)
    assert struck_off is not None
    assert struck_off.standing is Standing.STRUCK_OFF
    martin = await place.look_up(places.MARTIN)
    assert martin is not None
    assert martin.standing is Standing.ACTIVE


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 3, 29, 0, 59, tzinfo=UTC), date(2026, 3, 29)),
        (datetime(2026, 3, 28, 22, 59, tzinfo=UTC), date(2026, 3, 28)),
        (datetime(2026, 3, 28, 23, 0, tzinfo=UTC), date(2026, 3, 29)),
        (datetime(2026, 3, 29, 22, 0, tzinfo=UTC), date(2026, 3, 30)),
        (datetime(2026, 10, 24, 22, 0, tzinfo=UTC), date(2026, 10, 25)),
        (datetime(2026, 10, 25, 22, 59, tzinfo=UTC), date(2026, 10, 25)),
        (datetime(2026, 12, 31, 23, 0, tzinfo=UTC), date(2027, 1, 1)),
    ],
)
def test_french_days_follow_summer_time(moment: datetime, day: date) -> None:
    """Midnight is an hour earlier in UTC from the last Sunday of March to that of October."""
    assert days.of(moment) == day
