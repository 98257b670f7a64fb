"""What operators get wrong, and what comes of it: the documented outcome, and the others are taken."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import pytest
from aiohttp import web

from hub.errors import InputError, PeerError, StoreError, TrustError, Words
from hub.ports.directory import DirectoryUnavailableError
from hub.testing.fetching_contract import Watched
from hub_http.fetching.inbox import Inbox, InterruptedLookError
from tests.plugins.http.fetching.far import Far, letter, near, said
from tests.plugins.http.fetching.rig import rig_of

LIMITS: Final = """
[limits]
concurrency = 4
max_answer = "4KiB"
max_download = "16KiB"
max_structured = "8KiB"
connect_timeout = "5s"
answer_timeout = "300ms"
idle_timeout = "300ms"
total_timeout = "600ms"
"""
TEXT: Final = """
version = 1
title = "Held"
[inbox]
every = "20ms"
least = "1ms"
items = { json = "$.list[*]", many = true }
id = { json = "$.id" }
listing = { path = "/list", media_types = ["application/json"] }
download = { path = "/queue/{{ item.id }}", media_types = ["application/json"] }
more = { path = "/queue/{{ item.id }}/{{ part.number }}" }
acknowledge = { method = "DELETE", path = "/queue/{{ item.id }}" }
poison = "POISON"
[[inbox.kinds]]
when = { json = "$.nothing", exists = true }
is = "ignored"
[[inbox.kinds]]
when = { json = "$.from", exists = true }
is = "message"
[inbox.kinds.message]
id = { json = "$.id" }
sender = { json = "$.from" }
recipients = { json = "$.to[*]", many = true }
subject = { json = "$.subject" }
kind = { json = "$.kind" }
patient = { json = "$.patient" }
[[inbox.kinds.message.documents]]
data = { json = "$.data", decode = "base64" }
media_type = { json = "$.type" }
sha256 = { json = "$.sha256" }
"""
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def text(poison: str = "leave") -> str:
    """Return the description."""
    return TEXT.replace("POISON", poison) + LIMITS


def plain(**fields: Any) -> Handler:
    """Answer with a message that is changed a little; None takes a field away."""

    async def answer(_: web.Request) -> web.StreamResponse:
        told = {**said(letter(1)), **fields}
        return web.json_response({key: value for key, value in told.items() if value is not None})

    return answer


def status(code: int, **headers: str) -> Handler:
    """Answer with a status and no message."""

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=code, headers=headers)

    return answer


async def malformed(_: web.Request) -> web.StreamResponse:
    """Answer with half of a JSON text."""
    return web.Response(body=b'{"id": "m-1", "from"', content_type="application/json")


async def wrong_type(_: web.Request) -> web.StreamResponse:
    """Answer with a page for people."""
    return web.Response(text="<h1>Welcome</h1>", content_type="text/html")


async def huge(_: web.Request) -> web.StreamResponse:
    """Answer with more than is read as JSON."""
    return web.json_response({**said(letter(1)), "subject": "x" * 9000})


async def endless(request: web.Request) -> web.StreamResponse:
    """Answer without an end."""
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    while True:
        await response.write(b" " * 4096)


async def dripping(request: web.Request) -> web.StreamResponse:
    """Answer byte by byte, never silent for long."""
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    while True:
        await response.write(b" ")
        await asyncio.sleep(0.05)


async def silent(request: web.Request) -> web.StreamResponse:
    """Begin to answer, and say nothing more."""
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    await asyncio.Event().wait()
    return response


async def cut(request: web.Request) -> web.StreamResponse:
    """Promise more than comes."""
    response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": "3000"})
    await response.prepare(request)
    await response.write(b'{"id": "m-1"}')
    if request.transport is not None:
        request.transport.abort()
    return response


async def bomb(_: web.Request) -> web.StreamResponse:
    """Answer with little that unpacks to much."""
    response = web.json_response({**said(letter(1)), "subject": "x" * (1 << 20)})
    response.enable_compression(web.ContentCoding.gzip)
    return response


async def parts_for_ever(_: web.Request) -> web.StreamResponse:
    """Say that there is more, with nothing in it."""
    return web.Response(status=206, body=b"", content_type="application/json")


async def large_parts_for_ever(_: web.Request) -> web.StreamResponse:
    """Say that there is more, with a lot in it."""
    return web.Response(status=206, body=b" " * 10_000, content_type="application/json")


OUTCOMES: Final[dict[str, tuple[Handler, str]]] = {
    "malformed": (malformed, "arrived.unreadable"),
    "wrong media type": (wrong_type, "http.answer_media_type"),
    "huge": (huge, "arrived.too_large"),
    "endless": (endless, "http.answer_too_large"),
    "dripping": (dripping, "http.too_slow"),
    "silent": (silent, "http.too_slow"),
    "false length": (cut, "http.lost_answer"),
    "gzip bomb": (bomb, "http.answer_too_large"),
    "parts for ever": (parts_for_ever, "arrived.endless"),
    "large parts for ever": (large_parts_for_ever, "content.too_large"),
    "redirecting": (status(302, Location="https://elsewhere.example/"), "http.configuration"),
    "forbidden": (status(403), "http.authentication"),
    "failing": (status(500), "http.transient"),
    "refusing": (status(400), "http.refused"),
    "no kind": (plain(**{"from": None}), "arrived.no_kind"),
    "no id": (plain(id=None), "arrived.malformed"),
    "no recipient": (plain(to=[]), "arrived.malformed"),
    "no address": (plain(to=["Dr Martin"]), "arrived.malformed"),
    "several senders": (plain(**{"from": ["a@b.example", "c@d.example"]}), "arrived.malformed"),
    "wrong digest": (plain(sha256="0" * 64), "arrived.malformed"),
    "no digest": (plain(sha256="abc"), "arrived.malformed"),
    "no media type": (plain(type="pdf"), "arrived.malformed"),
    "unknown kind": (plain(kind="parcel"), "arrived.malformed"),
    "wrong INS": (plain(patient="290017523412345"), "arrived.malformed"),
}


def far_with(bad: Handler) -> Far:
    """Hold three; what the second's download gives is wrong."""
    far = Far()
    for number in range(3):
        far.hold(letter(number))

    async def one(request: web.Request) -> web.StreamResponse:
        known = request.match_info["id"]
        return await bad(request) if known == "m-1" else web.json_response(said(letter(int(known[2:]))))

    async def listing(_: web.Request) -> web.StreamResponse:
        return web.json_response({"list": [{"id": known} for known in far.letters]})

    far.routes |= {"GET /queue/{id}": one, "GET /queue/{id}/{part}": one, "GET /list": listing}
    return far


