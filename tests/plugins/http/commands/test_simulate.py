"""`hub operator simulate`: what it prints is enough to connect a hub, and it stops when it is asked to."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.plugin import Table
from hub_http import settings
from tests.plugins.http.double.stage import shipped
from tests.shape.codes import ROOT
from tests.system.doubles import simulated


@pytest.mark.parametrize("name", shipped())
def test_the_lines_that_it_prints_can_be_pasted(tmp_path: Path, name: str) -> None:
    """Every file that they name is there, and the table is one that the hub takes."""
    with simulated(ROOT / "conf" / "operators" / f"{name}.toml", tmp_path / "double") as double:
        table = double.table()
        assert table.pop("domains")
        assert table.pop("kind") == "http"
        read = settings.parse_operator(Table(table, file=tmp_path / "hub.toml", path="operators.x"))
        assert read.base_url == double.url
        for path in (read.description, *read.tls.anchors, *read.secrets.values()):
            assert path.is_file()
        for path in read.secrets.values():
            assert path.stat().st_mode & 0o077 == 0
        assert double.messages() == []


def test_it_keeps_its_secrets_and_its_authority(tmp_path: Path) -> None:
    """A hub that is connected once stays connected when the double starts again."""
    kept = []
    for _ in range(2):
        with simulated(ROOT / "conf" / "operators" / "two-phase.toml", tmp_path / "double") as double:
            files = [double.anchors, tmp_path / "double" / "secrets" / "password"]
            kept.append([one.read_bytes() for one in files])
    assert kept[0] == kept[1]
