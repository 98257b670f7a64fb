"""Large files are imported by a process of its own, which differs in nothing that one can see."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hub.domain.address import Address
from hub.errors import LimitError, MalformedError, StoreError
from hub_annuaire import loading
from hub_annuaire.settings import Settings
from tests.plugins.annuaire import importing
from tests.plugins.annuaire import place as places
from tests.plugins.annuaire.place import MAILBOXES, Place

ROOT = Path(__file__).parents[3]
MARTIN = Address.parse(places.MARTIN)


@pytest.fixture(autouse=True)
def _apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take every file for a large one."""
    monkeypatch.setattr(loading, "APART_FROM", 0)


async def test_it_does_the_same(place: Place) -> None:
    """The same numbers, answers, progress and log lines as in the hub's own process."""
    told: list[tuple[str, int, int]] = []
    first = place.load(place.earlier)
    assert first.changes is None
    loaded = place.directory().load(place.files, lambda *one: told.append(one))
    assert (loaded.version, loaded.professionals, loaded.mailboxes) == ("annuaire 2026-08-26T05:12", 37, 49)
    assert loaded.changes is not None
    assert loaded.changes.gone == 1
    assert {name for name, _, _ in told} == {path.name for path in place.files} | {"annuaire.sqlite"}
    assert place.log.events().count("directory.file_read") == 5
    entry = await place.look_up(places.MARTIN)
    assert entry is not None
    assert entry.source == "annuaire 2026-08-26T05:12"


def test_its_errors_are_the_same(place: Place) -> None:
    """File, line and column reach who asked; nothing has changed."""
    place.load(place.earlier)
    place.edit_field(MAILBOXES, 12, "Adresse BAL", "dr.x at a.example")
    with pytest.raises(MalformedError) as caught:
        place.load()
    assert caught.value.code == "annuaire.address"
    assert caught.value.words.fr.startswith(f"{MAILBOXES}, ligne 12, colonne « Adresse BAL »")
    assert caught.value.fields == {"file": MAILBOXES, "line": 12, "column": "Adresse BAL"}
    with pytest.raises(LimitError):
        place.load(settings=Settings(max_line=550))


def test_a_disk_that_fails_it_is_the_stores_error(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the system's reason, as anywhere."""
    place.load(place.earlier)
    monkeypatch.setattr("hub_annuaire.replacement.Place.copy", lambda _self: place.folder / "data" / "gone")
    with pytest.raises(StoreError) as caught:
        place.load()
    assert caught.value.code == "annuaire.store_failed"


def test_when_it_is_killed_the_import_has_failed(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """By an operator or for want of memory: an error that says so, and yesterday's answers."""
    place.load(place.earlier)
    usual = subprocess.Popen

    def killed(*args: object, **named: object) -> subprocess.Popen[bytes]:
        child: subprocess.Popen[bytes] = usual(*args, **named)  # type: ignore[call-overload]
        child.kill()
        return child

    with monkeypatch.context() as patched:
        patched.setattr(subprocess, "Popen", killed)
        with pytest.raises(StoreError) as caught:
            place.load()
    assert caught.value.code == "annuaire.builder_died"
    assert {path.name for path in (place.folder / "data").iterdir()} == {
        "annuaire.sqlite",
        "annuaire.sqlite.lock",
    }
    assert place.load().mailboxes == 49


@pytest.mark.parametrize("stop", ["PS_LibreAcces", "Extraction"])
async def test_when_its_parent_is_killed_nothing_changes(stop: str, place: Place) -> None:
    """It ends by itself, and never puts what it made into the directory's place."""
    place.load(place.earlier)
    with subprocess.Popen(  # noqa: ASYNC220 - nothing else is to go on
        [sys.executable, importing.__file__, str(place.folder), stop, "apart"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'plugins'}"},
    ) as child:
        assert child.stdout is not None
        try:
            assert child.stdout.readline() == "stopped\n"
        finally:
            child.send_signal(signal.SIGKILL)
    entry = await place.look_up(places.MARTIN)
    assert entry is not None
    assert entry.source == "annuaire 2026-08-25T05:09"
    place.load()
    assert await place.look_up(places.MARTIN) != entry


async def test_look_ups_go_on_beside_it(place: Place) -> None:
    """Each answer comes from one whole version, from a thread beside it as from another process."""
    place.load(place.earlier)
    directory = place.directory()
    seen = set()
    loading_ = asyncio.create_task(asyncio.to_thread(directory.load, place.files, places.silent))
    while not loading_.done():
        entry = await directory.by_address(MARTIN)
        assert entry is not None
        seen.add(entry.source)
        await asyncio.sleep(0)
    await loading_
    assert seen <= {"annuaire 2026-08-25T05:09", "annuaire 2026-08-26T05:12"}
