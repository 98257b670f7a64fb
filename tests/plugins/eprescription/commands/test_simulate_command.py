"""`hub prescription simulate`: what it prints is enough to connect a hub, and a restart keeps everything."""

from __future__ import annotations

import ssl
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import aiohttp
import pytest
from typer.testing import CliRunner

from hub.errors import InputError
from hub.plugin import Table
from hub_eprescription.commands.app import app
from hub_eprescription.eps import settings as eps
from hub_eprescription.gematik import settings as gematik
from tests.plugins.eprescription.simulator.process import Simulated, simulated
from tests.plugins.eprescription.simulator.stage import PRESCRIBER, Caller, Heard, ordering


def token(double: Simulated) -> str:
    """Read the token that was printed."""
    return Path(double.table()["token"]).read_text().strip()


async def created(double: Simulated) -> Heard:
    """Ask for a number, as the hub would with what was printed."""
    access = replace(PRESCRIBER, token=token(double))
    context = ssl.create_default_context(cafile=double.table()["anchors"][0])
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context)) as session:
        return await Caller(session, double.table()["base_urls"][0]).ask(
            access, "POST", "/Task/$create", ordering("160")
        )


async def test_what_it_prints_connects_a_hub(tmp_path: Path) -> None:
    """Address, authority and token are those that work; nobody else can read the token."""
    with simulated(tmp_path / "simulator") as double:
        assert double.table()["kind"] == "gematik"
        assert double.token.stat().st_mode & 0o077 == 0
        assert (await created(double)).status == 201
        assert double.counts() == {
            "states": {"draft": 1, "ready": 0, "in-progress": 0, "completed": 0, "cancelled": 0},
            "issued": 0,
            "eps": {"states": {}, "issued": 0},
            "asked": {"create": 1},
        }


@pytest.mark.parametrize(("operator", "kind"), [("erezept", gematik), ("eps", eps)])
def test_the_lines_that_it_prints_can_be_pasted(tmp_path: Path, operator: str, kind: ModuleType) -> None:
    """The tables are ones that the hub takes."""
    with simulated(tmp_path / "simulator") as double:
        table = double.table(operator)
        for name in ("kind", "domains"):
            assert table.pop(name)
        read = kind.parse(Table(table, file=tmp_path / "hub.toml", path=f"operators.{operator}"))
        assert read.wire.base_urls[0].startswith(double.url)


async def test_a_restart_keeps_prescriptions_and_papers(tmp_path: Path) -> None:
    """With `--keep` the next run knows every number, and gives none twice."""
    seen = []
    for _ in range(2):
        with simulated(tmp_path / "simulator", "--keep") as double:
            assert (await created(double)).status == 201
            seen.append([one["number"] for one in double.prescriptions()])
            double.process.kill()
    assert len(seen[1]) == 2
    assert seen[1][0] == seen[0][0]


async def test_a_fault_is_asked_for_on_the_way(tmp_path: Path) -> None:
    """The control face takes faults, and heals them."""
    with simulated(tmp_path / "simulator", "--fault", "create=status:503") as double:
        assert (await created(double)).status == 503
        double.fault("create", "lost")
        with pytest.raises(aiohttp.ClientError):
            await created(double)
        double.fault("create", "status:429", 5)
        double.heal()
        assert (await created(double)).status == 201
        assert double.counts()["states"]["draft"] == 2


def test_a_fault_that_is_none_is_refused(tmp_path: Path) -> None:
    """The words list the operations that there are."""
    with (
        simulated(tmp_path / "simulator") as double,
        pytest.raises(AssertionError, match="no operation 'fly'"),
    ):
        double.fault("fly", "lost")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--listen", "nowhere"], "--listen is not host:port"),
        (["--key", "x.key"], "--certificate, --key and --anchors go together"),
        (["--fault", "fly=lost"], "no operation 'fly'"),
        (["--fault", "create"], "is no fault"),
    ],
)
def test_options_that_do_not_fit_are_refused(tmp_path: Path, options: list[str], words: str) -> None:
    """The words say which, and what would be right; nothing is served."""
    done = CliRunner().invoke(app, ["simulate", "--folder", str(tmp_path), *options])
    assert isinstance(done.exception, InputError)
    assert words in done.exception.words.en
