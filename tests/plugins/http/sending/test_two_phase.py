"""Where the operator knows our ids: drafts are used again, and a known id is not taken for a message."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web

from hub.domain.outcome import Deferred, Delivered, Outcome, Uncertain
from hub.ports.connector import Parcel
from hub.testing.connector_contract import deliver, make
from hub_http.sending import lines
from tests.plugins.http.sending.world import TWO_PHASE, HttpRig, described, rig_of


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[HttpRig]:
    """Yield both ends."""
    async with rig_of(tmp_path, described(TWO_PHASE)) as one:
        yield one


def attempt(sent: Parcel, number: int) -> Parcel:
    """Return the parcel as a later attempt has it."""
    return replace(sent, addressees=tuple(replace(one, attempt=number) for one in sent.addressees))


async def one(rig: HttpRig, sent: Parcel) -> Outcome:
    """Deliver to one recipient."""
    (outcome,) = (await deliver(rig, sent)).values()
    return outcome


async def test_an_upload_that_failed_is_done_again_under_the_same_registration(rig: HttpRig) -> None:
    """The operator would not register the same id twice: what the ledger knows of it is used again."""
    sent = make(rig, rig.good[:1])
    rig.service.script = [None, web.Response(status=503)]
    assert isinstance(await one(rig, sent), Deferred)
    assert isinstance(await one(rig, attempt(sent, 2)), Delivered)
    assert [path for _, path in rig.service.requests] == ["/register", "/upload/R1", "/upload/R1"]
    assert len(rig.service.messages) == 1


async def test_a_lost_answer_to_the_upload_is_sent_again_and_arrives_once(rig: HttpRig) -> None:
    """The operator has it: the draft is gone, the id is known, and what left before was the message."""
    sent = make(rig, rig.good[:1])
    rig.service.script = [None, "cut"]
    assert isinstance(await one(rig, sent), Uncertain)
    assert isinstance(await one(rig, attempt(sent, 2)), Delivered)
    assert len(rig.service.messages) == 1


async def test_an_upload_that_was_lost_on_its_way_is_not_taken_for_delivered(rig: HttpRig) -> None:
    """It left, and never came: it is uploaded again."""
    sent = make(rig, rig.good[:1])
    rig.service.script = [None, "drop"]
    assert isinstance(await one(rig, sent), Uncertain)
    assert rig.service.messages == []
    assert isinstance(await one(rig, attempt(sent, 2)), Delivered)
    assert len(rig.service.messages) == 1


async def test_an_id_burnt_by_a_lost_registration_is_not_taken_for_delivered(rig: HttpRig) -> None:
    """The operator knows the id from a draft alone: the next attempt takes another, and it arrives."""
    sent = make(rig, rig.good[:1])
    delivery = sent.addressees[0].delivery
    rig.service.script = ["cut"]
    assert isinstance(await one(rig, sent), Deferred)
    second = await one(rig, attempt(sent, 2))
    assert isinstance(second, Deferred)
    assert second.code == "http.id_used"
    assert isinstance(await one(rig, attempt(sent, 3)), Delivered)
    (message,) = rig.service.messages
    assert message.ours != delivery
    known = await lines.of_ours(rig.operator.ledger, message.ours)
    assert known is not None
    assert known.delivery_of(None) == delivery


async def test_a_draft_that_is_gone_is_made_anew(rig: HttpRig) -> None:
    """The operator threw it away: registered anew, with another id if the old one is used."""
    sent = make(rig, rig.good[:1])
    rig.service.script = [None, web.Response(status=503)]
    assert isinstance(await one(rig, sent), Deferred)
    rig.service.drafts.clear()
    assert isinstance(await one(rig, attempt(sent, 2)), Delivered)
    assert [path for _, path in rig.service.requests] == [
        "/register",
        "/upload/R1",
        "/upload/R1",
        "/register",
        "/upload/R1",
    ]


@pytest.mark.parametrize(("recipients", "expected"), [("one", Deferred), ("many", Uncertain)])
async def test_a_failure_that_may_have_come_late_keeps_a_message_for_many_together(
    tmp_path: Path, recipients: str, expected: type
) -> None:
    """Deferred, each would come up at a time of its own, and go out alone under an id nobody has seen."""
    async with rig_of(tmp_path, described(TWO_PHASE, send={"recipients": recipients})) as rig:
        sent = make(rig, rig.good[:2])
        failing = web.Response(status=500)
        registered = {"one": [None, None], "many": [None]}
        rig.service.script = [*registered[recipients], failing, web.Response(status=500)]
        outcomes = await deliver(rig, sent)
        assert {type(one) for one in outcomes.values()} == {expected}
        rig.service.script.clear()
        again = await deliver(rig, attempt(sent, 2))
        assert {type(one) for one in again.values()} == {Delivered}
        assert len(rig.service.messages) == {"one": 2, "many": 1}[recipients]
