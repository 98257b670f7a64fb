"""What became of a message is asked until it is known, and no longer; each answer reaches its delivery."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from aiohttp import web

from hub.domain.ids import DeliveryId
from hub.domain.outcome import Deferred, Delivered, Refused
from hub.errors import StoreError, Words
from hub.ports.intake import Acknowledgement, Peer
from hub.ports.ledger import Line
from hub.testing.fakes import RecordingIntake
from hub_http.fetching.tracking import Tracking
from hub_http.sending import lines
from hub_http.sending.lines import Sent
from hub_http.sending.requests import AnswerError
from tests.plugins.http.fetching.far import PEER, Far, Near, near

TEXT: Final = """
version = 1
title = "Tracked"
[track]
every = "1m"
until = "3d"
[track.request]
path = "/track"
query.id = "{{ remote or '' }}"
query.ours = "{{ delivery.id }}"
query.tracking = "{{ taken.tracking or '' }}"
[[track.events]]
when = { json = "$.state", equals = "done" }
event = "delivered"
code = { json = "$.code" }
[[track.events]]
when = { json = "$.state", equals = "read" }
event = "displayed"
[[track.events]]
when = { json = "$.state", equals = "late" }
event = "delayed"
reason = { json = "$.why" }
[[track.events]]
when = { json = "$.state", equals = "lost" }
event = "refused"
code = { json = "$.code" }
reason = { json = "$.why" }
"""
EACH: Final = TEXT.replace(
    "[track]\n", '[track]\neach = { json = "$.each[*]", many = true }\nrecipient = { json = "$.to" }\n'
)
FIRST, SECOND = (
    DeliveryId("0195a1b2-c3d4-7000-8000-000000000001"),
    DeliveryId("0195a1b2-c3d4-7000-8000-000000000002"),
)
MARTIN, PETIT = "a.martin@city.example", "b.petit@city.example"


def far_saying(said: Any, status: int = 200, **headers: str) -> Far:
    """Answer every question so; a callable is asked each time."""
    far = Far()

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.json_response(said() if callable(said) else said, status=status, headers=headers)

    far.routes["GET /track"] = answer
    return far


async def sent(our: Near, *recipients: tuple[str, DeliveryId], ago: timedelta = timedelta(hours=1)) -> str:
    """Have something be sent a while ago, and due to be asked about; return the key of its line."""
    now = datetime.now(UTC)
    known = dict(recipients or ((MARTIN, FIRST),))
    one = Sent(
        call=next(iter(known.values())) if len(known) == 1 else "call-1",
        recipients=known,
        remote="R-1",
        taken={"tracking": "T-1"},
        left_at=now - ago,
    )
    until = now + timedelta(days=30)
    if len(known) == 1:
        await our.ledger.put(lines.line_of(lines.key_of(one.call), one, until, due_at=now))
        return lines.key_of(one.call)
    for delivery in known.values():
        await our.ledger.put(lines.line_of(lines.key_of(delivery), one, until, alias=False))
    await our.ledger.put(lines.line_of(lines.call_key(one.call), one, until, due_at=now))
    return lines.call_key(one.call)


async def ask(our: Near, intake: RecordingIntake) -> int:
    """Ask about what is due, once."""
    assert our.described.track is not None
    async with our.operator() as operator:
        return await Tracking(operator, our.described.track, intake).ask_due()


def intake() -> RecordingIntake:
    """Return an intake that knows the operator."""
    return RecordingIntake(operators={str(PEER.operator): PEER})


async def due(our: Near, key: str) -> datetime | None:
    """Return when a line comes up again."""
    line = await our.ledger.get(key)
    assert line is not None
    return line.due_at


def told(known: RecordingIntake) -> list[tuple[str | None, str, type]]:
    """Return what was recorded: delivery, event, kind of outcome."""
    assert all(peer == PEER for peer, _ in known.acknowledgements)
    return [(one.delivery, one.event, type(one.outcome)) for _, one in known.acknowledgements]


@pytest.mark.parametrize(
    ("said", "event", "outcome", "final"),
    [
        ({"state": "done", "code": 100}, "acknowledgement.delivered", Delivered, True),
        ({"state": "read"}, "acknowledgement.displayed", Delivered, True),
        ({"state": "lost", "code": "12", "why": "No mailbox."}, "acknowledgement.failed", Refused, True),
        ({"state": "late", "why": "Busy."}, "acknowledgement.delayed", Deferred, False),
        ({"state": "new"}, None, None, False),
        ({}, None, None, False),
        ([], None, None, False),
    ],
)
async def test_an_answer_becomes_a_receipt(
    tmp_path: Path, said: Any, event: str | None, outcome: type, *, final: bool
) -> None:
    """With the operator's code and words; what is final is asked about no more."""
    far = far_saying(said)
    async with near(far, TEXT, tmp_path, "") as our:
        key = await sent(our)
        known = intake()
        assert await ask(our, known) == 1
        assert far.asked == [f"GET /track?id=R-1&ours={FIRST}&tracking=T-1"]
        assert told(known) == ([] if event is None else [(FIRST, event, outcome)])
        assert (await due(our, key) is None) is final
        # the line stays, so that a later receipt finds its delivery
        assert await lines.of_remote(our.ledger, "R-1") is not None


