"""The files that `docs/how-to/keep-a-local-directory.md` shows can be used as they stand."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Final

from hub.domain.address import Address
from hub.domain.target import rpps
from hub.plugin import Table
from hub_annuaire.local.reading import FORM
from hub_annuaire.patients.settings import parse as parse_patients
from tests.plugins.annuaire_local.house import House

PAGE: Final = Path(__file__).parents[3] / "docs" / "how-to" / "keep-a-local-directory.md"


def _blocks() -> list[str]:
    return re.findall(r"```(?:toml)?\n(.*?)```", PAGE.read_text(), re.DOTALL)


async def test_the_files_are_read(house: House) -> None:
    """Both of them, under the configuration that stands beneath."""
    people, services, configuration, *_ = _blocks()
    (house.folder / "directory").mkdir()
    (house.folder / "pem").rename(house.folder / "directory" / "pem")
    (house.folder / "directory" / "people.csv").write_text(people)
    (house.folder / "directory" / "services.toml").write_text(services)
    values = tomllib.loads(configuration)["directories"]["house"]
    assert values.pop("kind") == "local"
    directory = await house.open(**values)
    (entry,) = await directory.by_identifier(rpps("10001234565"))
    assert entry.town == "Hautmont"
    surgery = await directory.by_address(Address.parse("chirurgie@hautmont.example"))
    assert surgery is not None
    assert len(surgery.certificates) == 1


def test_the_patients_are_configured(tmp_path: Path) -> None:
    """The table is taken as it stands."""
    (text,) = (one for one in _blocks() if 'kind = "patients"' in one)
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "patients.salt").write_text("0123456789abcdef")
    values = tomllib.loads(text)["directories"]["patients"]
    assert values.pop("kind") == "patients"
    settings = parse_patients(Table(values, file=tmp_path / "hub.toml", path="directories.patients"))
    assert settings.blocked == (tmp_path / "directory" / "closed.csv",)


def test_every_column_is_on_the_page() -> None:
    """Nobody has to guess what can be said."""
    rows = [line.split("|") for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    named = {key for row in rows for key in re.findall(r"`([a-z_]+)`", row[1])}
    assert {column.key for column in FORM.columns} <= named
