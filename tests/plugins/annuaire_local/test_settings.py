"""The table `[directories.<name>]` of kind `local`."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hub.errors import ConfigError
from hub.plugin import Table
from hub_annuaire.local.settings import Settings, parse


def _parse(tmp_path: Path, **values: Any) -> Settings:
    return parse(Table(values, file=tmp_path / "hub.toml", path="directories.house"))


def test_files_are_enough(tmp_path: Path) -> None:
    """UTF-8, days in France, never too old."""
    assert _parse(tmp_path, files=["a.csv"]) == Settings(
        files=(tmp_path / "a.csv",), encoding="utf-8", zone=ZoneInfo("Europe/Paris"), max_age=None
    )


def test_everything_can_be_said(tmp_path: Path) -> None:
    """Paths start at the configuration's folder."""
    settings = _parse(
        tmp_path, files=["a.csv", "b.toml"], encoding="windows-1252", zone="Indian/Reunion", max_age="2d"
    )
    assert settings == Settings(
        files=(tmp_path / "a.csv", tmp_path / "b.toml"),
        encoding="windows-1252",
        zone=ZoneInfo("Indian/Reunion"),
        max_age=timedelta(days=2),
    )


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "files is missing: it takes a list of texts."),
        ({"files": []}, "files names no file."),
        ({"files": ["a.csv", "a.csv"]}, "files names a file twice."),
        ({"files": ["a.csv"], "encoding": "latin1"}, "encoding is not one of utf-8, windows-1252."),
        (
            {"files": ["a.csv"], "zone": "Europe/Hautmont"},
            "zone is not a time zone that this machine knows (Debian package tzdata), such as Europe/Paris.",
        ),
        (
            {"files": ["a.csv"], "colour": "red"},
            "colour is not known here; known are encoding, files, max_age, zone.",
        ),
    ],
)
def test_a_wrong_table_is_named(values: dict[str, Any], words: str, tmp_path: Path) -> None:
    """File and key, and what would be right."""
    with pytest.raises(ConfigError) as caught:
        _parse(tmp_path, **values)
    assert caught.value.words.en == f"{tmp_path / 'hub.toml'}: directories.house.{words}"
