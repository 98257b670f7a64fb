"""The table `[directories.<name>]` of kind `annuaire`."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import hub_annuaire
from hub.errors import ConfigError
from hub.plugin import Registry, Table
from hub_annuaire.settings import Settings, parse


def _parse(tmp_path: Path, **values: Any) -> Settings:
    return parse(Table(values, file=tmp_path / "hub.toml", path="directories.national"))


def test_nothing_need_be_said(tmp_path: Path) -> None:
    """The defaults fit the whole country."""
    assert _parse(tmp_path) == Settings()


def test_everything_can_be_said(tmp_path: Path) -> None:
    """Paths start at the configuration's folder."""
    (tmp_path / "pem").mkdir()
    settings = _parse(
        tmp_path,
        file="a.sqlite",
        certificates="pem",
        max_age="2d",
        max_line="4KiB",
        max_file="1GiB",
        max_loss=5,
    )
    assert settings == Settings(
        file=tmp_path / "a.sqlite",
        certificates=tmp_path / "pem",
        max_age=timedelta(days=2),
        max_line=4096,
        max_file=1 << 30,
        max_loss=5,
    )


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"certificates": "nowhere"}, "directories.national.certificates is not a folder."),
        ({"max_loss": 101}, "directories.national.max_loss is not a whole number from 0 to 100."),
        (
            {"colour": "red"},
            (
                "directories.national.colour is not known here; known are "
                "certificates, file, max_age, max_file, max_line, max_loss."
            ),
        ),
    ],
)
def test_a_wrong_table_is_named(values: dict[str, Any], words: str, tmp_path: Path) -> None:
    """A misspelt folder is not the same as no certificates."""
    with pytest.raises(ConfigError) as caught:
        _parse(tmp_path, **values)
    assert caught.value.words.en == f"{tmp_path / 'hub.toml'}: {words}"


def test_the_plugin_offers_the_kind() -> None:
    """Under the name that the configuration uses."""
    registry = Registry("annuaire")
    hub_annuaire.hub_register_directories(registry)
    assert ("directories", "annuaire") in [(offer.type.value, offer.kind) for offer in registry.offers]
