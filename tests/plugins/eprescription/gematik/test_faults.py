"""Every fault of the service, at every step: one prescription or none, and words that say which."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.domain.outcome import Deferred, Delivered, Refused, Uncertain
from hub.domain.prescription import PrescriptionState
from hub.testing.journals import Killed
from hub.testing.prescription_contract import attempt, begin, run
from hub_eprescription.gematik.asking import Reply
from hub_eprescription.gematik.outcome import NOTHING
from hub_eprescription.simulator.faults import KINDS, UNDONE
from hub_eprescription.wire.session import Answer
from tests.plugins.eprescription.gematik.practice import (
    SimulatorRig,
    practice,
)

_WAITS = frozenset({"silent", "hung", "slow"})
_STATUSES = [*range(400, 418), 429, 454, 458, *range(500, 513)]
_KINDS = sorted(KINDS - _WAITS)
_LIES = frozenset({"done:408", "done:429", "done:503"})


@pytest.mark.parametrize("route", ["create", "activate"])
@pytest.mark.parametrize("kind", [*_KINDS, *(f"done:{one}" for one in (500, 502, 503, 504, 429, 408))])
async def test_one_comes_of_it_whatever_fails_once(kind: str, route: str, tmp_path: Path) -> None:
    """After one fault the hub goes on, and the service holds one prescription, signed once."""
    async with practice(tmp_path) as one:
        rig = SimulatorRig(one)
        order, journal = begin(rig)
        one.simulation.fault(route, kind)
        outcome = await run(rig, order, journal)
        if kind == "done:502" and route == "create":
            # The table lets it be repeated at another address only, and there is none.
            assert isinstance(outcome, Refused)
            assert outcome.code == "prescription.given_up"
            assert await rig.count() == 0
            return
        assert isinstance(outcome, Delivered)
        assert await rig.count() == 1
        assert len(journal.signatures) == 1
        kept = one.simulation.gematik.kept.get(journal.record.number or "")
        assert kept is not None
        assert kept.signed == journal.signatures[0]
        drafts = sum(held.state.value == "draft" for held in one.simulation.gematik.kept)
        # Of a service that says it did nothing, and did, nobody can know.
        assert drafts <= journal.record.orphans or kind in _LIES


@pytest.mark.parametrize("route", ["create", "activate"])
@pytest.mark.parametrize("kind", sorted(_WAITS))
async def test_a_service_that_does_not_answer_holds_nobody_up(kind: str, route: str, tmp_path: Path) -> None:
    """The wait ends, and the next attempt finds out."""
    async with practice(tmp_path, answer_timeout=timedelta(seconds=1)) as one:
        rig = SimulatorRig(one)
        order, journal = begin(rig)
        one.simulation.fault(route, kind)
        first = await attempt(rig, order, journal)
        assert isinstance(first, Deferred if route == "create" else Uncertain)
        one.simulation.heal()
        assert isinstance(await run(rig, order, journal, settles=True), Delivered)
        assert await rig.count() == 1
        assert (kind in UNDONE) or route == "activate" or journal.record.orphans >= 1


@pytest.mark.parametrize("status", _STATUSES)
async def test_a_status_that_the_table_calls_final_is_final(status: int, tmp_path: Path) -> None:
    """Refused ones are asked once only; the others are put off, or looked into; never both."""
    async with practice(tmp_path) as one:
        rig = SimulatorRig(one)
        order, journal = begin(rig)
        one.simulation.fault("activate", f"status:{status}", 3)
        outcome = await attempt(rig, order, journal)
        match status:
            case 401:
                assert isinstance(outcome, Deferred)
                assert outcome.code == "prescription.token_refused"
            case 429:
                assert isinstance(outcome, Deferred)
                assert outcome.retry_after == timedelta(hours=1)
            case 408 | 503 | 509 | 512:
                assert isinstance(outcome, Deferred)
                assert outcome.operator_failed
            case 500 | 502 | 504 | 506 | 507:
                assert isinstance(outcome, Uncertain)
            case _:
                assert isinstance(outcome, Refused)
                assert journal.record.state is PrescriptionState.REJECTED
                assert isinstance(await attempt(rig, order, journal), Refused)
        assert one.simulation.asked["activate"] == 1
        assert outcome.reason.en.endswith((".", "”"))


async def test_after_eleven_failures_the_prescriber_is_told_to_do_otherwise(tmp_path: Path) -> None:
    """Ten repeats are allowed, not more."""
    async with practice(tmp_path) as one:
        rig = SimulatorRig(one)
        order, journal = begin(rig)
        one.simulation.fault("create", "status:503", 100)
        outcomes = []
        for _ in range(12):
            outcomes.append(await attempt(rig, order, journal))
            await rig.settled(journal)
        assert all(isinstance(each, Deferred) for each in outcomes[:10])
        for outcome in outcomes[10:]:
            assert isinstance(outcome, Refused)
            assert outcome.code == "prescription.given_up"
        assert one.simulation.asked["create"] == 11


async def test_what_may_be_issued_is_never_given_up(tmp_path: Path) -> None:
    """When its tries are spent it rests for an hour, then goes on, and comes to its one prescription."""
    async with practice(tmp_path) as one:
        rig = SimulatorRig(one)
        order, journal = begin(rig)
        one.simulation.fault("activate", "done:500")
        one.simulation.fault("activate", "status:500", 100)
        assert isinstance(await attempt(rig, order, journal), Uncertain)
        for _ in range(20):
            assert isinstance(await attempt(rig, order, journal, settle=True), Uncertain)
        assert one.simulation.asked["activate"] == 11
        one.simulation.heal()
        one.clock.advance(timedelta(hours=1))
        assert isinstance(await attempt(rig, order, journal, settle=True), Delivered)
        assert await rig.count() == 1


@pytest.mark.parametrize(
    ("route", "status"),
    [*(("activate", one) for one in (202, 252, 253, 254)), ("create", 253), ("create", 254)],
)
async def test_a_warning_is_success(route: str, status: int, tmp_path: Path) -> None:
    """It is issued, and the prescriber is told what the service dislikes."""
    async with practice(tmp_path) as one:
        rig = SimulatorRig(one)
        order, journal = begin(rig)
        one.simulation.fault(route, f"done:{status}")
        assert isinstance(await attempt(rig, order, journal), Delivered)
        assert len(journal.record.warnings) == 1
        assert journal.record.expires_at is not None


async def test_a_failure_inside_a_success_is_a_refusal(tmp_path: Path) -> None:
    """A service that answers 200 and says no, twice, has issued nothing; its words are passed on."""
    async with practice(tmp_path) as one:
        rig = SimulatorRig(one)
        order, journal = begin(rig)
        one.simulation.fault("activate", "inside", 2)
        outcome = await attempt(rig, order, journal)
        assert isinstance(outcome, Refused)
        assert outcome.code == "prescription.refused"
        assert "outcome" in journal.record.facts
        assert await rig.count() == 0


async def test_many_at_once_are_issued_once_each(tmp_path: Path) -> None:
    """Faults among them: each comes to its one prescription."""
    async with practice(tmp_path) as one:
        rig = SimulatorRig(one)
        begun = [begin(rig, number) for number in range(40)]
        for kind in ("lost", "cut", "done:500", "twice", "truncated"):
            one.simulation.fault("activate", kind, 3)
            one.simulation.fault("create", kind, 2)
        outcomes = await asyncio.gather(*(run(rig, *each) for each in begun))
        assert all(isinstance(each, Delivered) for each in outcomes)
        assert await rig.count() == len(begun)
        for _, journal in begun:
            held = one.simulation.gematik.kept.get(journal.record.number or "")
            assert held is not None
            assert [held.signed] == journal.signatures


@pytest.mark.parametrize("status", [403, 404, 413, 501, 505, 511])
async def test_what_stands_in_between_does_not_end_what_may_be_issued(status: int, tmp_path: Path) -> None:
    """A gateway's refusal, without an OperationOutcome, says nothing of a prescription that may be issued."""
    async with practice(tmp_path) as one:
        rig = SimulatorRig(one)
        order, journal = begin(rig)
        one.simulation.fault("activate", "lost")
        assert isinstance(await attempt(rig, order, journal), Uncertain)
        asking = one.service._activating._asking
        ask = asking.ask

        async def refusing(*_: object, **__: object) -> Reply:
            answer = Answer(status=status, headers={}, body=b"<html/>", media_type="text/html")
            return Reply(answer=answer, judgement=asking._table.judge(status), said=NOTHING)

        asking.ask = refusing  # type: ignore[method-assign]
        assert isinstance(await attempt(rig, order, journal, settle=True), Uncertain)
        assert journal.record.state is PrescriptionState.SIGNED
        asking.ask = ask  # type: ignore[method-assign]
        assert isinstance(await attempt(rig, order, journal, settle=True), Delivered)
        assert await rig.count() == 1


