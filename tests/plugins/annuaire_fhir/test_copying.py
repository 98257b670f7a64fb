"""The directory that copies: what a synchronisation brings, and what answers meanwhile."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from aiohttp import web
from yarl import URL

from hub.domain.address import Address
from hub.domain.target import Description
from hub.errors import LimitError, MalformedError, StoreError
from hub.ports.directory import DirectoryUnavailableError, Standing
from hub.ports.filling import Changes
from hub_annuaire.fhir.copying import Copying
from tests.plugins.annuaire_fhir import faulty, resources
from tests.plugins.annuaire_fhir import place as places
from tests.plugins.annuaire_fhir.place import Place, TickingClock

LISTED = "dr3@valbrume.mssante.example"
AT_CH = "dr3@ch-0.mssante.example"
NOTHING = Changes()


async def _filled(place: Place, **changed: object) -> Copying:
    directory = await place.copying(**changed)
    await directory.synchronise(places.silent)
    place.server.asked.clear()
    return directory


async def test_the_first_time_everything_is_fetched(place: Place) -> None:
    """Page by page, counted, and dated by the server's clock."""
    seen: list[tuple[str, int, int]] = []
    directory = await place.copying(page=10)
    loaded = await directory.synchronise(lambda *told: seen.append(told))
    assert loaded.version == "fhir 2026-08-26T12:00:00Z"
    assert loaded.changes is None
    assert loaded.professionals == 31
    assert seen[-1] == ("PractitionerRole", 31, 31)
    assert directory.held().version == loaded.version
    assert directory.held().at == place.clock.now()
    assert (await places.found(directory, LISTED)).source == loaded.version


async def test_afterwards_only_what_changed_is_fetched(place: Place) -> None:
    """One doctor of a country costs three questions."""
    directory = await _filled(place)
    place.pass_time(hours=24)
    place.server.update("Practitioner", "p3", place.clock.now(), active=False)
    loaded = await directory.synchronise(places.silent)
    assert len(place.server.asked) == 3
    assert all("_lastUpdated=gt2026-08-26T06:00:00" in one.replace("%3A", ":") for one in place.server.asked)
    assert loaded.changes == Changes(gone=1, mailboxes_changed=2)
    for address in (LISTED, AT_CH):
        entry = await places.found(directory, address)
        assert entry.standing is Standing.CEASED
        assert entry.source == "fhir 2026-08-27T12:00:00Z"


async def test_clocks_that_differ_lose_nothing(place: Place) -> None:
    """What the server dated before our last visit and showed after it is in the overlap."""
    directory = await _filled(place)
    place.server.update("Practitioner", "p3", place.clock.now() - timedelta(hours=5), active=False)
    place.pass_time(hours=1)
    assert (await directory.synchronise(places.silent)).changes == Changes(gone=1, mailboxes_changed=2)
    # it comes again, and is no news
    place.pass_time(hours=1)
    assert (await directory.synchronise(places.silent)).changes == NOTHING


async def test_each_kind_of_change_is_counted(place: Place) -> None:
    """Who appeared, changed, lost an activity; which mailboxes came and went."""
    directory = await _filled(place)
    place.pass_time(hours=24)
    now, server = place.clock.now(), place.server
    new = resources.practitioner("new", "10000000017", resources.mailbox("new@valbrume.mssante.example"))
    server.put(new | {"meta": {"lastUpdated": now.isoformat()}})
    server.put(resources.role("second", "p4", "o1") | {"meta": {"lastUpdated": now.isoformat()}})
    server.update("PractitionerRole", "r4", now, active=False)
    server.update("Practitioner", "p5", now, telecom=[])
    server.update("Practitioner", "p6", now, name=[{"family": "Genêt", "given": ["Maëlle"]}])
    loaded = await directory.synchronise(places.silent)
    assert loaded.changes == Changes(
        appeared=1,
        changed=2,
        less=1,
        mailboxes_appeared=1,
        mailboxes_gone=1,
        # dr4's (the post ended, and the other's place is shown), dr6's (the name)
        mailboxes_changed=4,
    )
    assert await directory.by_address(Address.parse("dr5@valbrume.mssante.example")) is None
    assert (await places.found(directory, "dr4@ch-0.mssante.example")).standing is Standing.CEASED
    assert (await places.found(directory, "dr4@valbrume.mssante.example")).structure == "CENTRE 1"


