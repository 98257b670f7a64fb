"""What a service gets for its calls: looked for, taken, or told in words what is wrong."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from hub.errors import ConfigError, HubError, InputError, PeerError, StoreError, Words
from tests.plugins.eprescription.door.world import DOCUMENT, NAME, World, bearer, opened

WORDS = Words(en="It can't be read.", fr="C'est illisible.")


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """Open a door."""
    async with opened(tmp_path) as one:
        yield one


async def test_a_ping_has_the_service_looked_at(world: World) -> None:
    """A call without content is enough for the hub to ask what happened."""
    status, said, _ = await world.call("ping", b"", bearer())
    assert (status, said, world.desk.looks) == (202, None, 1)


async def test_what_a_ping_holds_is_thrown_away(world: World) -> None:
    """Nothing that comes with a ping is believed: the service itself is asked."""
    assert (await world.call("ping", DOCUMENT, bearer()))[0] == 202
    assert (world.desk.looks, world.desk.taken) == (1, [])


async def test_a_document_is_taken(world: World) -> None:
    """The service learns how many events were in it."""
    headers = bearer() | {"Content-Type": "application/fhir+json; charset=utf-8"}
    status, said, _ = await world.call("events", DOCUMENT, headers)
    assert (status, said) == (200, {"taken": 1})
    assert world.desk.taken == [("application/fhir+json", DOCUMENT)]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (InputError("prescription.dispensing", WORDS), 422),
        (StoreError("store.full", WORDS), 503),
        (PeerError("prescription.starting", WORDS), 503),
    ],
)
async def test_what_the_desk_refuses_is_told_in_words(world: World, error: HubError, status: int) -> None:
    """The caller's language, a stable code, and whether to call again."""
    world.desk.error = error
    found, said, headers = await world.call("events", DOCUMENT, bearer() | {"Accept-Language": "fr"})
    assert (found, said["code"], said["detail"]) == (status, error.code, WORDS.fr)
    assert headers["Content-Type"] == "application/problem+json"
    assert ("Retry-After" in headers) == (status == 503)


@pytest.mark.parametrize("error", [ConfigError("gematik.token", WORDS, file="secret-path"), ValueError("x")])
async def test_a_fault_of_ours_is_an_incident(world: World, error: Exception) -> None:
    """The caller can quote it, and learns nothing else."""
    world.desk.error = error
    status, said, _ = await world.call("events", DOCUMENT, bearer())
    assert (status, said["code"]) == (500, "door.unexpected")
    assert "secret-path" not in str(said)
    assert said["incident"] in str(world.log.lines)


async def test_a_service_that_is_not_open_is_told_to_come_again(tmp_path: Path) -> None:
    """Its connector may be starting; the log has said that it is not there."""
    async with opened(tmp_path, desk=False) as world:
        status, said, headers = await world.call("ping", b"", bearer())
        assert (status, said["code"]) == (503, "door.closed")
        assert "Retry-After" in headers
        assert "door.no_service" in world.log.events()


@pytest.mark.parametrize(
    ("method", "what", "status"),
    [("GET", "ping", 405), ("PUT", "events", 405), ("POST", "other", 404), ("POST", "ping/x", 404)],
)
async def test_nothing_else_is_here(world: World, method: str, what: str, status: int) -> None:
    """Other methods and paths get their status, and a problem."""
    found, said, _ = await world.call(what, DOCUMENT, bearer(), method=method)
    assert (found, said["status"]) == (status, status)


@pytest.mark.parametrize(
    "headers",
    [{"Content-Type": ""}, {"Content-Type": "document"}, {"Content-Encoding": "gzip"}],
)
async def test_a_document_says_what_it_is(world: World, headers: dict[str, str]) -> None:
    """Without a media type, or compressed, it is not taken."""
    status, said, _ = await world.call("events", b"\x1f\x8b", bearer() | headers)
    assert (status, said["code"], world.desk.taken) == (415, "door.media_type", [])


async def test_a_call_has_a_size(tmp_path: Path) -> None:
    """Announced or not: beyond the limit nothing is kept."""
    async with opened(tmp_path, max_call=1000) as world:
        assert (await world.call("events", bytes(1000), bearer()))[0] == 200
        assert (await world.call("events", bytes(1001), bearer()))[0] == 413

        async def pieces() -> AsyncIterator[bytes]:
            for _ in range(11):
                yield bytes(100)

        assert (await world.call("events", pieces(), bearer()))[0] == 413
        assert (await world.call("ping", bytes(65 << 10), bearer()))[0] == 413
        assert (len(world.desk.taken), world.desk.looks) == (1, 0)


async def test_what_is_no_http_gets_a_plain_answer(world: World) -> None:
    """Nothing of it is quoted."""
    reader, writer = await asyncio.open_connection(
        "localhost", world.door.addresses[0].port, ssl=world.context()
    )
    writer.write(b"secret nonsense\r\n\r\n")
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    assert answer.startswith((b"HTTP/1.0 400", b"HTTP/1.1 400"))
    assert b"nonsense" not in answer
    assert b"door.malformed" in answer


async def test_old_tls_gets_nothing(world: World) -> None:
    """1.2 is the least."""
    context = world.context()
    context.set_ciphers("DEFAULT@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(aiohttp.ClientConnectorError):
        await world.call("ping", b"", bearer(), ssl=context)


async def test_too_many_at_once_wait(tmp_path: Path) -> None:
    """One more call than the door bears is told when to come again."""
    async with opened(tmp_path, concurrency=1) as world:
        gate, begun = asyncio.Event(), asyncio.Event()

        async def slowly() -> AsyncIterator[bytes]:
            yield b"{"
            begun.set()
            await gate.wait()
            yield b"}"

        first = asyncio.create_task(world.call("events", slowly(), bearer()))
        await begun.wait()
        status = 0
        while status != 503:
            # The first call may still be on its way.
            status, said, headers = await world.call("ping", b"", bearer())
        assert (said["code"], headers["Retry-After"]) == ("door.busy", "10")
        gate.set()
        assert (await first)[0] == 200


async def test_the_log_names_no_path_and_no_secret(world: World) -> None:
    """One line per call, with status and duration."""
    await world.call("events", DOCUMENT, bearer())
    await world.call("events", DOCUMENT, bearer("wrong-token-of-this-year"))
    said = str(world.log.lines)
    assert "token-of-this-year" not in said
    assert "/operators" not in said
    answered = [fields["status"] for _, event, fields in world.log.lines if event == "door.answered"]
    assert answered == [200, 401]
    assert NAME in said
