"""The link as a whole: over a real door with mutual TLS, streamed, told apart from everybody else."""

from __future__ import annotations

import json
import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from hub.domain.outcome import Delivered
from hub.ports.connector import Parcel
from hub.testing.parcels import GeneratedContent
from hub_http import hooks
from hub_http.description.model import Description
from hub_http.hubs import link
from tests.plugins.http.door import world as doors
from tests.plugins.http.hubs.world import BOUNDARY, CONTENT_TYPE, Answered, World, body_of
from tests.shape.codes import ROOT
from tests.unit.core.world import MARTIN

PATH = "/operators/hub_a/envelopes"
DESCRIPTION = Description.model_validate(
    tomllib.loads((ROOT / "conf" / "operators" / "hub.toml").read_text())
)
KIND = {"Content-Type": CONTENT_TYPE}


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Make both hubs."""
    return World(tmp_path)


@asynccontextmanager
async def door(world: World, folder: Path, **settings: Any) -> AsyncIterator[doors.World]:
    """Open hub B's door."""
    async with doors.opened(
        folder,
        DESCRIPTION,
        intake=world.intake,
        operators=("hub_a",),
        opens=world.at_b.host.opens,
        parameters=world.at_b.parameters,
        **settings,
    ) as opened:
        yield opened


def test_the_hook_can_do_what_its_description_asks() -> None:
    """One name at both ends."""
    assert isinstance(link, hooks.ReadsAnswer)
    assert isinstance(link, hooks.TakesCall)
    assert DESCRIPTION.send is not None
    assert DESCRIPTION.send.steps[0].hook == DESCRIPTION.webhooks["envelopes"].hook == "hub"


async def test_a_package_goes_in_by_the_door(world: World, tmp_path: Path) -> None:
    """Proved by hub A's client certificate, and answered with hub B's receipt."""
    made = world.parcel()
    async with door(world, tmp_path) as opened:
        status, said, _ = await opened.post(
            await body_of(made), KIND, path=PATH, ssl=opened.context("a.example")
        )
    assert status == 200
    (outcome,) = (await link.read(world.at_a, made, Answered(body=json.dumps(said).encode()))).values()
    assert isinstance(outcome, Delivered)


@pytest.mark.parametrize("name", [None, "c.example"])
async def test_who_is_not_hub_a_gets_nothing_in(world: World, tmp_path: Path, name: str | None) -> None:
    """However well the envelope is sealed: it may have been recorded elsewhere."""
    async with door(world, tmp_path) as opened:
        status, said, _ = await opened.post(
            await body_of(world.parcel()), KIND, path=PATH, ssl=opened.context(name)
        )
    assert (status, said["code"]) == (401, "door.unproved")
    assert await world.deliveries() == 0


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"envelope": b"{}"}, 422, "jws.malformed"),
        ({"d2": b"other"}, 422, "hubs.package"),
    ],
)
async def test_what_is_altered_is_refused_for_good(
    world: World, tmp_path: Path, change: dict[str, bytes], status: int, code: str
) -> None:
    """With a code that the sending hub gives to its sender."""
    async with door(world, tmp_path) as opened:
        got, said, _ = await opened.post(
            await body_of(world.parcel(), **change), KIND, path=PATH, ssl=opened.context("a.example")
        )
    assert (got, said["code"]) == (status, code)


async def test_a_large_document_streams_through(world: World, tmp_path: Path) -> None:
    """A package that breaks off in it leaves nothing; one that is whole is taken, byte for byte."""
    content = GeneratedContent(24 << 20)
    made = world.parcel_with(content)
    async with door(world, tmp_path) as opened:
        context = opened.context("a.example")
        status, said, _ = await opened.post(streamed(made), KIND, path=PATH, ssl=context)
        assert status == 200
        (theirs,) = world.envelopes(hooks.Reply(body=json.dumps(said).encode()))
        assert content.sha256 in {one.sha256 for one in theirs.message.documents}
    async with door(world, tmp_path, max_upload=8 << 20) as opened:
        status, said, _ = await opened.post(
            streamed(world.parcel_with(content)), KIND, path=PATH, ssl=opened.context("a.example")
        )
        assert (status, said["code"]) == (413, "door.too_large")
    assert await world.deliveries() == 1


async def streamed(made: Parcel) -> AsyncIterator[bytes]:
    """Write a package as it streams."""
    deliveries = json.dumps([{"recipient": MARTIN, "delivery": made.addressees[0].delivery}]).encode()
    for name, data in (("envelope", made.sealed.jws), ("deliveries", deliveries)):
        yield head(name) + data + b"\r\n"
    for one in made.sealed.envelope.message.documents:
        yield head(one.id)
        async for piece in made.contents[one.id].pieces():
            yield piece
        yield b"\r\n"
    yield f"--{BOUNDARY}--\r\n".encode()


def head(name: str) -> bytes:
    """Write the head of a part."""
    return f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode()