async def test_a_refusal_is_told_in_the_operators_words(tmp_path: Path) -> None:
    """The code is the hub's own, the same for every operator."""
    async with near(
        far_saying({"state": "lost", "code": "12", "why": "No mailbox."}), TEXT, tmp_path, ""
    ) as our:
        await sent(our)
        known = intake()
        await ask(our, known)
    ((_, one),) = known.acknowledgements
    assert isinstance(one.outcome, Refused)
    assert one.outcome.code == "recipient.undeliverable"
    assert one.outcome.reason == Words(
        en="Operator valbrume reports: 12 No mailbox.", fr="L'opérateur valbrume signale : 12 No mailbox."
    )


@pytest.mark.parametrize(
    ("ago", "pause"),
    [
        (timedelta(seconds=1), timedelta(minutes=1)),
        (timedelta(minutes=20), timedelta(minutes=5)),
        (timedelta(hours=12), timedelta(minutes=10)),
    ],
)
async def test_the_pause_grows_with_time(tmp_path: Path, ago: timedelta, pause: timedelta) -> None:
    """From `every` to ten times that."""
    async with near(far_saying({"state": "new"}), TEXT, tmp_path, "") as our:
        key = await sent(our, ago=ago)
        before = datetime.now(UTC)
        await ask(our, intake())
        at = await due(our, key)
    assert at is not None
    slack = timedelta(seconds=30)
    assert before + pause <= at <= before + pause + slack


async def test_it_ends_when_its_time_is_over(tmp_path: Path) -> None:
    """Nothing is asked then, and nothing is said."""
    far = far_saying({"state": "done"})
    async with near(far, TEXT, tmp_path, "") as our:
        key = await sent(our, ago=timedelta(days=3))
        known = intake()
        await ask(our, known)
        assert await due(our, key) is None
    assert far.asked == []
    assert known.acknowledgements == []


async def test_each_recipient_has_an_outcome_of_their_own(tmp_path: Path) -> None:
    """By address or delivery id; it is asked until all are final, and what is final stays so."""
    answers = iter(
        [
            {"each": [{"to": MARTIN.upper(), "state": "done"}, {"to": PETIT, "state": "new"}]},
            {"each": [{"to": "x@y.example", "state": "lost"}, {"to": SECOND, "state": "lost"}]},
        ]
    )
    async with near(far_saying(lambda: next(answers)), EACH, tmp_path, "") as our:
        key = await sent(our, (MARTIN, FIRST), (PETIT, SECOND))
        known = intake()
        await ask(our, known)
        assert told(known) == [(FIRST, "acknowledgement.delivered", Delivered)]
        line = await our.ledger.get(key)
        assert line is not None
        assert line.due_at is not None
        await our.ledger.put(_due_now(line))
        await ask(our, known)
        assert told(known)[1:] == [(SECOND, "acknowledgement.failed", Refused)]
        assert await due(our, key) is None


async def test_one_state_for_all_is_everybodys(tmp_path: Path) -> None:
    """Where the operator does not tell recipients apart."""
    async with near(far_saying({"state": "done"}), TEXT, tmp_path, "") as our:
        await sent(our, (MARTIN, FIRST), (PETIT, SECOND))
        known = intake()
        await ask(our, known)
    assert {delivery for delivery, _, _ in told(known)} == {FIRST, SECOND}


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503, 302])
async def test_an_operator_that_fails_is_left_alone_for_a_while(tmp_path: Path, status: int) -> None:
    """Nothing is lost: what was due is due still."""
    far = far_saying({}, status)
    async with near(far, TEXT, tmp_path, "") as our:
        key = await sent(our)
        with pytest.raises(AnswerError):
            await ask(our, intake())
        at = await due(our, key)
        assert at is not None
        assert at <= datetime.now(UTC)


