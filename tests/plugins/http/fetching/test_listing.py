"""However a listing goes on: all is found once, in order, and nothing keeps the hub asking for ever."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
from aiohttp import web

from hub.errors import ConfigError, StoreError, Words
from hub.testing.fetching_contract import Watched
from hub_http.fetching.inbox import Inbox, InterruptedLookError
from hub_http.fetching.taking import Taker
from hub_http.sending.operator import Operator
from tests.plugins.http.fetching.far import PAGE, PEER, Far, Near, letter, near, said
from tests.plugins.http.fetching.rig import rig_of

MESSAGE: Final = """
items = { json = "$.items[*]", many = true }
id = { json = "$.id" }
listing = { path = "/list" }
[[inbox.kinds]]
is = "message"
[inbox.kinds.message]
id = { json = "$.id" }
sender = { json = "$.from" }
recipients = { json = "$.to[*]", many = true }
subject = { json = "$.subject" }
documents = [{ data = { json = "$.data", decode = "base64" } }]
"""
PAGINGS: Final = {
    "link": 'paging = { by = "link", next = { json = "$.next" } }',
    "token": 'paging = { by = "token", next = { json = "$.next" }, parameter = "at" }',
    "offset": 'paging = { by = "offset", parameter = "at" }',
    "page": 'paging = { by = "page", parameter = "at", first = 1 }',
    "repeat": 'paging = { by = "repeat" }',
}
ACKNOWLEDGE: Final = 'acknowledge = { method = "POST", path = "/inbox/{{ item.id }}/ack" }'


def described(*lines: str) -> str:
    """Return the inbox of a description."""
    return "\n".join((*lines, MESSAGE))


def listing(far: Far, by: str, *, removes: bool = True) -> Callable[[web.Request], web.Response]:
    """Make a listing in pages of two: of what is held or, where acknowledging removes nothing, of all."""
    ever = dict(far.letters)

    def answer(request: web.Request) -> web.Response:
        ever.update(far.letters)
        known = far.letters if removes else ever
        at = request.query.get("at", "")
        if by in {"link", "token"}:
            rest = [one for one in known.values() if one.id > at]
        else:
            first = {"offset": int(at or 0), "page": (int(at or 1) - 1) * PAGE, "repeat": 0}[by]
            rest = list(known.values())[first:]
        page = rest[:PAGE]
        following = page[-1].id if len(rest) > PAGE else None
        if by == "link" and following is not None:
            following = f"?at={following}"
        return web.json_response({"items": [said(one) for one in page], "next": following})

    return answer


def route(far: Far, answer: Callable[[web.Request], web.Response]) -> None:
    """Answer a listing by a plain function."""

    async def handle(request: web.Request) -> web.StreamResponse:
        return answer(request)

    far.routes["GET /list"] = handle


async def look(our: Near, operator: Operator, intake: Watched) -> bool:
    """Look once."""
    inbox = our.described.inbox
    assert inbox is not None
    return await Inbox(operator, inbox, "inbox", intake).look()


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 7])
@pytest.mark.parametrize(
    ("by", "removes"),
    # one that always shows the same first page needs what was acknowledged to leave
    [(by, removes) for by in sorted(PAGINGS) for removes in (True, False) if removes or by != "repeat"],
)
async def test_one_look_finds_all_of_it_once(tmp_path: Path, by: str, count: int, *, removes: bool) -> None:
    """In order, whether what was acknowledged leaves the listing or not."""
    far = Far()
    for number in range(count):
        far.hold(letter(number))
    route(far, listing(far, by, removes=removes))
    async with near(far, described(ACKNOWLEDGE, PAGINGS[by]), tmp_path) as our, our.operator() as operator:
        intake = Watched(rig_of(far, our))
        assert not await look(our, operator, intake)
    assert [one.native_id for one in intake.submissions] == [f"m-{number}" for number in range(count)]
    assert far.held() == []


@pytest.mark.parametrize("by", ["link", "token", "offset", "page"])
async def test_without_acknowledgements_it_goes_on_all_the_same(tmp_path: Path, by: str) -> None:
    """And what was taken is not downloaded again at each look."""
    far = Far()
    for number in range(5):
        far.hold(letter(number))
    route(far, listing(far, by))
    async with near(far, described(PAGINGS[by]), tmp_path) as our, our.operator() as operator:
        intake = Watched(rig_of(far, our))
        inbox = our.described.inbox
        assert inbox is not None
        same = Inbox(operator, inbox, "inbox", intake)
        for _ in range(2):
            await same.look()
    assert [event for event, _ in far.journal] == ["taken"] * 5


@pytest.mark.parametrize(
    ("by", "following"),
    [
        ("link", lambda _: "/list"),
        ("link", lambda number: f"/list?at={number}"),
        ("token", lambda _: "same"),
        ("token", str),
        ("offset", lambda _: None),
        ("page", lambda _: None),
        ("repeat", lambda _: None),
    ],
)
async def test_the_same_page_again_ends_the_look(
    tmp_path: Path, by: str, following: Callable[[int], str | None]
) -> None:
    """An operator that sends us round in circles is asked a few times, not for ever."""
    far = Far()
    far.hold(letter(0))
    page = [said(letter(0))]
    route(far, lambda _: web.json_response({"items": page, "next": following(len(far.asked))}))
    async with near(far, described(ACKNOWLEDGE, PAGINGS[by]), tmp_path) as our, our.operator() as operator:
        assert not await look(our, operator, Watched(rig_of(far, our)))
    assert len([one for one in far.asked if one.startswith("GET")]) <= 3


async def test_an_endless_listing_is_left_after_so_many_pages(tmp_path: Path) -> None:
    """The rest is looked at at once, as there was more than one look takes."""
    far = Far()

    def answer(_: web.Request) -> web.Response:
        number = len(far.asked)
        return web.json_response({"items": [said(letter(number))], "next": f"/list?at={number}"})

    route(far, answer)
    paging = 'paging = { by = "link", next = { json = "$.next" }, most = 7 }'
    async with near(far, described(paging), tmp_path) as our, our.operator() as operator:
        intake = Watched(rig_of(far, our))
        assert await look(our, operator, intake)
    assert len(far.asked) == len(intake.submissions) == 7


@pytest.mark.parametrize(
    "link",
    ["https://elsewhere.example/list", "http://localhost/list", "https://169.254.169.254/", "//x.example/"],
)
async def test_a_link_leads_nowhere_that_is_not_named(tmp_path: Path, link: str) -> None:
    """Not to another host, not without TLS, not to a cloud's own address."""
    far = Far()
    far.hold(letter(0))
    route(far, lambda _: web.json_response({"items": [said(letter(0))], "next": link}))
    async with near(far, described(PAGINGS["link"]), tmp_path) as our, our.operator() as operator:
        intake = Watched(rig_of(far, our))
        with pytest.raises(InterruptedLookError) as caught:
            await look(our, operator, intake)
    assert caught.value.code == "http.egress"
    assert len(intake.submissions) == 1


