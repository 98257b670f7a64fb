"""A lost answer is made good by reading: exactly one message, or the truth about what is not known."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web

from hub.domain.outcome import Deferred, Delivered, Outcome, Refused, Uncertain
from hub.ports.connector import Parcel, Recovers
from hub.testing.connector_contract import deliver, make
from tests.plugins.http.sending.world import JSON, HttpRig, described, rig_of


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[HttpRig]:
    """Yield both ends."""
    async with rig_of(tmp_path, described(JSON)) as one:
        yield one


async def _recovered(rig: HttpRig, sent: Parcel) -> Outcome:
    assert isinstance(rig.connector, Recovers)
    (outcome,) = (await rig.connector.recover(sent)).values()
    return outcome


async def _lose(rig: HttpRig, how: str) -> Parcel:
    rig.service.script = [how]
    sent = make(rig, rig.good[:1])
    (outcome,) = (await deliver(rig, sent)).values()
    assert isinstance(outcome, Uncertain)
    assert "valbrume" in outcome.reason.en
    return sent


async def test_what_arrived_is_found_and_not_sent_twice(rig: HttpRig) -> None:
    """The answer was lost after the operator took it: reading back shows it, with its id."""
    outcome = await _recovered(rig, await _lose(rig, "cut"))
    assert isinstance(outcome, Delivered)
    assert outcome.receipt.startswith("M1")
    assert len(rig.service.messages) == 1


@pytest.mark.parametrize("remote", ["é" * 998, "x" * 4000, "😀" * 4000])
async def test_what_is_found_under_a_long_id_has_arrived(tmp_path: Path, remote: str) -> None:
    """Whether the hub can keep that id or not: nobody is told that it is unknown."""
    track = {
        "request": {"path": "/{{ remote }}"},
        "every": "1m",
        "until": "3d",
        "events": [{"event": "delivered"}],
    }
    async with rig_of(tmp_path, described(JSON, track=track)) as rig:
        sent = await _lose(rig, "cut")
        rig.service.script = [web.json_response({"id": remote})]
        assert isinstance(await _recovered(rig, sent), Delivered)


async def test_an_absence_counts_only_after_a_while(rig: HttpRig) -> None:
    """Until then it may still be on its way: the hub asks again, and only then sends again."""
    sent = await _lose(rig, "drop")
    assert isinstance(await _recovered(rig, sent), Uncertain)
    rig.clock.advance(timedelta(minutes=2))
    outcome = await _recovered(rig, sent)
    assert isinstance(outcome, Deferred)
    assert outcome.code == "http.absent"
    (again,) = (await deliver(rig, sent)).values()
    assert isinstance(again, Delivered)
    assert [one.ours for one in rig.service.messages] == [sent.addressees[0].delivery]


async def test_what_never_left_is_known_without_asking(rig: HttpRig) -> None:
    """The ledger has no line of it, so nothing can have left: it is sent again at once."""
    rig.service.requests.clear()
    outcome = await _recovered(rig, make(rig, rig.good[:1]))
    assert isinstance(outcome, Deferred)
    assert outcome.code == "http.absent"
    assert rig.service.requests == []


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503, 302, 418])
async def test_an_operator_that_can_t_tell_is_asked_again(rig: HttpRig, status: int) -> None:
    """No other answer passes for an absence, which would be a second send."""
    sent = await _lose(rig, "cut")
    rig.clock.advance(timedelta(days=1))
    rig.service.script = [web.Response(status=status)] * 2
    assert isinstance(await _recovered(rig, sent), Uncertain)


async def test_an_unreachable_operator_is_asked_again(rig: HttpRig) -> None:
    """'I could not ask' is not 'it is not there'."""
    sent = await _lose(rig, "cut")
    rig.clock.advance(timedelta(days=1))
    await rig.shut()
    assert isinstance(await _recovered(rig, sent), Uncertain)


async def test_an_absence_read_out_of_a_body_needs_a_good_answer(tmp_path: Path) -> None:
    """A page of errors holds no id of ours either: without a status a row is about 2xx alone."""
    findings = [
        {"when": {"json": "$.id", "exists": False}, "is": "absent"},
        {"when": {"json": "$.id"}, "is": "arrived"},
    ]
    async with rig_of(tmp_path, described(JSON, recover={"findings": findings})) as rig:
        sent = await _lose(rig, "drop")
        rig.clock.advance(timedelta(days=1))
        rig.service.script = [web.Response(status=500), web.json_response({})]
        assert isinstance(await _recovered(rig, sent), Uncertain)
        assert isinstance(await _recovered(rig, sent), Deferred)


async def test_a_refusal_may_be_read_back(tmp_path: Path) -> None:
    """The sender hears the operator's reason, late as it is."""
    findings = [
        {"when": {"json": "$.state", "equals": "failed"}, "is": "refused", "reason": {"json": "$.why"}},
        {"when": {"json": "$.id"}, "is": "arrived"},
        {"status": 404, "is": "absent"},
    ]
    async with rig_of(tmp_path, described(JSON, recover={"findings": findings})) as rig:
        sent = await _lose(rig, "cut")
        rig.service.script = [web.json_response({"state": "failed", "why": "mailbox closed"})]
        outcome = await _recovered(rig, sent)
        assert isinstance(outcome, Refused)
        assert "mailbox closed" in outcome.reason.fr
