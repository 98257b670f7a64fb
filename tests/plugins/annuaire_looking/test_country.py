"""The country that benchmarks are made with has the real shape, the same each time."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest

from hub.ports.filling import Changes
from hub_annuaire.settings import Settings
from tests.build_annuaire import ACTIVITY_COLUMNS, MAILBOX_COLUMNS
from tests.plugins.annuaire.place import Place

PEOPLE, MAILBOXES = 4000, 1200
BENCH = Path(__file__).parents[3] / "bench"


@pytest.fixture(scope="module")
def country() -> ModuleType:
    """Import the generator as benchmarks do."""
    sys.path.insert(0, str(BENCH))
    import country as module  # noqa: PLC0415 - bench/ is on the path here alone

    return module


def test_the_same_numbers_give_the_same_bytes(country: ModuleType, tmp_path: Path) -> None:
    """So two measurements measure the same; another seed gives another country."""
    made = [country.write(tmp_path / name, 500, 150, seed) for name, seed in (("a", 1), ("b", 1), ("c", 2))]
    texts = [[path.read_bytes() for day in one.files.values() for path in day] for one in made]
    assert texts[0] == texts[1]
    assert texts[0] != texts[2]
    assert country.load(tmp_path / "a") == made[0]


def test_lines_have_the_real_columns(country: ModuleType, tmp_path: Path) -> None:
    """31 and 56 of them, whatever the line."""
    made = country.write(tmp_path, PEOPLE, MAILBOXES)
    for mailboxes, activities in made.files.values():
        for path, columns in ((mailboxes, MAILBOX_COLUMNS), (activities, ACTIVITY_COLUMNS)):
            lines = path.read_text("utf-8").splitlines()
            assert lines[0].split("|") == columns
            assert {len(columns) - 1} == {line.count("|") for line in lines}


def test_it_is_as_uneven_as_a_country(country: ModuleType, tmp_path: Path) -> None:
    """Some names and towns are everywhere, most are rare; some people work in several places."""
    made = country.write(tmp_path, PEOPLE, MAILBOXES)
    rows = [line.split("|") for line in made.files["day-1"][1].read_text("utf-8").splitlines()[1:]]
    names = Counter(row[ACTIVITY_COLUMNS.index("Nom d'exercice")] for row in rows)
    towns = Counter(row[ACTIVITY_COLUMNS.index("Libellé commune (coord. structure)")] for row in rows)
    assert names.most_common(1)[0][1] > 20
    assert sum(count == 1 for count in names.values()) > len(names) / 3
    assert towns.most_common(1)[0][1] > len(rows) / 50
    assert PEOPLE * 1.05 < len(rows) < PEOPLE * 1.2
    assert abs(made.mailboxes - MAILBOXES) < MAILBOXES / 5


def test_the_next_day_is_what_it_is_said_to_be(
    country: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An import of it finds exactly the changes that were made."""
    monkeypatch.setattr(country, "RATES", {what: rate * 20 for what, rate in country.RATES.items()})
    made = country.write(tmp_path / "files", PEOPLE, MAILBOXES)
    (tmp_path / "data").mkdir()
    place = Place(tmp_path)
    settings = Settings(max_loss=100)
    try:
        first = place.load(made.files["day-1"], settings)
        second = place.load(made.files["day-2"], settings)
    finally:
        place.close()
    assert first.changes is None
    assert (made.people, made.mailboxes) != (0, 0)
    assert first.professionals == made.people
    changes = made.changes
    assert isinstance(second.changes, Changes)
    assert changes["appeared"] == second.changes.appeared
    assert changes["vanished"] == second.changes.gone
    assert changes["less"] == second.changes.less
    assert changes["renamed"] + changes["retrained"] + changes["more"] == second.changes.changed
