"""How old the directory's answers are, for `hub check`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hub.ports.directory import DirectoryUnavailableError
from hub.ports.filling import Dated, Held
from hub_annuaire import days
from hub_annuaire.settings import Settings
from tests.plugins.annuaire.place import Place


def test_the_age_is_told_and_judged(place: Place) -> None:
    """Whoever checks the hub learns of which day its directory is, and that it is too old."""
    place.load()
    directory = place.directory(Settings(max_age=timedelta(days=3)))
    assert isinstance(directory, Dated)
    day = datetime(2026, 8, 26, 3, 12, tzinfo=UTC)  # extractions are stamped in French time
    assert directory.held() == Held(version="annuaire 2026-08-26T05:12", at=day)
    place.clock.advance(timedelta(days=4))
    assert directory.held().old


def test_without_an_import_there_is_no_age(place: Place) -> None:
    """An empty directory says that it is one."""
    with pytest.raises(DirectoryUnavailableError):
        place.directory(Settings()).held()


@pytest.mark.parametrize(
    ("shown", "moment"),
    [
        ("2026-01-15T05:12", "2026-01-15T04:12Z"),
        ("2026-03-29T01:59", "2026-03-29T00:59Z"),
        ("2026-03-29T03:00", "2026-03-29T01:00Z"),
        ("2026-10-25T02:30", "2026-10-25T00:30Z"),
        ("2026-10-25T03:00", "2026-10-25T02:00Z"),
    ],
)
def test_french_clocks_are_read(shown: str, moment: str) -> None:
    """In winter and in summer, and around the nights between them."""
    naive, aware = datetime.fromisoformat(shown), datetime.fromisoformat(moment)
    assert days.moment(naive) == aware
    assert days.local(aware) == naive
