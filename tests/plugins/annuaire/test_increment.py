"""The next day's files: only what differs is read, and the result is that of reading everything."""

from __future__ import annotations

import random
import sqlite3
import tempfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.errors import MalformedError
from hub.ports.directory import Entry, Standing
from hub_annuaire import comparing
from tests import build_annuaire as sample
from tests.plugins.annuaire import place as places
from tests.plugins.annuaire.place import ACTIVITY, MAILBOXES, Place

_works = st.lists(st.sampled_from([sample.TOWN, sample.CLINIC, sample.HAUTMONT]), max_size=3, unique=True)


@st.composite
def _days(draw: st.DrawFn) -> list[tuple[str, str]]:
    """Draw the texts of both extractions of some days, among the same few people."""
    days = []
    for _ in range(draw(st.integers(2, 4))):
        people = [
            sample.Professional(
                serial=serial,
                given="Camille",
                family=draw(st.sampled_from(["Martin", "Aubépine", "L'Hermitte"])),
                domain=draw(st.sampled_from([sample.VALBRUME, sample.PRACTICE])),
                local=draw(st.sampled_from([f"c{serial}", "shared", "Shared"])),
                skill=draw(st.sampled_from([sample.NONE, sample.SURGERY, sample.CARDIOLOGY])),
                works=tuple(draw(_works)),
            )
            for serial in draw(st.lists(st.integers(1, 8), unique=True))
        ]
        always = sample.Professional(
            serial=98, given="Ada", family="Boisrond", domain=sample.VALBRUME, works=(sample.TOWN,)
        )
        people += [always, replace(always, serial=99, given="Zoé")]
        mailboxes, activity = sample.mailbox_file(people), sample.activity_file(people)
        mixed = []
        for text in (mailboxes, activity):
            header, *lines = text.split("\n")[:-1]
            random.Random(draw(st.integers(0, 9))).shuffle(lines)
            doubled = draw(st.sampled_from([0, 1, 2]))
            mixed.append("\n".join([header, *lines, *lines[:doubled]]) + "\n")
        days.append((mixed[0], mixed[1]))
    return days


@settings(max_examples=40, deadline=None)
@given(_days())
async def test_day_after_day_is_the_same_as_the_last_day_alone(days: list[tuple[str, str]]) -> None:
    """Whatever came before, in whatever order of lines: the same mailboxes, bearers and answers."""
    with tempfile.TemporaryDirectory() as folder:
        followed, fresh = _place(Path(folder) / "followed"), _place(Path(folder) / "fresh")
        for mailboxes, activity in days:
            _write(followed, mailboxes, activity)
            followed.load(settings=places.LOSING)
        _write(fresh, *days[-1])
        fresh.load()
        expected = _held(fresh)
        assert {key: _held(followed).get(key) for key in expected} == expected
        assert _tables(followed) == _tables(fresh)
        for key, entry in (await _entries(fresh, list(expected))).items():
            found = (await _entries(followed, [key]))[key]
            if entry.standing is Standing.UNKNOWN and found.standing is Standing.CEASED:
                found = replace(found, standing=Standing.UNKNOWN, since=None)
            assert found == replace(entry, since=found.since)
        for words in ("camille", "martin", "valbrume chir", "hautmont", "cardio"):
            assert await _found(followed, words) == await _found(fresh, words)
        for one in (followed, fresh):
            one.close()


def test_unchanged_lines_are_not_read_again(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the lines that differ are parsed, whatever their order; so the next day takes seconds."""
    read: dict[str, int] = {}
    usual = comparing.appeared

    def counting(connection: sqlite3.Connection, table: str, rows: Any, *, empty: bool) -> None:
        taken = list(rows)
        read[table] = len(taken)
        usual(connection, table, taken, empty=empty)

    monkeypatch.setattr(comparing, "appeared", counting)
    place.load()
    assert read == {"activity": 41, "listing": 52}
    place.load()
    assert read == {"activity": 0, "listing": 0}

    def turned(text: str) -> str:
        header, *lines = text.split("\n")[:-1]
        return "\n".join([header, *reversed(lines)]) + "\n"

    place.edit(ACTIVITY, turned)
    place.edit_field(MAILBOXES, 7, "Service de rattachement", "Accueil")
    changes = place.load().changes
    assert read == {"activity": 0, "listing": 1}
    assert changes is not None
    assert changes.mailboxes_changed == 1


def test_another_encoding_is_another_file_of_the_same_people(place: Place) -> None:
    """The mirror's Windows-1252 after the original's UTF-8: nothing has changed."""
    place.load()
    for name in (MAILBOXES, ACTIVITY):
        path = place.path(name)
        path.write_bytes(path.read_text("utf-8").encode("cp1252"))
    assert place.load().changes == place.load().changes


def test_a_new_line_in_another_encoding_is_refused(place: Place) -> None:
    """Lines that were accepted before still say in which encoding the file is."""
    place.edit(ACTIVITY, lambda text: text.replace("Élodie", "Elodie"))
    header, *lines = place.path(ACTIVITY).read_bytes().split(b"\n")[:-1]
    ascii_header = sample.plain(header.decode().replace("|", "x")).encode()
    assert ascii_header.isascii()
    place.load()
    lines[10] = lines[10].replace(b"CABINET", "CABINET É".encode("cp1252"))
    place.path(ACTIVITY).write_bytes(b"\n".join([header, *lines]) + b"\n")
    with pytest.raises(MalformedError) as caught:
        place.load()
    assert caught.value.code == "annuaire.encoding"
    assert caught.value.fields["line"] == 12


def _place(folder: Path) -> Place:
    (folder / "files").mkdir(parents=True)
    (folder / "data").mkdir()
    return Place(folder)


def _write(place: Place, mailboxes: str, activity: str) -> None:
    place.path(MAILBOXES).write_text(mailboxes, "utf-8")
    place.path(ACTIVITY).write_text(activity, "utf-8")


def _held(place: Place) -> dict[str, tuple[object, ...]]:
    """Return what is kept of each listed mailbox, but for standing, version and numbers of codes."""
    with closing(sqlite3.connect(place.folder / "data" / "annuaire.sqlite")) as connection:
        rows = connection.execute(
            "SELECT key, address, type, name, identifiers, preference, structure, service, town, postcode, "
            "answers FROM mailbox WHERE listed"
        )
        return {row[0]: row[1:] for row in rows}


def _tables(place: Place) -> list[list[tuple[object, ...]]]:
    statements = (
        (
            "SELECT person, name, p.label, s.label, m.label, structures FROM activity "
            "LEFT JOIN coded AS p ON p.id = profession LEFT JOIN coded AS s ON s.id = specialty "
            "LEFT JOIN coded AS m ON m.id = mode"
        ),
        "SELECT key, address, type, person, structure, name, place, service, paperless FROM listing",
        "SELECT identifier, bearer.preference, key FROM bearer JOIN mailbox USING (key) WHERE listed",
    )
    with closing(sqlite3.connect(place.folder / "data" / "annuaire.sqlite")) as connection:
        return [sorted(connection.execute(one), key=str) for one in statements]


async def _entries(place: Place, keys: list[str]) -> dict[str, Entry]:
    found = {key: await place.look_up(key) for key in keys}
    return {key: entry for key, entry in found.items() if entry is not None}


async def _found(place: Place, words: str) -> set[str]:
    return {str(one.address) for one in await place.directory().search(words, 50)}
