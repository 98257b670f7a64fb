"""Parts are opened one by one: who fails is named, and what stands in for it lets nothing through."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from hub.adapters.config.read import read
from hub.app import parts
from hub.app.parts import Opening, UnavailablePolicy
from hub.app.reading import parse
from hub.app.settings import Settings
from hub.domain.address import Address
from hub.domain.party import FINESS, Identifier
from hub.errors import ConfigError, PeerError, Words
from hub.plugin.registry import Offer, PartType
from hub.ports.directory import DirectoryUnavailableError
from hub.ports.host import Host
from hub.testing.fakes import RecordingLog
from tests.unit.app.test_reading import HUB, plugins

PORT_IN_USE = ConfigError("listen.in_use", Words(en="127.0.0.1:25 is taken.", fr="127.0.0.1:25 est pris."))


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    """Close at the end what was opened."""
    async with AsyncExitStack() as one:
        yield one


def settings(tmp_path: Path, part: PartType, opener: Callable[..., Any]) -> Settings:
    """Return settings with one part, opened by `opener`."""
    offer = Offer(plugin="loft", type=part, kind="pigeon", parse=lambda _table: None, open=opener)
    file = tmp_path / "hub.toml"
    domains = 'domains = ["a.example"]\n' if part is PartType.OPERATOR else ""
    file.write_text(f'{HUB}[{part.value}.one]\nkind = "pigeon"\n{domains}')
    return parse(read(file), plugins(offers={(part, "pigeon"): offer}))


def raising(error: Exception) -> Callable[..., Any]:
    """Return an opener that fails on the way in."""

    @asynccontextmanager
    async def opener(_own: Any, _host: Host) -> AsyncIterator[Any]:
        raise error
        yield

    return opener


async def test_a_part_gets_its_own_folder(tmp_path: Path, stack: AsyncExitStack) -> None:
    """Nobody else can read what a part keeps, and two parts never share a folder."""
    seen: list[Host] = []

    @asynccontextmanager
    async def opener(_own: Any, host: Host) -> AsyncIterator[Any]:
        seen.append(host)
        yield object()

    made = settings(tmp_path, PartType.OPERATOR, opener)
    (operator,) = await Opening(made, stack, RecordingLog()).operators()
    assert operator.connector is not None
    assert seen[0].data == tmp_path / "data/operators/one"
    for folder in (seen[0].data, seen[0].data.parent, tmp_path / "data"):
        assert folder.stat().st_mode & 0o777 == 0o700
    assert (seen[0].name, seen[0].hub_name) == ("one", "hub.valbrume.example")


async def test_an_operator_that_cant_be_opened_waits(tmp_path: Path, stack: AsyncExitStack) -> None:
    """Its deliveries stay in the queue; the log names part, plugin and reason."""
    log = RecordingLog()
    made = settings(tmp_path, PartType.OPERATOR, raising(RuntimeError("no wings")))
    (operator,) = await Opening(made, stack, log).operators()
    assert operator.connector is None
    assert log.lines == [
        (
            "warning",
            "part.not_open",
            {
                "part": "operators.one",
                "plugin": "loft",
                "code": "RuntimeError",
                "reason": "RuntimeError: no wings",
            },
        )
    ]


async def test_a_directory_that_cant_be_opened_never_says_not_listed(
    tmp_path: Path, stack: AsyncExitStack
) -> None:
    """Nobody is refused as unknown because a directory is broken."""
    made = settings(tmp_path, PartType.DIRECTORY, raising(PORT_IN_USE))
    (directory,) = await Opening(made, stack, RecordingLog()).directories()
    with pytest.raises(DirectoryUnavailableError):
        await directory.by_address(Address.parse("a@b.example"))
    with pytest.raises(DirectoryUnavailableError):
        await directory.by_identifier(Identifier(FINESS, "1990000017"))


async def test_a_policy_that_cant_be_opened_lets_nothing_pass(tmp_path: Path, stack: AsyncExitStack) -> None:
    """A rule does not go away because its plugin is broken."""
    made = settings(tmp_path, PartType.POLICY, raising(RuntimeError()))
    (policy,) = await Opening(made, stack, RecordingLog()).policies()
    assert isinstance(policy, UnavailablePolicy)
    with pytest.raises(PeerError, match=r"policy\.not_open"):
        await policy.judge(None)  # type: ignore[arg-type]


async def test_a_door_that_cant_be_opened_ends_the_start(tmp_path: Path, stack: AsyncExitStack) -> None:
    """A port in use is an error at start, not a hub that looks well and lets nobody in."""
    made = settings(tmp_path, PartType.RECEIVER, raising(PORT_IN_USE))
    with pytest.raises(ConfigError, match="is taken"):
        await Opening(made, stack, RecordingLog()).doors()


async def test_a_door_whose_plugin_is_broken_is_left_out(tmp_path: Path, stack: AsyncExitStack) -> None:
    """A fault in a plugin is named, and the rest runs."""
    log = RecordingLog()
    made = settings(tmp_path, PartType.RECEIVER, raising(ZeroDivisionError()))
    assert await Opening(made, stack, log).doors() == []
    assert log.events() == ["part.not_open"]


@pytest.mark.parametrize("silent", [False, True])
async def test_a_part_that_cant_be_closed_keeps_nobody(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    silent: bool,  # noqa: FBT001 - a parametrised test
) -> None:
    """It fails, or hangs: it is named, without its words, and what was opened before it is closed too."""
    monkeypatch.setattr(parts, "CLOSING", 0.01)
    closed: list[str] = []

    @asynccontextmanager
    async def opener(_own: Any, _host: Host) -> AsyncIterator[Any]:
        yield object()
        if silent:
            await asyncio.Event().wait()
        raise ValueError("Mme Planquette")

    log = RecordingLog()
    async with AsyncExitStack() as stack:
        stack.callback(closed.append, "before")
        await Opening(settings(tmp_path, PartType.OBSERVER, opener), stack, log).parts(
            settings(tmp_path, PartType.OBSERVER, opener).observers
        )
    assert closed == ["before"]
    error = "TimeoutError" if silent else "ValueError"
    assert log.lines == [("warning", "part.not_closed", {"part": "observers.one", "error": error})]
