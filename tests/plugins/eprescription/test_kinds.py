"""A country that this hub does not know: its service is plugged in by any package, without a change here."""

from __future__ import annotations

import sys
from pathlib import Path
from textwrap import dedent

import pytest

from hub.domain.address import Address
from hub.errors import ConfigError
from hub.plugin import Registry, Table
from hub.plugin.ledger import EphemeralLedger
from hub.ports.host import Host
from hub.ports.prescribing import Prescribes
from hub.testing.fakes import FixedChance, FixedClock, NullLog
from hub_eprescription import hub_register_connectors, kinds
from hub_eprescription.door.desk import Desks

SETTINGS = """
    from dataclasses import dataclass
    from hub.ports.prescription import Signing
    from hub_eprescription.settings import Common, parse_common

    @dataclass(frozen=True)
    class Settings:
        common: Common
        colour: str

    def parse(table):
        settings = Settings(parse_common(table, (Signing.HUB,)), table.text("colour"))
        table.finish()
        return settings
"""
OPENING = """
    from contextlib import asynccontextmanager
    from tests.plugins.eprescription.scripted import ScriptedService

    @asynccontextmanager
    async def open_service(settings, host):
        yield ScriptedService()
"""
ENTRIES = "[hub_eprescription.services]\npigeon = hub_pigeon\nlame = hub_lame\n"


@pytest.fixture
def stranger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Install a package that offers a kind, and one that only says so."""
    package, told = tmp_path / "hub_pigeon", tmp_path / "hub_pigeon-1.0.dist-info"
    package.mkdir()
    told.mkdir()
    (package / "__init__.py").touch()
    (package / "settings.py").write_text(dedent(SETTINGS))
    (package / "opening.py").write_text(dedent(OPENING))
    (told / "METADATA").write_text("Metadata-Version: 2.1\nName: hub-pigeon\nVersion: 1.0\n")
    (told / "entry_points.txt").write_text(ENTRIES)
    monkeypatch.syspath_prepend(tmp_path)
    for name in [name for name in sys.modules if name.startswith("hub_pigeon")]:
        monkeypatch.delitem(sys.modules, name)
    return tmp_path


def table(tmp_path: Path, **values: object) -> Table:
    """Make an operator's table."""
    given = {"mailbox": "rx@pigeon.example", "answers_for": "Cabinet des Lilas", **values}
    return Table(given, file=tmp_path / "hub.toml")


def test_a_stranger_s_kind_stands_beside_ours(stranger: Path) -> None:
    """It is offered for operators like any other."""
    registry = Registry(plugin="eprescription")
    hub_register_connectors(registry)
    assert {"gematik", "eps", "cda", "pigeon", "eprescription"} <= {one.kind for one in registry.offers}


async def test_it_is_read_and_opened(stranger: Path) -> None:
    """Its own keys are its own; the connector, and all that the hub does with it, is ours."""
    desks = Desks()
    (kind,) = (one for one in kinds.offered(desks) if one.name == "pigeon")
    settings = kind.parse(table(stranger, colour="grey"))
    assert settings.colour == "grey"
    host = Host(
        name="pigeon",
        hub_name="hub.example",
        address=Address.parse("hub@hub.example"),
        clock=FixedClock(),
        chance=FixedChance(),
        log=NullLog(),
        data=stranger,
        ledger=EphemeralLedger(),
    )
    async with kind.open(settings, host) as connector:
        assert isinstance(connector, Prescribes)
        assert desks.named("pigeon") is connector
    assert desks.named("pigeon") is None


def test_its_mistakes_are_told_as_ours(stranger: Path) -> None:
    """A key that is missing is named, with the file."""
    (kind,) = (one for one in kinds.offered(Desks()) if one.name == "pigeon")
    with pytest.raises(ConfigError, match="colour"):
        kind.parse(table(stranger))


def test_a_package_that_is_not_whole_is_named(stranger: Path) -> None:
    """Whoever runs the hub reads which kind can't be used, and what may be missing."""
    (kind,) = (one for one in kinds.offered(Desks()) if one.name == "lame")
    with pytest.raises(ConfigError, match=r"lame can't be used .*hub_lame") as caught:
        kind.parse(table(stranger))
    assert caught.value.code == "prescription.kind"
    assert "extra" in caught.value.words.fr