@pytest.mark.parametrize(("status", "ended"), [(404, False), (400, False), (410, True)])
async def test_what_the_operator_does_not_know_is_asked_again_unless_it_is_gone(
    tmp_path: Path, status: int, *, ended: bool
) -> None:
    """It may not know it yet."""
    async with near(far_saying({}, status), TEXT, tmp_path, "") as our:
        key = await sent(our)
        known = intake()
        await ask(our, known)
        assert (await due(our, key) is None) is ended
    assert known.acknowledgements == []


async def test_a_status_code_may_be_an_answer(tmp_path: Path) -> None:
    """A row that names it decides, whatever else the code means."""
    text = TEXT + '[[track.events]]\nstatus = 404\nevent = "refused"\n'
    async with near(far_saying({}, 404), text, tmp_path, "") as our:
        key = await sent(our)
        known = intake()
        await ask(our, known)
        assert await due(our, key) is None
    assert told(known) == [(FIRST, "acknowledgement.failed", Refused)]


async def test_a_receipt_that_is_not_durable_is_asked_for_again(tmp_path: Path) -> None:
    """The line is put off only when the core has taken what it says."""

    class Full(RecordingIntake):
        async def acknowledge(self, peer: Peer, acknowledgement: Acknowledgement) -> bool:
            raise StoreError("store.full", Words(en="Full.", fr="Plein."))

    async with near(far_saying({"state": "done"}), TEXT, tmp_path, "") as our:
        key = await sent(our)
        with pytest.raises(StoreError):
            await ask(our, Full(operators={str(PEER.operator): PEER}))
        assert await due(our, key) is not None
        known = intake()
        await ask(our, known)
        assert await due(our, key) is None
    assert len(known.acknowledgements) == 1


async def test_it_goes_on_by_itself_until_it_is_stopped(tmp_path: Path) -> None:
    """What is sent while it waits is asked about when its time comes."""
    states = iter(["new", "new", "done"])
    text = TEXT.replace('every = "1m"', 'every = "10ms"')
    far = far_saying(lambda: {"state": next(states, "done")})
    async with near(far, text, tmp_path, "") as our, our.connector() as connector:
        known = intake()
        task = asyncio.ensure_future(connector.receive(known))
        key = await sent(our, ago=timedelta(0))
        await far.until(lambda: len(far.asked) >= 3)
        await _until(lambda: bool(known.acknowledgements))
        task.cancel()
        await asyncio.wait({task})
        assert await due(our, key) is None
    assert told(known) == [(FIRST, "acknowledgement.delivered", Delivered)]


@pytest.mark.parametrize(
    "bad", ["https://[", "https://elsewhere.example/x", "http://localhost/x", "", "huge", "500"]
)
async def test_what_fails_for_one_stands_before_no_other(tmp_path: Path, bad: str) -> None:
    """A URL that is none, or leads elsewhere, an answer too large: it is put off, the next is asked about."""
    far = Far()

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.json_response({"state": "done"})

    async def huge(_: web.Request) -> web.StreamResponse:
        return web.Response(body=b" " * (2 << 20))

    async def failing(_: web.Request) -> web.StreamResponse:
        return web.Response(status=500)

    far.routes |= {"GET /good": answer, "GET /huge": huge, "GET /500": failing}
    text = TEXT.replace('path = "/track"', 'url = "{{ taken.tracking }}"')
    async with near(far, text, tmp_path, "") as our:
        urls = {FIRST: bad if "/" in bad or not bad else f"{far.url}/{bad}", SECOND: f"{far.url}/good"}
        now = datetime.now(UTC)
        for number, (delivery, url) in enumerate(urls.items()):
            one = Sent(call=delivery, recipients={MARTIN: delivery}, taken={"tracking": url}, left_at=now)
            at = now - timedelta(minutes=10 - number)
            key = lines.key_of(delivery)
            await our.ledger.put(lines.line_of(key, one, now + timedelta(days=30), due_at=at))
        known = intake()
        await ask(our, known)
        later = await due(our, lines.key_of(FIRST))
        assert later is not None
        assert later > now
        assert await due(our, lines.key_of(SECOND)) is None
    assert told(known) == [(SECOND, "acknowledgement.delivered", Delivered)]
    assert our.log.events() == ["fetch.track_unreadable"]


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110 - nobody says when a receipt is recorded
            await asyncio.sleep(0.005)


def _due_now(line: Line) -> Line:
    return Line(key=line.key, value=line.value, until=line.until, alias=line.alias, due_at=datetime.now(UTC))
