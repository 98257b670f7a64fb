"""An import happens whole or not at all, whatever happens to it; readers see it without a restart."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import stat
import subprocess
import sys
import zipfile
from collections.abc import Awaitable
from datetime import timedelta
from pathlib import Path

import pytest

from hub.adapters.logs import redact
from hub.domain.address import Address
from hub.errors import StoreError
from hub.ports.directory import Entry
from hub_annuaire import lines
from tests.plugins.annuaire import importing
from tests.plugins.annuaire import place as places
from tests.plugins.annuaire.place import ACTIVITY, MAILBOXES, Place

ROOT = Path(__file__).parents[3]
MARTIN = Address.parse(places.MARTIN)


def _start(place: Place, stop: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, importing.__file__, str(place.folder), stop],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'plugins'}"},
    )


async def _version(place: Place) -> str:
    entry = await place.look_up(places.MARTIN)
    assert entry is not None
    return entry.source


@pytest.mark.parametrize("stop", ["PS_LibreAcces", "Etat_Exercice", "Extraction"])
async def test_an_import_that_is_killed_changes_nothing(stop: str, place: Place) -> None:
    """`kill -9` at any file: yesterday's answers remain, and the next import works."""
    place.load(place.earlier)
    with _start(place, stop) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "stopped\n"
        try:
            assert list((place.folder / "data").glob("annuaire.sqlite.*.new"))
            with pytest.raises(StoreError) as caught:
                place.load()
            assert caught.value.words.en == (
                "Another import into annuaire.sqlite is running; try again when it has ended."
            )
        finally:
            child.send_signal(signal.SIGKILL)
    assert await _version(place) == "annuaire 2026-08-25T05:09"
    place.load()
    assert await _version(place) == "annuaire 2026-08-26T05:12"
    assert {path.name for path in (place.folder / "data").iterdir()} == {
        "annuaire.sqlite",
        "annuaire.sqlite.lock",
    }


async def test_a_reader_sees_an_import_of_another_process(place: Place) -> None:
    """The hub need not be restarted: a second later it answers from the new version."""
    place.load(place.earlier)
    directory = place.directory()
    assert await _source(directory.by_address(MARTIN)) == "annuaire 2026-08-25T05:09"
    with _start(place, "none") as child:
        assert child.wait() == 0
    assert await _source(directory.by_address(MARTIN)) == "annuaire 2026-08-25T05:09"
    place.clock.advance(timedelta(seconds=1))
    assert await _source(directory.by_address(MARTIN)) == "annuaire 2026-08-26T05:12"


async def test_look_ups_go_on_while_an_import_runs_in_a_thread(place: Place) -> None:
    """No answer is missing or mixed: each comes from one whole version."""
    place.load(place.earlier)
    directory = place.directory()
    seen = set()
    loading = asyncio.create_task(asyncio.to_thread(directory.load, place.files, places.silent))
    while not loading.done():
        seen.add(await _source(directory.by_address(MARTIN)))
        await asyncio.sleep(0)
    await loading
    assert seen <= {"annuaire 2026-08-25T05:09", "annuaire 2026-08-26T05:12"}
    assert await _source(directory.by_address(MARTIN)) == "annuaire 2026-08-26T05:12"


async def test_a_reader_in_another_loop_sees_it_too(place: Place) -> None:
    """Two hubs on one data folder change over alike."""
    place.load(place.earlier)
    directory = place.directory()

    async def before_and_after() -> tuple[str, str]:
        before = await _source(directory.by_address(MARTIN))
        place.load()
        place.clock.advance(timedelta(seconds=1))
        return before, await _source(directory.by_address(MARTIN))

    versions = await asyncio.to_thread(asyncio.run, before_and_after())
    assert versions == ("annuaire 2026-08-25T05:09", "annuaire 2026-08-26T05:12")


async def _source(asked: Awaitable[Entry | None]) -> str:
    entry = await asked
    assert entry is not None
    return entry.source


