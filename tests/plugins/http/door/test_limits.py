"""The door gives in to nobody: not to the huge, the slow, the many, nor to what is no HTTP."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from hub.errors import StoreError, Words
from hub.plugin.door.upload import Upload
from hub.testing.fakes import RecordingIntake
from tests.plugins.http.door.world import OTHER, PEER, SHIPPED, World, described, message, opened, receipt


async def pieces(count: int, size: int = 1 << 10) -> AsyncIterator[bytes]:
    """Yield a body whose length is not announced."""
    for _ in range(count):
        yield b" " * size


async def raw(world: World, data: bytes, *, end: bool = False) -> bytes:
    """Send bytes over TLS and return all that comes back until the door closes."""
    port = world.door.addresses[0].port
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", port, ssl=world.context(), server_hostname="localhost"
    )
    writer.write(data)
    if end:
        writer.close()
    answer = await reader.read()
    writer.close()
    return answer


@pytest.mark.parametrize("path", ["/", "/operators", "/operators/courrier", "/operators/courrier/events/x"])
async def test_there_is_nothing_else(tmp_path: Path, path: str) -> None:
    """Any other path is not found, as a problem document."""
    async with opened(tmp_path) as world:
        status, said, headers = await world.call(message(), path=path)
    assert (status, said["code"]) == (404, "door.not_found")
    assert headers["Content-Type"] == "application/problem+json"
    assert headers["Server"] == "caducee"


async def test_only_post_will_do(tmp_path: Path) -> None:
    """And the answer says so."""
    async with opened(tmp_path) as world, world.session.get(world.url()) as answer:
        assert (answer.status, answer.headers["Allow"]) == (405, "POST")


async def test_a_huge_call_is_refused_before_it_is_read(tmp_path: Path) -> None:
    """When its size is announced, and when it only turns out."""
    async with opened(tmp_path, max_call=4096) as world:
        announced = await world.call(message(text="x" * 5000))
        unannounced = await world.post(pieces(5), {"Content-Type": "application/json"})
        assert announced[:1] == unannounced[:1] == (413,)
        assert not world.intake.stages


async def test_the_description_s_own_limit_counts_too(tmp_path: Path) -> None:
    """An operator whose calls are small may not send large ones."""
    small = described().model_copy(
        update={"limits": described().limits.model_copy(update={"max_structured": 1000})}
    )
    async with opened(tmp_path, small) as world:
        assert (await world.call(message(text="x" * 2000)))[0] == 413


@pytest.mark.parametrize("limit", ["idle_timeout", "call_timeout"])
async def test_a_slow_call_is_ended(tmp_path: Path, limit: str) -> None:
    """One that says nothing more, and one that drips."""

    async def dripping() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    async with opened(tmp_path, **{limit: timedelta(milliseconds=50)}) as world:
        status, said, _ = await world.post(dripping(), {"Content-Type": "application/json"})
    assert (status, said["code"]) == (408, "door.slow")


async def test_a_call_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    """Half a body is no body."""
    head = b"POST /operators/courrier/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"
    async with opened(tmp_path) as world:
        await raw(world, head, end=True)
        assert not world.intake.stages


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "", "multipart/form-data; boundary=x"]
)
async def test_other_media_types_are_refused(tmp_path: Path, kind: str) -> None:
    """A call is JSON or XML, and says so."""
    async with opened(tmp_path) as world:
        status, said, _ = await world.call(message(), headers={"Content-Type": kind})
    assert (status, said["code"]) == (415, "door.media_type")


async def test_a_compressed_body_is_refused(tmp_path: Path) -> None:
    """Nothing is unpacked at the door."""
    async with opened(tmp_path) as world:
        status, said, _ = await world.call(message(), headers={"Content-Encoding": "gzip"})
    assert (status, said["code"]) == (415, "door.media_type")


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 100_000, b"\xff", b"nul", b'{"id":"1"} x'])
async def test_what_is_no_json_is_refused(tmp_path: Path, body: bytes) -> None:
    """However well it is signed."""
    async with opened(tmp_path) as world:
        status, said, _ = await world.call(None, body=body)
    assert (status, said["code"]) == (400, "door.malformed")


async def test_what_is_no_http_is_told_so(tmp_path: Path) -> None:
    """Without a word of what it was."""
    async with opened(tmp_path) as world:
        answer = await raw(world, b"EHLO secret.example\r\n\r\n")
    assert answer.startswith((b"HTTP/1.0 400", b"HTTP/1.1 400"))
    assert b"secret" not in answer


@pytest.mark.parametrize("path", [b"/operators/courrier/events", b"/operators/nobody/events"])
@pytest.mark.parametrize(
    ("verify", "headers"),
    [
        ({"bearer": "their_key"}, b"Authorization: Bearer \xff"),
        ({"basic": {"user": "u", "password": "their_key"}}, b"Authorization: Basic \xff"),
        (SHIPPED["webhooks"]["events"]["verify"], b"X-Timestamp: \xff\r\nX-Signature: sha256=00"),
        (SHIPPED["webhooks"]["events"]["verify"], b"X-Timestamp: 1\r\nX-Signature: sha256=\xff"),
    ],
)
async def test_bytes_that_are_no_text_prove_nothing(
    tmp_path: Path, verify: dict[str, Any], headers: bytes, path: bytes
) -> None:
    """Whoever sends them does not learn which operators there are."""
    request = b"POST %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 2\r\n%s\r\n\r\n{}"
    async with opened(tmp_path, described(verify=verify)) as world:
        answer = await raw(world, request % (path, headers))
    assert answer.startswith(b"HTTP/1.1 401")


async def test_plain_http_gets_no_answer(tmp_path: Path) -> None:
    """The door speaks TLS and nothing else."""
    async with opened(tmp_path) as world:
        reader, writer = await asyncio.open_connection("127.0.0.1", world.door.addresses[0].port)
        writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert await reader.read() == b""
        writer.close()


async def test_old_tls_gets_no_connection(tmp_path: Path) -> None:
    """1.2 is the least."""
    async with opened(tmp_path) as world:
        context = world.context()
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        with pytest.warns(DeprecationWarning, match="TLSv1"):
            context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.set_ciphers("ALL:@SECLEVEL=0")
        with pytest.raises(aiohttp.ClientError):
            await world.call(message(), ssl=context)


class Held(RecordingIntake):
    """Holds submissions until told otherwise."""

    def __init__(self) -> None:
        super().__init__(operators={"courrier": PEER, "autre": OTHER})
        self.came, self.go = asyncio.Event(), asyncio.Event()

    async def submit(self, stage: Any, submission: Any) -> Any:
        """Wait."""
        self.came.set()
        await self.go.wait()
        return await super().submit(stage, submission)


async def test_too_many_calls_at_once_are_told_to_come_again(tmp_path: Path) -> None:
    """Those that have begun go on."""
    intake = Held()
    async with opened(tmp_path, intake=intake, concurrency=1) as world:
        first = asyncio.create_task(world.call(message()))
        await intake.came.wait()
        status, said, headers = await world.call(message(2))
        assert (status, said["code"], headers["Retry-After"]) == (503, "door.busy", "2")
        intake.go.set()
        assert (await first)[0] == 200


async def test_one_address_does_not_keep_the_others_out(tmp_path: Path) -> None:
    """However slowly its calls come, somebody else's is answered."""
    async with opened(tmp_path, concurrency=4) as world:
        port = world.door.addresses[0].port
        slow = []
        for _ in range(4):
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", port, ssl=world.context(), server_hostname="localhost"
            )
            writer.write(b"POST /operators/courrier/events HTTP/1.1\r\nHost: localhost\r\n")
            writer.write(b"Content-Length: 9\r\n\r\n")
            slow.append((reader, writer))
        ends = [asyncio.ensure_future(reader.readline()) for reader, _ in slow]
        # the one too many is answered; by then the others have begun
        done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        assert [one.result() for one in done] == [b"HTTP/1.1 503 Service Unavailable\r\n"]
        connector = aiohttp.TCPConnector(ssl=world.context(), local_addr=("127.0.0.2", 0))
        async with aiohttp.ClientSession(connector=connector) as other:
            body = json.dumps(message()).encode()
            async with other.post(world.url(), data=body, headers=world.signed(body)) as answer:
                assert answer.status == 200
        for _, writer in slow:
            writer.close()
        await asyncio.gather(*ends)