@pytest.mark.parametrize("what", OUTCOMES)
async def test_what_is_wrong_with_one_leaves_the_others_alone(tmp_path: Path, what: str) -> None:
    """They are taken; it stays at the operator, and one line says why, however often it is looked at."""
    bad, code = OUTCOMES[what]
    far = far_with(bad)
    async with near(far, text(), tmp_path, "") as our, our.operator() as operator:
        intake = Watched(rig_of(far, our))
        inbox = our.described.inbox
        assert inbox is not None
        same = Inbox(operator, inbox, "inbox", intake)
        for _ in range(3):
            await same.look()
    assert [one.native_id for one in intake.submissions] == ["m-0", "m-2"]
    assert far.held() == ["m-1"]
    fields = {"operator": "valbrume", "part": "inbox", "code": code, "error": None, "count": 1}
    assert our.log.lines == [("warning", "fetch.item_left", fields)]
    assert all(stage.discarded for stage in intake.stages)


@pytest.mark.parametrize("code", [404, 410])
async def test_what_is_gone_is_not_missed(tmp_path: Path, code: int) -> None:
    """A listing that lies is no fault; nothing is said."""
    far = far_with(status(code))
    async with near(far, text(), tmp_path, "") as our, our.operator() as operator:
        intake = Watched(rig_of(far, our))
        inbox = our.described.inbox
        assert inbox is not None
        await Inbox(operator, inbox, "inbox", intake).look()
    assert [one.native_id for one in intake.submissions] == ["m-0", "m-2"]
    assert our.log.lines == []


async def test_what_can_never_be_taken_may_be_acknowledged(tmp_path: Path) -> None:
    """The description says so; a line says that nobody got it."""
    far = far_with(plain(to=["Dr Martin"]))
    async with near(far, text("acknowledge"), tmp_path, "") as our, our.operator() as operator:
        intake = Watched(rig_of(far, our))
        inbox = our.described.inbox
        assert inbox is not None
        await Inbox(operator, inbox, "inbox", intake).look()
    assert far.held() == []
    assert our.log.events() == ["fetch.item_dropped"]


@pytest.mark.parametrize(
    "what", ["malformed", "wrong media type", "false length", "refusing", "forbidden", "redirecting"]
)
async def test_what_a_proxy_may_have_said_is_never_acknowledged(tmp_path: Path, what: str) -> None:
    """However patient the description is with poison."""
    bad, _ = OUTCOMES[what]
    far = far_with(bad)
    async with near(far, text("acknowledge"), tmp_path, "") as our, our.operator() as operator:
        intake = Watched(rig_of(far, our))
        inbox = our.described.inbox
        assert inbox is not None
        await Inbox(operator, inbox, "inbox", intake).look()
    assert far.held() == ["m-1"]