class TestCursor:
    """A cursor that the operator gives only goes forward, over what has been dealt with."""

    PAGING = 'paging = { by = "token", next = { json = "$.next" }, parameter = "at", kept = true }'

    async def test_it_is_kept_across_restarts(self, tmp_path: Path) -> None:
        """What lies before it is not asked for again."""
        far = Far()
        for number in range(3):
            far.hold(letter(number))
        route(far, self._since(far))
        async with near(far, described(self.PAGING), tmp_path) as our:
            intake = Watched(rig_of(far, our))
            for _ in range(2):
                async with our.operator() as operator:
                    await look(our, operator, intake)
            asked = [path for path in far.asked if path.startswith("GET /list")]
            assert asked[0] == "GET /list"
            assert asked[-1] == "GET /list?at=m-2"
        assert [event for event, _ in far.journal] == ["taken"] * 3

    async def test_it_does_not_pass_what_could_not_be_taken_yet(self, tmp_path: Path) -> None:
        """A store that is full for a while loses nothing."""
        far = Far()
        for number in range(4):
            far.hold(letter(number))
        route(far, self._since(far))
        async with near(far, described(self.PAGING), tmp_path) as our, our.operator() as operator:
            intake = Watched(rig_of(far, our))
            words = Words(en="Full.", fr="Plein.")
            intake.raises[letter(2).subject] = StoreError("store.full", words)
            with pytest.raises(InterruptedLookError):
                await look(our, operator, intake)
            intake.raises.clear()
            await look(our, operator, intake)
        assert [one.native_id for one in intake.submissions] == ["m-0", "m-1", "m-2", "m-3"]

    @staticmethod
    def _since(far: Far) -> Callable[[web.Request], web.Response]:
        def answer(request: web.Request) -> web.Response:
            at = request.query.get("at", "")
            page = [one for one in far.letters.values() if one.id > at][:PAGE]
            following = page[-1].id if page else at
            return web.json_response({"items": [said(one) for one in page], "next": following})

        return answer


async def test_an_entry_without_an_id_hurts_no_other(tmp_path: Path) -> None:
    """It is counted in the log."""
    far = Far()
    far.hold(letter(0))
    nameless = {key: value for key, value in said(letter(1)).items() if key != "id"}
    route(far, lambda _: web.json_response({"items": [nameless, said(letter(0))]}))
    async with near(far, described(), tmp_path) as our, our.operator() as operator:
        intake = Watched(rig_of(far, our))
        await look(our, operator, intake)
        assert our.log.lines == [
            ("warning", "fetch.nameless", {"operator": PEER.operator, "part": "inbox", "count": 1})
        ]
    assert [one.native_id for one in intake.submissions] == ["m-0"]