async def test_a_call_that_proves_nothing_fills_no_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is read to its end like any other, and nothing of it is kept."""

    async def whole(*_: Any) -> bytes:
        raise AssertionError("kept")

    monkeypatch.setattr(Upload, "whole", whole)
    async with opened(tmp_path, max_call=64 << 10) as world:
        for path in ("/operators/nobody/events", "/operators/courrier/nothing"):
            status, said, _ = await world.post(pieces(32), {}, path)
            assert (status, said["code"]) == (401, "door.unproved")


@pytest.mark.parametrize("limit", ["max_connections", "max_connections_per_host"])
async def test_too_many_connections_are_closed(tmp_path: Path, limit: str) -> None:
    """One that leaves makes room for another."""
    async with opened(tmp_path, **{limit: 1}) as world:
        assert (await world.call(message()))[0] == 200
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=world.context())) as other:
            with pytest.raises(aiohttp.ClientError):
                await other.post(world.url(), data=b"")
        assert "door.too_many_connections" in world.log.events()


async def test_a_hub_that_stops_finishes_what_has_begun(tmp_path: Path) -> None:
    """The call is answered, and what it brought is kept; nobody else comes in."""
    intake = Held()
    async with opened(tmp_path, intake=intake) as world:
        call = asyncio.create_task(world.call(message()))
        await intake.came.wait()
        world.task.cancel()
        port = world.door.addresses[0].port
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                break
            writer.close()
        intake.go.set()
        assert (await call)[0] == 200
        assert len(intake.submissions) == 1


async def test_a_fault_of_ours_is_an_incident(tmp_path: Path) -> None:
    """The caller is told a number, the log has what it was; neither quotes the call."""
    async with opened(tmp_path) as world:
        world.intake.error = RuntimeError("secret")  # type: ignore[assignment]
        status, said, _ = await world.call(message())
    assert (status, said["code"]) == (500, "door.unexpected")
    ((_, _, fields),) = [one for one in world.log.lines if one[1] == "door.failed"]
    assert fields["incident"] == said["incident"]
    assert "secret" not in json.dumps([said, str(world.log.lines)])


async def test_the_log_says_what_was_answered_and_to_nobody(tmp_path: Path) -> None:
    """No path, no query, no names of anybody's."""
    async with opened(tmp_path) as world:
        await world.call(receipt(id="r-1"), path="/operators/courrier/events?token=secret")
        await world.call(message(), path="/secret")
    lines = [fields for _, event, fields in world.log.lines if event == "door.answered"]
    assert [(one["method"], one["status"], one["code"]) for one in lines] == [
        ("POST", 200, None),
        ("POST", 404, "door.not_found"),
    ]
    assert "secret" not in str(world.log.lines)


async def test_a_caller_that_waits_for_100_is_let_go_on(tmp_path: Path) -> None:
    """Only when its body is wanted."""
    body = json.dumps(message()).encode()
    async with opened(tmp_path, max_call=4096) as world:
        assert (await world.call(None, body=body, expect100=True))[0] == 200
        assert (await world.call(message(text="x" * 5000), expect100=True))[0] == 413
        world.intake.error = StoreError("store.full", Words(en="no", fr="non"))