@pytest.mark.parametrize("status", [400, 403, 404, 413, 499])
async def test_what_stands_in_between_denies_nothing_that_was_done(
    status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A gateway refuses what the service had done: asked again, the service says that it has it."""
    async with practice(tmp_path) as one:
        rig = SimulatorRig(one)
        order, journal = begin(rig)
        asking, refused = one.service._activating._asking, list[str]()
        ask = asking.ask

        async def refusing(method: str, path: str, **given: Any) -> Reply:
            reply = await ask(method, path, **given)
            if refused or not path.endswith("$activate"):
                return reply
            refused.append(path)
            answer = Answer(status=status, headers={}, body=b"<html/>", media_type="text/html")
            return Reply(answer=answer, judgement=asking._table.judge(status), said=NOTHING)

        monkeypatch.setattr(asking, "ask", refusing)
        assert isinstance(await attempt(rig, order, journal), Delivered)
        assert len(refused) == 1
        assert await rig.count() == 1


async def test_who_is_told_to_wait_waits(tmp_path: Path) -> None:
    """Too many requests while it is not known what became of one: nothing is asked for an hour."""
    async with practice(tmp_path) as one:
        rig = SimulatorRig(one)
        order, journal = begin(rig)
        one.simulation.fault("activate", "lost")
        one.simulation.fault("activate", "status:429")
        assert isinstance(await attempt(rig, order, journal), Uncertain)
        assert isinstance(await attempt(rig, order, journal, settle=True), Uncertain)
        assert isinstance(await attempt(rig, order, journal, settle=True), Uncertain)
        assert one.simulation.asked["activate"] == 2
        one.clock.advance(timedelta(hours=1))
        assert isinstance(await attempt(rig, order, journal, settle=True), Delivered)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (rb"160(\.\d{3}){4}\.\d\d", b"160.000.000.000.001.09"),
        (rb'status value="ready"', b'status value="draft"'),
    ],
    ids=["another", "draft"],
)
async def test_an_answer_about_something_else_counts_for_nothing(
    old: bytes, new: bytes, tmp_path: Path
) -> None:
    """A success that names another prescription, or a draft, is none; the next answer says what it was."""
    async with practice(tmp_path) as one:
        rig = SimulatorRig(one)
        order, journal = begin(rig)
        asking = one.service._activating._asking
        ask = asking.ask

        async def mixed_up(method: str, path: str, **more: Any) -> Reply:
            reply = await ask(method, path, **more)
            body = re.sub(old, new, reply.answer.body) if reply.status == 200 else b"<html/>"
            answer = replace(reply.answer, body=body, status=200)
            return replace(reply, answer=answer, judgement=asking._table.judge(200), said=NOTHING)

        asking.ask = mixed_up  # type: ignore[method-assign]
        one.service._drafting._asking = type(asking)(asking._session, asking._table)
        assert isinstance(await attempt(rig, order, journal), Uncertain)
        assert journal.record.issued_at is None
        asking.ask = ask  # type: ignore[method-assign]
        assert isinstance(await attempt(rig, order, journal, settle=True), Delivered)
        assert await rig.count() == 1


async def test_a_number_that_nobody_heard_of_is_counted(tmp_path: Path) -> None:
    """The hub died while it asked for a number: one may lie at the service, and the record says so."""
    async with practice(tmp_path) as one:
        rig = SimulatorRig(one)
        order, journal = begin(rig)
        journal.kill_at, journal.kept = 2, False
        with pytest.raises(Killed):
            await attempt(rig, order, journal)
        assert one.simulation.asked["create"] == 1
        journal.kill_at = None
        assert isinstance(await run(rig, order, journal, settles=True), Delivered)
        assert journal.record.orphans == 1
        assert await rig.count() == 1


@pytest.mark.parametrize("route", ["create", "activate"])
async def test_too_many_requests_are_not_followed_by_more(route: str, tmp_path: Path) -> None:
    """Whoever wakes the issue within the hour: the service is not asked before it is over."""
    async with practice(tmp_path) as one:
        rig = SimulatorRig(one)
        order, journal = begin(rig)
        one.simulation.fault(route, "status:429")
        for _ in range(3):
            outcome = await attempt(rig, order, journal)
            assert isinstance(outcome, Deferred)
            assert outcome.retry_after == timedelta(hours=1)
        assert one.simulation.asked[route] == 1
        one.clock.advance(timedelta(hours=1))
        assert isinstance(await attempt(rig, order, journal), Delivered)


async def test_what_is_known_to_be_issued_is_not_asked_about(tmp_path: Path) -> None:
    """A repeated delivery leaves the service alone, and the record as it is."""
    async with practice(tmp_path) as one:
        rig = SimulatorRig(one)
        order, journal = begin(rig)
        assert isinstance(await run(rig, order, journal), Delivered)
        record = journal.record
        one.clock.advance(timedelta(days=1))
        assert isinstance(await attempt(rig, order, journal), Delivered)
        assert isinstance(await attempt(rig, order, journal, settle=True), Delivered)
        assert journal.record == record
        assert one.simulation.asked["activate"] == 1