LISTINGS: Final[dict[str, tuple[Handler, str]]] = {
    "malformed": (malformed, "arrived.unreadable"),
    "wrong media type": (wrong_type, "http.answer_media_type"),
    "huge": (huge, "http.answer_too_large"),
    "endless": (endless, "http.answer_too_large"),
    "dripping": (dripping, "http.too_slow"),
    "silent": (silent, "http.too_slow"),
    "false length": (cut, "http.lost_answer"),
    "gzip bomb": (bomb, "http.answer_too_large"),
    "redirecting": (status(302, Location="https://elsewhere.example/"), "http.configuration"),
    "forbidden": (status(403), "http.authentication"),
    "failing": (status(500), "http.transient"),
}


@pytest.mark.parametrize("what", LISTINGS)
async def test_a_listing_that_is_wrong_is_asked_again_later(tmp_path: Path, what: str) -> None:
    """Nothing is taken out of it; the next one counts."""
    bad, code = LISTINGS[what]
    far = far_with(plain())
    good = far.routes["GET /list"]

    async def listing(request: web.Request) -> web.StreamResponse:
        return await (bad if far.asked.count("GET /list") == 1 else good)(request)

    far.routes["GET /list"] = listing
    async with near(far, text(), tmp_path, "") as our, our.operator() as operator:
        intake = Watched(rig_of(far, our))
        inbox = our.described.inbox
        assert inbox is not None
        same = Inbox(operator, inbox, "inbox", intake)
        with pytest.raises(InterruptedLookError) as caught:
            await same.look()
        assert caught.value.code == code
        assert intake.submissions == []
        await same.look()
    assert len(intake.submissions) == 3


async def test_an_operator_that_wants_patience_gets_it(tmp_path: Path) -> None:
    """Its Retry-After says how long nothing is asked, whatever was under way."""
    far = far_with(status(429, **{"Retry-After": "120"}))
    async with near(far, text(), tmp_path, "") as our, our.operator() as operator:
        intake = Watched(rig_of(far, our))
        inbox = our.described.inbox
        assert inbox is not None
        with pytest.raises(InterruptedLookError) as caught:
            await Inbox(operator, inbox, "inbox", intake).look()
    assert caught.value.retry_after is not None
    assert 100 < caught.value.retry_after.total_seconds() <= 120
    assert our.log.lines == []


WORDS: Final = Words(en="Said by the test.", fr="Dit par le test.")


@pytest.mark.parametrize(
    ("error", "taken"),
    [
        (StoreError("store.full", WORDS), 1),
        (DirectoryUnavailableError("directory.unavailable", WORDS), 2),
        (PeerError("trust.unavailable", WORDS), 2),
        (InputError("recipients.refused", WORDS), 2),
        (TrustError("sender.struck-off", WORDS), 2),
        (RuntimeError("a fault of ours"), 2),
    ],
)
async def test_what_the_core_does_not_take_stays(tmp_path: Path, error: Exception, taken: int) -> None:
    """A store that fails would fail for all; anything else is about this one."""
    far = far_with(plain())
    async with near(far, text(), tmp_path, "") as our, our.operator() as operator:
        intake = Watched(rig_of(far, our))
        intake.raises[letter(1).subject] = error
        inbox = our.described.inbox
        assert inbox is not None
        same = Inbox(operator, inbox, "inbox", intake)
        if isinstance(error, StoreError):
            with pytest.raises(InterruptedLookError):
                await same.look()
        else:
            await same.look()
        assert len(intake.submissions) == taken
        assert "m-1" in far.held()
        assert letter(1).subject not in repr(our.log.lines)
        # what stood in its way passes
        intake.raises.clear()
        await asyncio.sleep(inbox.every.total_seconds())
        await same.look()
    assert sorted(one.native_id for one in intake.submissions) == ["m-0", "m-1", "m-2"]
    assert far.held() == []


async def test_when_everything_fails_the_look_ends_early(tmp_path: Path) -> None:
    """Nobody asks for hundreds of things in vain; at the next look the others get their turn."""
    far = Far()
    for number in range(9):
        far.hold(letter(number))

    async def one(request: web.Request) -> web.StreamResponse:
        known = request.match_info["id"]
        return web.Response(status=500) if known < "m-5" else web.json_response(said(letter(int(known[2:]))))

    async def listing(_: web.Request) -> web.StreamResponse:
        return web.json_response({"list": [{"id": known} for known in far.letters]})

    far.routes |= {"GET /queue/{id}": one, "GET /list": listing}
    slow = text().replace('every = "20ms"', 'every = "1h"')
    async with near(far, slow, tmp_path, "") as our, our.operator() as operator:
        intake = Watched(rig_of(far, our))
        inbox = our.described.inbox
        assert inbox is not None
        same = Inbox(operator, inbox, "inbox", intake)
        with pytest.raises(InterruptedLookError):
            await same.look()
        assert intake.submissions == []
        await same.look()
    assert far.held() == [f"m-{number}" for number in range(5)]


def test_the_digest_of_the_letters_is_right() -> None:
    """What the tests hold is what they say."""
    assert base64.b64decode(said(letter(1))["data"]) == letter(1).data
