"""What an inbox says of deliveries reaches them: by our id or the operator's, early or late, once."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from aiohttp import web

from hub.domain.ids import DeliveryId
from hub.domain.outcome import Delivered, Refused
from hub.ports.ledger import Line
from hub.testing.fakes import RecordingIntake
from hub_http.description.model import Description
from hub_http.fetching import events, reports
from hub_http.fetching.came import scope_of
from hub_http.fetching.inbox import Inbox
from hub_http.fetching.refusals import UnknownDeliveryError
from hub_http.mapping.answered import Answered
from hub_http.sending import lines
from hub_http.sending.lines import Sent
from hub_http.sending.operator import Operator
from tests.plugins.http.fetching.far import PEER, Far, Near, near, offline

TEXT: Final = """
version = 1
title = "Reports"
[inbox]
every = "1m"
least = "1m"
items = { json = "$.list[*]", many = true }
id = { json = "$.id" }
listing = { path = "/list" }
acknowledge = { method = "DELETE", path = "/queue/{{ item.id }}" }
[[inbox.kinds]]
is = "report"
about = { delivery = { json = "$.ours" }, remote = { json = "$.theirs" }, recipient = { json = "$.to" } }
[[inbox.kinds.events]]
when = { json = "$.state", equals = "done" }
event = "delivered"
[[inbox.kinds.events]]
when = { json = "$.state", equals = "lost" }
event = "refused"
"""
FIRST = DeliveryId("0195a1b2-c3d4-7000-8000-000000000001")
SECOND = DeliveryId("0195a1b2-c3d4-7000-8000-000000000002")
MARTIN, PETIT = "a.martin@city.example", "b.petit@city.example"
SHIPPED: Final = Path(__file__).parents[4] / "conf" / "operators"


def far_listing(*said: dict[str, Any]) -> Far:
    """Hold reports, each under its id, until it is acknowledged."""
    far = Far()
    held = {one["id"]: one for one in said}

    async def listing(_: web.Request) -> web.StreamResponse:
        return web.json_response({"list": list(held.values())})

    async def acknowledge(request: web.Request) -> web.StreamResponse:
        held.pop(request.match_info["id"], None)
        far.journal.append(("acknowledged", request.match_info["id"]))
        return web.Response(status=204)

    far.routes |= {"GET /list": listing, "DELETE /queue/{id}": acknowledge}
    return far


async def sent(our: Near, *recipients: tuple[str, DeliveryId], due: bool = False) -> None:
    """Have something be sent, under R-1 at the operator."""
    now = datetime.now(UTC)
    known = dict(recipients or ((MARTIN, FIRST),))
    several = len(known) > 1
    one = Sent(call="call-1" if several else FIRST, recipients=known, remote="R-1", taken={}, left_at=now)
    until, due_at = now + timedelta(days=30), now if due else None
    written: list[Line] = [
        lines.line_of(
            lines.key_of(delivery), one, until, alias=not several, due_at=None if several else due_at
        )
        for delivery in known.values()
    ]
    if several:
        written.append(lines.line_of(lines.call_key(one.call), one, until, due_at=due_at))
    await our.ledger.put(*written)


def intake(*, matches: bool = True) -> RecordingIntake:
    """Return an intake that knows the operator."""
    return RecordingIntake(operators={str(PEER.operator): PEER}, matches=matches)


async def look(our: Near, operator: Operator, known: RecordingIntake) -> None:
    """Look once."""
    assert our.described.inbox is not None
    await Inbox(operator, our.described.inbox, "inbox", known).look()


@pytest.mark.parametrize(
    "said",
    [
        {"ours": FIRST},
        {"theirs": "R-1"},
        {"ours": FIRST, "theirs": "R-1", "to": MARTIN},
        {"ours": "something else", "theirs": "R-1"},
        {"theirs": "R-1", "to": "alias@elsewhere.example"},
    ],
)
async def test_one_recipients_report_is_found_by_either_id(tmp_path: Path, said: dict[str, Any]) -> None:
    """And ends the asking; then it is acknowledged."""
    far = far_listing({"id": "r", "state": "done", **said})
    async with near(far, TEXT, tmp_path, "") as our, our.operator() as operator:
        await sent(our, due=True)
        known = intake()
        await look(our, operator, known)
        assert [one.delivery for _, one in known.acknowledgements] == [FIRST]
        assert await our.ledger.next_due() is None
    assert far.journal == [("acknowledged", "r")]


@pytest.mark.parametrize(
    ("said", "delivery"),
    [
        ({"ours": "call-1", "to": PETIT}, SECOND),
        ({"ours": SECOND}, SECOND),
        ({"theirs": "R-1", "to": MARTIN.title()}, FIRST),
        ({"theirs": "R-1", "to": FIRST}, FIRST),
    ],
)
async def test_of_several_recipients_the_right_one_is_meant(
    tmp_path: Path, said: dict[str, Any], delivery: DeliveryId
) -> None:
    """By address or delivery id; the others are asked about still."""
    far = far_listing({"id": "r", "state": "lost", **said})
    async with near(far, TEXT, tmp_path, "") as our, our.operator() as operator:
        await sent(our, (MARTIN, FIRST), (PETIT, SECOND), due=True)
        known = intake()
        await look(our, operator, known)
        assert [one.delivery for _, one in known.acknowledgements] == [delivery]
        (left,) = await our.ledger.due(datetime.now(UTC))
        assert reports.done(left) == {delivery}


async def test_a_report_that_does_not_say_whom_it_means_is_left(tmp_path: Path) -> None:
    """Nobody gets another's outcome."""
    far = far_listing({"id": "r", "state": "lost", "theirs": "R-1"}, {"id": "s", "state": "lost"})
    async with near(far, TEXT, tmp_path, "") as our, our.operator() as operator:
        await sent(our, (MARTIN, FIRST), (PETIT, SECOND))
        known = intake()
        await look(our, operator, known)
    assert known.acknowledgements == []
    assert far.journal == []
    assert our.log.events() == ["fetch.item_left", "fetch.item_left"]