async def test_both_extractions_may_come_in_their_zips(place: Place) -> None:
    """As the Annuaire Santé serves them, companions and all."""
    path = place.path("PS_LibreAcces_202608260512.zip")
    companion = "|".join(["Identification nationale PP", *(f"Colonne {n}" for n in range(12))])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(place.path(ACTIVITY), ACTIVITY)
        archive.writestr("PS_LibreAcces_SavoirFaire_202608260512.txt", f"{companion}\n")
    mailboxes = place.path("bal.zip")
    with zipfile.ZipFile(mailboxes, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(place.path(MAILBOXES), MAILBOXES)
    loaded = place.load([mailboxes, path])
    assert (loaded.version, loaded.professionals, loaded.mailboxes) == ("annuaire 2026-08-26T05:12", 37, 49)
    assert await place.look_up(places.MARTIN) is not None
    assert "directory.file_passed_over" in place.log.events()


@pytest.mark.parametrize(
    ("encoding", "said"),
    [("utf-8", "UTF-8"), ("utf-8-sig", "UTF-8"), ("cp1252", "Windows-1252")],
)
async def test_the_encoding_is_found_and_said(encoding: str, said: str, place: Place) -> None:
    """A mirror's Windows-1252 gives the same names as the original's UTF-8."""
    for name in (MAILBOXES, ACTIVITY):
        path = place.path(name)
        path.write_bytes(path.read_text("utf-8").encode(encoding))
    place.load()
    entry = await place.look_up("dr.noe.uvrard@valbrume.mssante.example")
    assert entry is not None
    assert entry.name == "Dr Noé ŒUVRARD"
    told = [fields["text"] for _, event, fields in place.log.lines if event == "directory.file_read"]
    assert f"Extraction_Correspondance_MSSante, {said}" in told


async def test_columns_are_matched_by_name(place: Place) -> None:
    """Another order, other spellings, CRLF and a `|` at the end of every line: the same directory."""

    def respell(text: str) -> str:
        rows = [line.split("|") for line in text.split("\n")[:-1]]
        rows[0] = [name.upper().replace("É", "E").replace("'", "’") for name in rows[0]]
        return "".join("|".join([*reversed(row), ""]) + "\r\n" for row in rows)

    place.load()
    before = await place.look_up(places.REPORTS)
    for name in (MAILBOXES, ACTIVITY):
        place.edit(name, respell)
    place.load()
    assert before == await place.look_up(places.REPORTS)
    assert await place.look_up(places.MARTIN) is not None


def test_progress_ends_at_the_size_of_each_file(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bar can be drawn: it grows, and it fills up."""
    monkeypatch.setattr(lines, "REPORT_EVERY", 1000)
    told: list[tuple[str, int, int]] = []
    place.directory().load(place.files, lambda *one: told.append(one))
    for path in place.files:
        size = path.stat().st_size
        done = [one[1] for one in told if one[0] == path.name]
        assert done == sorted(done)
        assert done[-1] == size
        assert {one[2] for one in told if one[0] == path.name} == {size}


def test_the_work_after_the_last_file_is_shown_too(place: Place) -> None:
    """It takes half a minute with the whole country: begun, of unknown length, and ended last of all."""
    told: list[tuple[str, int, int]] = []
    place.directory().load(place.files, lambda *one: told.append(one))
    begun, ended = [one[1:] for one in told if one[0] == "annuaire.sqlite"]
    size = place.directory().file.stat().st_size
    assert (begun, ended) == ((0, 0), (size, size))
    assert told[-1][0] == "annuaire.sqlite"


def test_the_version_is_the_files_own_time(place: Place) -> None:
    """From the name, or from the file's time when the name says nothing, as at the portal."""
    renamed = place.path(MAILBOXES).rename(place.path("extraction-correspondance-mssante.txt"))
    os.utime(renamed, (1787800000, 1787800000))
    loaded = place.load([renamed, place.path(ACTIVITY)])
    assert loaded.version == "annuaire 2026-08-27T05:06"  # in French time


def test_an_extraction_dated_ahead_is_warned_of_and_replaced_by_the_next(place: Place) -> None:
    """A wrong name does not stop all later imports."""
    ahead = place.path(MAILBOXES).rename(place.path("Extraction_Correspondance_MSSante_209908260512.txt"))
    place.load()
    assert ("warning", "directory.dated_ahead", {"version": "2099-08-26T05:12"}) in place.log.lines
    ahead.rename(place.path(MAILBOXES))
    assert place.load().version == "annuaire 2026-08-26T05:12"


async def test_a_full_disk_changes_nothing(place: Place) -> None:
    """The error is the store's, and names the system's reason."""
    place.load(place.earlier)
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16 << 10, usual[1]))
    try:
        with pytest.raises(StoreError) as caught:
            place.load()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    assert caught.value.code == "annuaire.store_failed"
    assert caught.value.words.en == (
        f"The new database can't be written to {place.folder / 'data'} (EFBIG); nothing has changed."
    )
    assert await _version(place) == "annuaire 2026-08-25T05:09"


def test_the_database_is_its_owners_alone(place: Place) -> None:
    """It holds the whole country's professionals."""
    place.load()
    assert stat.S_IMODE((place.folder / "data" / "annuaire.sqlite").stat().st_mode) == 0o600


async def test_a_damaged_database_is_replaced_and_said(place: Place) -> None:
    """The import is the remedy; that the past is lost goes to the log."""
    place.load(place.earlier)
    path = place.folder / "data" / "annuaire.sqlite"
    path.write_bytes(path.read_bytes()[:5000])
    place.load()
    assert "directory.history_lost" in place.log.events()
    assert await _version(place) == "annuaire 2026-08-26T05:12"


def test_what_an_import_logs_is_on_the_allow_list(place: Place) -> None:
    """No key is dropped, no address or identifier is there to be hidden."""
    place.load(place.earlier)
    place.load()
    for _, _, fields in place.log.lines:
        assert fields.keys() <= redact.LOGGABLE
        assert "@" not in str(fields)