async def test_a_structure_that_changes_is_told_of_everybody_in_it(place: Place) -> None:
    """Their mailboxes are shown at its new name."""
    directory = await _filled(place)
    place.pass_time(hours=24)
    place.server.update("Organization", "o0", place.clock.now(), name="CENTRE DU LAC")
    await directory.synchronise(places.silent)
    assert (await places.found(directory, LISTED)).structure == "CENTRE DU LAC"
    assert len(await directory.search("lac", 50)) == 21


async def test_what_is_deleted_without_a_word_is_found_out(place: Place) -> None:
    """The server forgets who has long ceased; every `renew` the copy is made anew."""
    directory = await _filled(place)
    place.server.remove("Practitioner", "p3")
    place.server.remove("PractitionerRole", "r3")
    place.pass_time(hours=24)
    await directory.synchronise(places.silent)
    assert await directory.by_address(Address.parse(LISTED)) is not None
    place.pass_time(days=7)
    loaded = await directory.synchronise(places.silent)
    assert loaded.changes == Changes(gone=1, mailboxes_gone=2)
    assert await directory.by_address(Address.parse(LISTED)) is None
    assert await directory.search("dr3", 10) == []


async def test_a_new_copy_counts_the_same_changes(place: Place) -> None:
    """Whether it was an increment that brought them or not."""
    directory = await _filled(place)
    place.pass_time(days=8)
    now, server = place.clock.now(), place.server
    server.put(
        resources.practitioner("new", "10000000017", resources.mailbox("new@valbrume.mssante.example"))
    )
    server.put(resources.role("second", "p4", "o1"))
    server.update("PractitionerRole", "r4", now, active=False)
    server.update("Practitioner", "p5", now, telecom=[])
    loaded = await directory.synchronise(places.silent)
    assert loaded.changes == Changes(
        appeared=1, changed=1, less=1, mailboxes_appeared=1, mailboxes_gone=1, mailboxes_changed=2
    )


async def test_a_source_that_vanishes_in_the_middle(place: Place) -> None:
    """What was held goes on answering, and the next attempt goes on at the page where it stopped."""
    directory = await _filled(place, page=10)
    place.pass_time(days=8)
    place.server.update("Practitioner", "p3", place.clock.now(), active=False)
    place.server.faults = [None, None, faulty.cut]
    with pytest.raises(DirectoryUnavailableError):
        await directory.synchronise(places.silent)
    assert (await places.found(directory, LISTED)).standing is Standing.ACTIVE
    before = len(place.server.asked)
    broken = place.server.asked[-1]
    await directory.synchronise(places.silent)
    assert broken == place.server.asked[before]
    assert broken not in place.server.asked[before + 1 :]
    assert (await places.found(directory, LISTED)).standing is Standing.CEASED


async def test_it_goes_on_in_another_process_too(place: Place) -> None:
    """Where it stopped is on disk; the first copy of all is the longest."""
    directory = await place.copying(page=10)
    place.server.faults = [None, None, None, faulty.cut]
    with pytest.raises(DirectoryUnavailableError):
        await directory.synchronise(places.silent)
    with pytest.raises(DirectoryUnavailableError) as caught:
        await directory.by_address(Address.parse(LISTED))
    assert caught.value.code == "fhir.not_copied"
    before = len(place.server.asked)
    other = await place.copying(page=10)
    await other.synchronise(places.silent)
    assert len(place.server.asked) - before == 7
    assert await other.by_address(Address.parse(LISTED)) is not None