async def test_a_report_about_nothing_of_ours_is_let_go(tmp_path: Path) -> None:
    """One line says so; it does not come again."""
    far = far_listing({"id": "r", "state": "done", "theirs": "R-9"})
    async with near(far, TEXT, tmp_path, "") as our, our.operator() as operator:
        await look(our, operator, intake())
    assert far.journal == [("acknowledged", "r")]
    assert our.log.events() == ["fetch.report_unmatched"]


async def test_a_report_that_comes_before_the_answer_waits_for_it(tmp_path: Path) -> None:
    """While a send is under way the operator may know a message by an id that we do not know yet."""
    far = far_listing({"id": "r", "state": "done", "theirs": "R-1"})
    text = TEXT.replace('"1m"', '"1ms"')
    async with near(far, text, tmp_path, "") as our, our.operator() as operator:
        known = intake()
        with operator.flights.sending():
            await look(our, operator, known)
            assert known.acknowledgements == []
            assert far.journal == []
        await sent(our)
        await look(our, operator, known)
        assert [one.delivery for _, one in known.acknowledgements] == [FIRST]
    assert our.log.events() == []


async def test_what_the_ledger_has_forgotten_the_core_may_know(tmp_path: Path) -> None:
    """Our own id is the delivery's: it is asked for by it."""
    for matches in (True, False):
        known = intake(matches=matches)
        far = far_listing({"id": "r", "state": "done", "ours": FIRST})
        async with near(far, TEXT, tmp_path, "") as our, our.operator() as operator:
            await look(our, operator, known)
        assert [one.delivery for _, one in known.acknowledgements] == [FIRST]
        assert our.log.events() == ([] if matches else ["fetch.report_unmatched"])


async def test_a_webhooks_body_is_read_the_same_way(tmp_path: Path) -> None:
    """`acknowledgement_of` for whoever has an answer in hand; an id that nobody knows is an error."""
    our = offline(tmp_path, TEXT)
    inbox = our.described.inbox
    assert inbox is not None
    kind = inbox.kinds[0]
    assert kind.about is not None
    async with our.operator() as operator:
        await sent(our)
        for said, event in (("done", events.DELIVERED), ("lost", events.FAILED), ("new", None)):
            answered = Answered.of({"theirs": "R-1", "state": said})
            found = await events.acknowledgement_of(
                kind.about,
                kind.events,
                answered,
                scope_of(operator, answered),
                operator=operator.name,
                ledger=our.ledger,
            )
            assert (found and (found.delivery, found.event)) == (event and (FIRST, event))
        with pytest.raises(UnknownDeliveryError):
            await events.delivery_of(kind.about, Answered.of({"theirs": "R-2"}), {}, our.ledger)


@pytest.mark.parametrize(
    ("success", "outcome"), [("SUCCESS", Delivered), ("ERROR", Refused), (None, Refused)]
)
async def test_a_report_of_mesh_is_read_from_its_headers(
    tmp_path: Path, success: str | None, outcome: type
) -> None:
    """As the description that ships says."""
    described = Description.model_validate(tomllib.loads((SHIPPED / "mesh.toml").read_text()))
    assert described.inbox is not None
    kind = described.inbox.kinds[0]
    assert kind.about is not None
    headers = {
        "mex-messagetype": "REPORT",
        "mex-localid": FIRST,
        "mex-linkedmsgid": "R-1",
        "mex-statuscode": "14",
        "mex-statusdescription": "Message not collected by recipient after 5 days",
    }
    if success is not None:
        headers["mex-statussuccess"] = success
    answered = Answered(status=200, headers=headers, body=b"")
    news = events.news_of("mesh", kind.events, answered, {})
    assert news is not None
    assert isinstance(news.outcome, outcome)
    assert await events.delivery_of(kind.about, answered, {}, offline(tmp_path, TEXT).ledger) == FIRST


@pytest.mark.parametrize(
    ("code", "event"),
    [(100, events.DELIVERED), ("601", events.DELIVERED), (701, events.DELAYED), (313, events.FAILED)],
)
def test_a_receipt_of_a_two_phase_operator_is_read_by_its_code(code: object, event: str) -> None:
    """As the description that ships says."""
    described = Description.model_validate(tomllib.loads((SHIPPED / "two-phase.toml").read_text()))
    assert described.receipts is not None
    answered = Answered.of({"code": code, "info": "…"})
    news = events.news_of("zwei", described.receipts.kinds[0].events, answered, {})
    assert news is not None
    assert news.event == event
