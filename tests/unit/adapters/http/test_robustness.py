"""Slow, broken, hostile and very large requests: nothing of them stays, and the API goes on."""

from __future__ import annotations

import asyncio
import json
import string
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any
from unittest import mock

import aiohttp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.adapters.http import preferences
from hub.errors import StoreError, Words
from hub.testing.contents import MemoryContent, MemorySink, MemoryStage
from tests.unit.adapters.http.prescribing import ORDER, prescribing
from tests.unit.adapters.http.serving import LETTER, TOKEN, Served, WatchedIntake, serving

HEAD = (
    "POST /v1/messages HTTP/1.1\r\nHost: hub.example\r\n"
    f"Authorization: Bearer {TOKEN}\r\nIdempotency-Key: k1\r\n"
)


@asynccontextmanager
async def _connected(served: Served) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(served.url.rsplit(":", 1)[1]))
    try:
        yield reader, writer
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def _answer(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], Any]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    headers = {
        name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)
    }
    body = await reader.readexactly(int(headers["content-length"]))
    return int(head[0].split()[1]), headers, json.loads(body)


async def test_a_slow_upload_ends_at_its_time() -> None:
    """A client that stops half-way gets 408, its connection is closed and nothing is kept."""
    async with serving(upload=timedelta(milliseconds=100)) as served, _connected(served) as (reader, writer):
        writer.write(f'{HEAD}Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{{"from"'.encode())
        status, headers, body = await _answer(reader)
        assert (status, body["code"], headers["connection"]) == (408, "http.timeout", "close")
        assert served.nothing_kept()


class _Watched(WatchedIntake):
    """Says when a stage was discarded."""

    def __init__(self) -> None:
        super().__init__()
        self.discarded = asyncio.Event()

    def stage(self) -> MemoryStage:
        """Open a stage that tells."""
        watched = self

        class _Stage(MemoryStage):
            async def discard(self) -> None:
                await super().discard()
                watched.discarded.set()

        self.stages.append(_Stage())
        self.staged.set()
        return self.stages[-1]


async def test_an_upload_that_breaks_off_leaves_nothing() -> None:
    """When the client goes away in the middle of a part, what had come is discarded."""
    intake = _Watched()
    message = json.dumps({**LETTER, "documents": [{"name": "a", "media_type": "a/b", "part": "p"}]})
    form = (
        f'--b\r\nContent-Disposition: form-data; name="message"\r\n\r\n{message}\r\n'
        f'--b\r\nContent-Disposition: form-data; name="p"\r\n\r\n{"x" * 1000}'
    )
    headers = "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 100000\r\n\r\n"
    async with serving(intake=intake) as served:
        async with _connected(served) as (_, writer):
            writer.write(f"{HEAD}{headers}{form}".encode())
            await writer.drain()
            await served.staged.wait()
        await intake.discarded.wait()
        assert served.nothing_kept()
        response, _ = await served.post()
        assert response.status == 202


async def test_closing_lets_a_submission_end() -> None:
    """A submission that is being committed when the API closes gets its answer."""
    release = asyncio.Event()

    class _Slow(WatchedIntake):
        async def submit(self, stage: Any, submission: Any) -> Any:
            await release.wait()
            return await super().submit(stage, submission)

    intake = _Slow()
    async with aiohttp.ClientSession() as session:
        async with serving(intake=intake) as served:
            task = asyncio.create_task(
                session.post(
                    f"{served.url}/v1/messages",
                    data=json.dumps(LETTER),
                    headers={
                        "Authorization": f"Bearer {TOKEN}",
                        "Idempotency-Key": "k1",
                        "Content-Type": "application/json",
                    },
                )
            )
            await served.staged.wait()
            asyncio.get_running_loop().call_later(0.05, release.set)
        assert (await task).status == 202


async def test_the_store_that_fills_up_during_an_upload_is_503() -> None:
    """A disk that is full in the middle of a document means: nothing taken, try again."""

    class _Full(MemorySink):
        async def write(self, data: bytes) -> None:
            raise StoreError("store.full", Words(en="The disk is full.", fr="Le disque est plein."))

    class _Stage(MemoryStage):
        def sink(self, limit: int | None = None) -> MemorySink:
            return _Full(self, limit)

    class _Intake(WatchedIntake):
        def stage(self) -> MemoryStage:
            self.stages.append(_Stage())
            return self.stages[-1]

    async with serving(intake=_Intake()) as served:
        response, body = await served.post(data=_form(b"x" * 1000))
        assert (response.status, body["code"], response.headers["Retry-After"]) == (503, "store.full", "10")
        assert served.nothing_kept()


def _form(data: Any) -> aiohttp.FormData:
    form = aiohttp.FormData()
    message = {**LETTER, "documents": [{"name": "a", "media_type": "a/b", "part": "p"}]}
    form.add_field("message", json.dumps(message), content_type="application/json")
    form.add_field("p", data, filename="a", content_type="a/b")
    return form


class _CountingSink(MemorySink):
    """Counts, and holds nothing."""

    size = 0

    async def write(self, data: bytes) -> None:
        self.size += len(data)

    async def finish(self) -> MemoryContent:
        self._stage.contents.append(MemoryContent(str(self.size).encode()))
        return self._stage.contents[-1]


class _CountingStage(MemoryStage):
    def sink(self, limit: int | None = None) -> MemorySink:
        return _CountingSink(self, limit)


class _Counting(WatchedIntake):
    def stage(self) -> MemoryStage:
        self.stages.append(_CountingStage())
        return self.stages[-1]