async def test_a_cursor_that_the_server_has_forgotten(place: Place) -> None:
    """The kind is begun anew; what has come already is no harm."""
    directory = await place.copying(page=10)
    place.server.faults = [None, None, faulty.cut]
    with pytest.raises(DirectoryUnavailableError):
        await directory.synchronise(places.silent)
    place.server.refuse_tokens()
    loaded = await directory.synchronise(places.silent)
    assert loaded.professionals == 31


async def test_a_page_at_which_the_server_always_fails(place: Place) -> None:
    """Some break at an old token instead of refusing it: the third time the kind is begun anew."""
    directory = await place.copying(page=10)
    place.server.faults = [None, None, None, faulty.cut, *[faulty.status(500)] * 3]
    for _ in range(3):
        with pytest.raises(DirectoryUnavailableError):
            await directory.synchronise(places.silent)
    assert len(set(place.server.asked[3:6])) == 1
    assert (await directory.synchronise(places.silent)).professionals == 31


async def test_a_cancelled_attempt_goes_on_as_well(place: Place) -> None:
    """A hub that stops in the middle of a synchronisation stops at once."""
    came = asyncio.Event()

    async def hold(_request: web.Request) -> None:
        came.set()
        await place.server.waiting.wait()

    directory = await place.copying(page=10)
    place.server.faults = [None, None, hold]
    task = asyncio.create_task(directory.synchronise(places.silent))
    await came.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    asked = len(place.server.asked)
    await directory.synchronise(places.silent)
    assert place.server.asked[asked] == place.server.asked[2]


async def test_pages_that_shift_while_they_are_read(place: Place) -> None:
    """Whoever slips over the edge of a page is fetched after all; who comes twice is there once."""
    place.server.page = 10

    def change(asked: int) -> None:
        if asked == 4:
            # as it was deleted and made again, everybody behind moved up one place
            place.server.tokens = {
                token: (kind, given, start + 3 if kind == "Practitioner" else start)
                for token, (kind, given, start) in place.server.tokens.items()
            }

    place.server.changing = change
    loaded = await (await place.copying()).synchronise(places.silent)
    assert loaded.professionals == 31


async def test_pages_in_a_circle_are_given_up(place: Place) -> None:
    """And the next attempt begins that kind anew, instead of going round again."""
    directory = await place.copying(page=10)
    circle = faulty.following("?_page_token=x")
    place.server.faults = [None, circle, circle, circle]
    with pytest.raises(LimitError) as caught:
        await directory.synchronise(places.silent)
    assert caught.value.code == "fhir.endless"
    await directory.synchronise(places.silent)
    assert await directory.by_address(Address.parse(LISTED)) is not None


async def test_pages_without_end_are_given_up(place: Place) -> None:
    """After so many that bring nothing."""
    directory = await place.copying()
    place.server.constant = faulty.endless(place.server)
    with pytest.raises(LimitError):
        await directory.synchronise(places.silent)
    place.server.constant = None
    await directory.synchronise(places.silent)


async def test_a_next_page_on_another_server_is_not_fetched(place: Place) -> None:
    """It would get our key; what was held goes on answering."""
    directory = await _filled(place)
    place.pass_time(hours=24)
    place.server.faults = [faulty.following("https://elsewhere.example/fhir/v2/Organization")]
    with pytest.raises(MalformedError) as caught:
        await directory.synchronise(places.silent)
    assert caught.value.code == "fhir.elsewhere"
    assert await directory.by_address(Address.parse(LISTED)) is not None


async def test_a_resource_that_can_not_be_read_keeps_its_last_version(place: Place) -> None:
    """One spoilt record stops nobody else's; the log says which element it was, and not whose."""
    directory = await _filled(place)
    for days in (1, 8):
        place.pass_time(days=days)
        place.server.update("Practitioner", "p3", place.clock.now(), active="perhaps")
        place.server.update("Practitioner", "p4", place.clock.now(), active=False)
        await directory.synchronise(places.silent)
        assert (await places.found(directory, LISTED)).standing is Standing.ACTIVE
        four = await places.found(directory, "dr4@valbrume.mssante.example")
        assert four.standing is Standing.CEASED
    level, _, fields = next(one for one in place.log.lines if one[1] == "directory.resources_refused")
    assert (level, fields["reason"], fields["count"]) == ("warning", "Practitioner.active", 1)