@pytest.mark.parametrize(("size", "code"), [("16KiB", None), ("4KiB", "arrived.too_large")])
async def test_a_listing_that_holds_the_messages_may_be_as_large_as_one(
    tmp_path: Path, size: str, code: str | None
) -> None:
    """`max_structured` bounds it, not `max_answer`."""
    far = Far()
    for number in range(PAGE):
        far.hold(letter(number))
    route(far, listing(far, "repeat"))
    limits = f'[limits]\nmax_answer = "1KiB"\nmax_structured = "{size}"\n'
    head = 'version = 1\ntitle = "Held"\n' + limits + '[inbox]\nevery = "1m"\nleast = "1m"\n'
    async with near(far, described(), tmp_path, head) as our, our.operator() as operator:
        intake = Watched(rig_of(far, our))
        if code is None:
            await look(our, operator, intake)
        else:
            with pytest.raises(InterruptedLookError) as caught:
                await look(our, operator, intake)
            assert caught.value.code == code
    assert len(intake.submissions) == (PAGE if code is None else 0)


@pytest.mark.parametrize("field", ["note", "subject"])
async def test_half_a_character_in_one_member_holds_up_no_other(tmp_path: Path, field: str) -> None:
    """As when a program cut a text in the middle of an emoji: the rest of the inbox is taken."""
    far = Far()
    for number in range(3):
        far.hold(letter(number))

    async def answer(_: web.Request) -> web.StreamResponse:
        items = [said(one) for one in far.letters.values()]
        items[1][field] = "\ud83d"
        return web.json_response({"items": items})

    far.routes["GET /list"] = answer
    async with near(far, described(ACKNOWLEDGE), tmp_path) as our, our.operator() as operator:
        intake = Watched(rig_of(far, our))
        inbox = our.described.inbox
        assert inbox is not None
        await Inbox(operator, inbox, "inbox", intake).look()
    taken = {"note": ["m-0", "m-1", "m-2"], "subject": ["m-0", "m-2"]}[field]
    assert [one.native_id for one in intake.submissions] == taken
    assert "fetch.item_failed" not in our.log.events()


@pytest.mark.parametrize("status", [404, 410])
@pytest.mark.parametrize("kept", [False, True])
async def test_a_message_without_its_document_is_not_gone(tmp_path: Path, status: int, *, kept: bool) -> None:
    """It waits until the operator has all of it, and no cursor passes it by."""
    far = Far()
    far.hold(letter(0))
    there = [False]

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.json_response({"items": [said(one) for one in far.letters.values()], "next": "2"})

    async def document(_: web.Request) -> web.StreamResponse:
        return web.Response(body=b"whole") if there[0] else web.Response(status=status)

    far.routes |= {"GET /list": answer, "GET /documents/{id}": document}
    paging = PAGINGS["token"].replace('"at" }', '"at", kept = true, most = 1 }')
    text = described(ACKNOWLEDGE, paging if kept else "")
    text = text.replace('data = { json = "$.data", decode = "base64" }', 'fetch = { path = "/documents/1" }')
    async with near(far, text, tmp_path) as our, our.operator() as operator:
        intake = Watched(rig_of(far, our))
        inbox = our.described.inbox
        assert inbox is not None
        same = Inbox(operator, inbox, "inbox", intake)
        with contextlib.suppress(InterruptedLookError):
            await same.look()
        assert intake.submissions == []
        assert await same.memory.cursor() is None
        assert far.held() == ["m-0"]
        there[0] = True
        await asyncio.sleep(inbox.every.total_seconds())
        await same.look()
        assert [one.native_id for one in intake.submissions] == ["m-0"]


async def test_no_cursor_passes_what_our_own_configuration_keeps_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A secret that can't be read any more is mended some day: what lay there until then is taken."""
    far = Far()
    far.hold(letter(0))

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.json_response({"items": [said(one) for one in far.letters.values()], "next": "2"})

    async def unusable(*_: object) -> None:
        raise ConfigError("http.secret", Words(en="Not now.", fr="Pas maintenant."))

    far.routes["GET /list"] = answer
    paging = PAGINGS["token"].replace('"at" }', '"at", kept = true, most = 1 }')
    async with near(far, described(ACKNOWLEDGE, paging), tmp_path) as our, our.operator() as operator:
        intake = Watched(rig_of(far, our))
        inbox = our.described.inbox
        assert inbox is not None
        same = Inbox(operator, inbox, "inbox", intake)
        with monkeypatch.context() as broken:
            broken.setattr(Taker, "read", unusable)
            with pytest.raises(InterruptedLookError):
                await same.look()
        assert await same.memory.cursor() is None
        await same.look()
        assert [one.native_id for one in intake.submissions] == ["m-0"]