async def test_fifty_megabytes_pass_in_flat_memory() -> None:
    """A document of 50 MB streams through; neither it nor a tenth of it is ever held."""
    block = bytes(64 << 10)

    async def document() -> AsyncIterator[bytes]:
        for _ in range(800):
            yield block

    async with serving(intake=_Counting(), body=60 << 20) as served:
        tracemalloc.start()
        try:
            response, body = await served.post(data=_form(document()))
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert response.status == 202, body
        assert await served.intake.submissions[0].parts[1].content.read() == str(800 * len(block)).encode()
        assert peak < 5 << 20


@pytest.mark.parametrize(
    "request_line",
    [b"GET / HTTP/1.1\r\nHost : Dupont\r\n\r\n", b"\x16\x03\x01Dupont\r\n\r\n", b"Dupont\r\n\r\n"],
)
async def test_what_is_not_http_is_told_so_and_not_quoted(served: Served, request_line: bytes) -> None:
    """Broken HTTP gets one plain problem, which repeats nothing of what came."""
    async with _connected(served) as (reader, writer):
        writer.write(request_line)
        answer = await reader.read()
    assert answer.split(b" ", 2)[1] == b"400"
    assert b"application/problem+json" in answer
    assert b"Dupont" not in answer
    assert b"aiohttp" not in answer


async def test_a_connection_that_says_nothing_is_closed() -> None:
    """A client that connects and waits holds its connection for the idle time only."""
    async with serving(idle=timedelta(milliseconds=50)) as served, _connected(served) as (reader, writer):
        writer.write(b"GET /healthz HTTP/1.1\r\nHost")
        assert await reader.read() == b""


_TEXT = st.text(alphabet=string.printable, max_size=20)
_VALUE: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.integers() | st.text(max_size=20) | st.sampled_from(list(LETTER.values())),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
_BODIES = (
    st.binary(max_size=200)
    | st.dictionaries(st.sampled_from(["documents", "cc", *LETTER]) | _TEXT, _VALUE).map(
        lambda one: json.dumps({**LETTER, **one}).encode()
    )
    | st.binary(max_size=100).map(
        lambda data: b'--b\r\nContent-Disposition: form-data; name="message"\r\n\r\n' + data + b"\r\n--b--"
    )
)
_TYPES = st.sampled_from(
    ["application/json", "multipart/form-data; boundary=b", "multipart/form-data", "text/plain", ""]
)


@settings(max_examples=20, deadline=None)
@given(
    requests=st.lists(
        st.tuples(
            st.sampled_from(["POST", "GET", "PUT", "DELETE"]),
            st.sampled_from(
                ["/v1/messages", "/v1/messages/x", "/v1/messages/%00", "/", "/v1/openapi.json", "/%ff?a=b"]
            ),
            _TYPES,
            st.sampled_from(["k", "", '"', "k" * 300, "é"]),
            _BODIES,
        ),
        min_size=5,
        max_size=20,
    )
)
def test_no_request_makes_the_api_fail(requests: list[tuple[str, str, str, str, bytes]]) -> None:
    """Whatever is sent, the answer is the client's fault or a success: never a 500."""

    async def send() -> None:
        async with serving() as served:
            for method, path, content_type, key, body in requests:
                headers = {
                    "Authorization": f"Bearer {TOKEN}",
                    "Content-Type": content_type,
                    "Idempotency-Key": key,
                }
                async with served.session.request(
                    method, f"{served.url}{path}", data=body, headers=headers
                ) as response:
                    assert response.status < 500
                    if response.status >= 400:
                        assert response.content_type == "application/problem+json"
                        assert (await response.json(content_type=None))["status"] == response.status

    asyncio.run(send())


_ORDERS = st.binary(max_size=200) | st.dictionaries(
    st.sampled_from(["prescription", "options", "hand_over", "to", "as", "reason", *ORDER]) | _TEXT,
    _VALUE | st.sampled_from(list(ORDER.values())),
).flatmap(lambda one: st.sampled_from([one, {**ORDER, **one}])).map(lambda one: json.dumps(one).encode())


@settings(max_examples=20, deadline=None)
@given(
    requests=st.lists(
        st.tuples(
            st.sampled_from(["POST", "GET", "PUT", "DELETE"]),
            st.sampled_from(
                [
                    *("", "/{id}", "/x", "/%00", "/{id}?fresh=%00", "/{id}?language=fr&x", "/{id}/x"),
                    *("/{id}/to-sign", "/{id}/signed", "/{id}/hand-over", "/{id}/print.pdf?language=xx"),
                    *("/{id}/code.png", "/{id}/code.svg"),
                ]
            ),
            _TYPES,
            st.sampled_from(["", "wait=0", "wait=é", "=,;", '"', "wait=" + "9" * 300]),
            _ORDERS,
        ),
        min_size=5,
        max_size=20,
    ),
    play=st.sampled_from(["activate", "await_signature", "refuse", "defer"]),
)
def test_no_request_about_a_prescription_makes_the_api_fail(
    requests: list[tuple[str, str, str, str, bytes]], play: str
) -> None:
    """Whatever is sent, wherever a prescription stands: the client's fault, or a success."""

    async def send() -> None:
        async with prescribing() as one:
            one.prescriptions.at_once = getattr(one.prescriptions, play)
            _, body = await one.order(headers={"Prefer": "wait=0"})
            for method, path, content_type, prefer, data in requests:
                headers = {"Content-Type": content_type, "Prefer": prefer, "Idempotency-Key": "k2"}
                response, told = await one.ask(
                    method, path.replace("{id}", body["id"]), data=data, headers=headers
                )
                assert response.status < 500, told
                if response.status >= 400:
                    assert response.content_type == "application/problem+json"
                    assert told["status"] == response.status

    with mock.patch.object(preferences, "USUAL_WAIT", 0), mock.patch.object(preferences, "MOST_WAIT", 0):
        asyncio.run(send())