async def test_a_server_that_has_lost_a_third_is_not_believed(place: Place) -> None:
    """More than `max_loss` less looks like a fault; when it is over, all is well again."""
    directory = await _filled(place)
    place.pass_time(days=8)
    lost = {
        key: one for key, one in place.server.resources.items() if key[0] == "Practitioner" and "p1" in key[1]
    }
    for kind, id_ in lost:
        place.server.remove(kind, id_)
    with pytest.raises(MalformedError) as caught:
        await directory.synchronise(places.silent)
    assert caught.value.code == "fhir.shrunk"
    assert await directory.by_address(Address.parse("dr11@valbrume.mssante.example")) is not None
    place.server.put(*lost.values())
    assert (await directory.synchronise(places.silent)).changes == NOTHING


async def test_one_synchronises_at_a_time(place: Place) -> None:
    """Over all processes: the second is told so, and the first goes on."""
    came = asyncio.Event()

    async def hold(_request: web.Request) -> None:
        came.set()
        await place.server.waiting.wait()

    first, second = await place.copying(), await place.copying()
    place.server.faults = [hold]
    task = asyncio.create_task(first.synchronise(places.silent))
    await came.wait()
    with pytest.raises(StoreError) as caught:
        await second.synchronise(places.silent)
    assert caught.value.code == "fhir.sync_running"
    place.server.waiting.set()
    await task


@pytest.mark.parametrize("days", [1, 8])
async def test_who_has_the_copy_open_follows_it(place: Place, days: int) -> None:
    """Another process brings it up to date, by an increment or anew: a second later all answer from that."""
    writer = await _filled(place)
    reader = await place.copying()
    assert (await places.found(reader, LISTED)).standing is Standing.ACTIVE
    place.pass_time(days=days)
    place.server.update("Practitioner", "p3", place.clock.now(), active=False)
    await writer.synchronise(places.silent)
    place.pass_time(seconds=2)
    entry = await places.found(reader, LISTED)
    assert entry.standing is Standing.CEASED
    assert entry.source == reader.held().version == writer.held().version


async def test_only_the_copy_that_answers_is_kept(place: Place) -> None:
    """Copies of a whole country don't pile up."""
    directory = await _filled(place)
    for _ in range(3):
        place.pass_time(days=8)
        await directory.synchronise(places.silent)
    left = sorted(path.name for path in (place.folder / "data").iterdir())
    assert [one for one in left if one.endswith(".sqlite")] == ["fhir-4.sqlite"]
    assert "fhir.current" in left


async def test_a_hub_without_a_copy_makes_one(place: Place) -> None:
    """By itself, soon after it has started, and again every `refresh`."""
    place.clock = TickingClock(places.NOON)
    directory = await place.copying(refresh=timedelta(milliseconds=20))
    await place.server.reached(12)
    place.pass_time(seconds=2)
    assert await directory.by_address(Address.parse(LISTED)) is not None


async def test_a_failure_in_the_background_is_logged_and_tried_again(place: Place) -> None:
    """Whatever it is: the hub goes on."""
    place.server.faults = [faulty.status(500), faulty.body(b"{"), None]
    place.clock = TickingClock(places.NOON)
    directory = await place.copying(refresh=timedelta(milliseconds=20))
    # two that fail, three of an attempt that does not, and its successor's
    await place.server.reached(8)
    codes = [fields.get("code") for _, event, fields in place.log.lines if event == "directory.sync_failed"]
    assert codes == ["fhir.failed", "fhir.not_fhir"]
    assert await directory.by_address(Address.parse(LISTED)) is not None


async def test_who_shares_a_copy_fetches_it_once(place: Place) -> None:
    """Another process has just done it: nobody asks the server again."""
    writer = await _filled(place)
    reader = await place.copying(refresh=timedelta(hours=1))
    assert reader._until_due() > timedelta(minutes=47)
    place.pass_time(minutes=50)
    assert reader._until_due() == timedelta(0)
    await writer.synchronise(places.silent)
    place.pass_time(seconds=2)
    assert reader._until_due() > timedelta(minutes=47)


async def test_an_old_copy_says_so(place: Place) -> None:
    """In `hub check`, and once a day in the log."""
    directory = await _filled(place)
    assert not directory.held().old
    place.pass_time(days=3)
    assert directory.held().old
    await places.found(directory, LISTED)
    assert place.log.events().count("directory.old") == 1


async def test_a_copy_of_another_server_does_not_answer(place: Place) -> None:
    """Who changes `url` gets nothing of the old one."""
    await _filled(place)
    other = await place.copying(url=URL(place.server.url.replace("localhost", "127.0.0.1")))
    with pytest.raises(DirectoryUnavailableError) as caught:
        await other.by_address(Address.parse(LISTED))
    assert caught.value.code == "fhir.not_copied"


async def test_a_damaged_copy_is_made_anew(place: Place) -> None:
    """It says that it can't be read until then."""
    await _filled(place)
    (place.folder / "data" / "fhir-1.sqlite").write_bytes(b"nothing of SQLite's")
    directory = await place.copying()
    with pytest.raises(DirectoryUnavailableError) as caught:
        await directory.by_address(Address.parse(LISTED))
    assert caught.value.code == "fhir.damaged"
    await directory.synchronise(places.silent)
    assert await directory.by_address(Address.parse(LISTED)) is not None


async def test_a_disk_that_fails_is_said(place: Place) -> None:
    """Nothing has changed."""
    (place.folder / "file").write_text("")
    directory = await place.copying(place.folder / "file")
    with pytest.raises(StoreError) as caught:
        await directory.synchronise(places.silent)
    assert caught.value.code == "fhir.store_failed"


async def test_search_shows_who_can_be_written_to(place: Place) -> None:
    """Neither the unlisted nor who has ceased, the moment a synchronisation says so."""
    hidden = resources.mailbox("cachee@valbrume.mssante.example", listeRouge=True)
    place.server.put(resources.practitioner("hidden", "10000000017", hidden))
    directory = await _filled(place)
    found = await directory.search("medecin aubepine valbrume", 50)
    assert {one.name for one in found} >= {"Élodie AUBÉPINE"}
    assert await directory.search("cachee", 5) == []
    assert (await places.found(directory, "cachee@valbrume.mssante.example")).unlisted
    place.pass_time(days=1)
    place.server.update("Practitioner", "p0", place.clock.now(), active=False)
    await directory.synchronise(places.silent)
    assert len(await directory.search("dr0", 9)) == 0


async def test_somebody_is_found_by_description_and_by_a_slip(place: Place) -> None:
    """Name, specialty and town; or an address with a letter wrong."""
    directory = await _filled(place)
    sought = Description(name="Aubépine Élodie", specialty="Cardiologie", town="Valbrume")
    assert {one.town for one in await directory.by_description(sought, 50)} == {"VALBRUME"}
    near = await directory.near(Address.parse("dr13@valbrune.mssante.example"))
    assert "dr13@valbrume.mssante.example" in {str(one) for one in near}


async def test_look_ups_are_answered_while_a_copy_is_made(place: Place) -> None:
    """Always of one version, the old one until the new one is complete."""
    directory = await _filled(place, page=5)
    place.pass_time(days=8)
    place.server.update("Practitioner", "p3", place.clock.now(), active=False)
    task = asyncio.create_task(directory.synchronise(places.silent))
    answers = []
    while not task.done():
        entry = await places.found(directory, LISTED)
        answers.append((entry.source, entry.standing))
        await asyncio.sleep(0)
    old = ("fhir 2026-08-26T12:00:00Z", Standing.ACTIVE)
    new = ("fhir 2026-09-03T12:00:00Z", Standing.CEASED)
    assert set(answers) <= {old, new}
    entry = await places.found(directory, LISTED)
    assert (entry.source, entry.standing) == new
