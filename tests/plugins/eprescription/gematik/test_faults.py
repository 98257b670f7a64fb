"""Every fault of the service, at every step: one prescription or none, and words that say which."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from hub.domain.outcome import Deferred, Delivered, Refused, Uncertain
from hub.domain.prescription import CancelResult, PrescriptionState
from hub.errors import PeerError
from hub.ports.prescription import Reason, Record, Signing
from hub.testing.prescription_contract import attempt, begin, issued, run
from hub_eprescription.gematik.asking import Reply
from hub_eprescription.gematik.outcome import NOTHING
from hub_eprescription.signing import cades
from hub_eprescription.simulator.faults import KINDS, UNDONE
from hub_eprescription.wire.session import Answer
from tests.plugins.eprescription import prescribers
from tests.plugins.eprescription.gematik.practice import (
    ACCESS,
    CAMILLE,
    DAY,
    SimulatorRig,
    bundle,
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
        outcomes = [await attempt(rig, order, journal) for _ in range(12)]
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


async def test_the_token_is_read_again_when_it_was_refused(tmp_path: Path) -> None:
    """The service is not asked with a token that it refused; a new one is used at once."""
    async with practice(tmp_path) as one:
        rig = SimulatorRig(one)
        order, journal = begin(rig)
        one.token.write_text("expired-token", "utf-8")
        for _ in range(3):
            outcome = await attempt(rig, order, journal)
            assert isinstance(outcome, Deferred)
            assert outcome.code == "prescription.token_refused"
        assert len([each for each in one.simulation.seen if each.status == 401]) == 1
        one.token.write_text(ACCESS.token, "utf-8")
        assert isinstance(await attempt(rig, order, journal), Delivered)
        assert journal.record.orphans == 0


async def test_a_token_that_others_can_read_is_not_used(tmp_path: Path) -> None:
    """The prescription waits, and the words say which command puts it right."""
    async with practice(tmp_path) as one:
        rig = SimulatorRig(one)
        order, journal = begin(rig)
        one.token.unlink()
        one.token.write_text(ACCESS.token + "a", "utf-8")
        one.token.chmod(0o644)
        outcome = await attempt(rig, order, journal)
        assert isinstance(outcome, Deferred)
        assert outcome.code == "prescription.token_file"
        assert "chmod 600" in outcome.reason.en


async def test_the_day_that_is_over_leaves_the_draft_behind(tmp_path: Path) -> None:
    """A number was fetched, and nobody signed that day: nothing is issued, and the draft is counted."""
    async with practice(tmp_path, signing=Signing.WORKSTATION) as one:
        rig = SimulatorRig(one)
        order, journal = begin(rig)
        outcome = await attempt(rig, order, journal)
        assert isinstance(outcome, Deferred)
        assert outcome.code == "prescription.awaits_signature"
        assert journal.record.awaits
        one.clock.advance(timedelta(days=1))
        refused = await attempt(rig, order, journal)
        assert isinstance(refused, Refused)
        assert refused.code == "prescription.authored_on"
        assert DAY.isoformat() in refused.reason.en
        assert journal.record.orphans == 1
        assert journal.record.number is None
        assert not journal.record.awaits


async def test_signed_on_its_day_it_may_be_issued_the_day_after(tmp_path: Path) -> None:
    """What counts is the day of the signature: the same bytes go on, and are not signed again."""
    async with practice(tmp_path) as one:
        rig = SimulatorRig(one)
        order, journal = begin(rig)
        one.simulation.fault("activate", "status:503")
        assert isinstance(await attempt(rig, order, journal), Deferred)
        one.clock.advance(timedelta(days=1))
        assert isinstance(await attempt(rig, order, journal), Delivered)
        assert len(journal.signatures) == 1


async def test_what_the_workstation_signed_is_what_it_was_given(tmp_path: Path) -> None:
    """Another content, another professional, another authority, a changed byte, another day: not taken."""
    async with practice(tmp_path, signing=Signing.WORKSTATION) as one:
        rig = SimulatorRig(one)
        order, journal = begin(rig)
        await attempt(rig, order, journal)
        content = await journal.to_sign()
        assert content is not None
        signer, now = one.holder.signer, one.clock.now()
        good = await cades.envelop(content, signer, now)
        stranger = prescribers.prescriber(None).signer
        tried = {
            "prescription.other_content": await cades.envelop(
                content.replace(b"1-0-1-0", b"9-9-9-9"), signer, now
            ),
            "prescription.signer_untrusted": await cades.envelop(content, stranger, now),
            "prescription.signature_broken": good.replace(b"1-0-1-0", b"9-9-9-9"),
            "prescription.signed_on": await cades.envelop(content, signer, now - timedelta(days=1)),
            "prescription.signature_malformed": b"0" + good,
        }
        for code, signed in tried.items():
            with pytest.raises(Exception) as caught:  # noqa: PT011 - the code below says which
                await one.service.take_signed(signed, CAMILLE, journal)
            assert caught.value.code == code  # type: ignore[attr-defined]
            assert await journal.signed() is None
        await one.service.take_signed(good, CAMILLE, journal)
        await one.service.take_signed(good, CAMILLE, journal)
        assert isinstance(await run(rig, order, journal), Delivered)
        assert await journal.signed() == good


async def test_without_a_key_nothing_is_asked(tmp_path: Path) -> None:
    """No number is burnt for a prescriber who can't sign."""
    async with practice(tmp_path) as one:
        rig = SimulatorRig(one)
        order, journal = begin(rig)
        one.service._drafting._keys.signers._signers.clear()
        outcome = await attempt(rig, order, journal)
        assert isinstance(outcome, Refused)
        assert outcome.code == "prescription.no_signer"
        assert one.simulation.asked["create"] == 0


async def test_a_service_with_two_addresses_is_asked_at_the_other(tmp_path: Path) -> None:
    """A dead first address costs nothing but the try; the one that answers is asked first from then on."""
    async with practice(tmp_path, first=("https://localhost:1",)) as one:
        rig = SimulatorRig(one)
        for number in (1, 2):
            order, journal = begin(rig, number)
            assert isinstance(await attempt(rig, order, journal), Delivered)
            assert journal.record.orphans == 0
        assert one.service._asking._first == 1


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


async def test_where_prescribers_may_not_look_what_is_known_counts(tmp_path: Path) -> None:
    """Today's service tells prescribers nothing: it is asked once, and a prescription expires by its date."""
    async with practice(tmp_path, prescribers_read=False) as one:
        rig = SimulatorRig(one)
        record = await issued(rig)
        await rig.dispense(record)
        cursor = (await one.service.events(None)).cursor
        for _ in range(3):
            assert (await one.service.status(record)).state is PrescriptionState.ACTIVE
            assert (await one.service.events(cursor)).events == ()
        assert one.simulation.asked["task"] == 1
        assert one.simulation.asked["dispensed"] == 1
        assert one.log.events().count("prescription.untold") == 2
        assert record.expires_at is not None
        one.clock.advance(record.expires_at - one.clock.now())
        assert (await one.service.status(record)).state is PrescriptionState.EXPIRED


async def test_what_was_cancelled_elsewhere_is_seen(tmp_path: Path) -> None:
    """The patient, or the pharmacy, deleted it: the prescriber sees so, and a cancel says that it was."""
    async with practice(tmp_path) as one:
        rig = SimulatorRig(one)
        record = await issued(rig)
        await rig.claim(record)
        assert (await one.service.status(record)).state is PrescriptionState.CLAIMED
        one.simulation.pharmacy.dispense(record.number or "")
        assert (await one.service.status(record)).state is PrescriptionState.PARTLY_DISPENSED
        one.simulation.pharmacy.abort(record.number or "")
        assert (await one.service.status(record)).state is PrescriptionState.CANCELLED
        said = await one.service.cancel(record, Reason(), CAMILLE)
        assert said.result is CancelResult.ALREADY_CANCELLED
        assert said.detail["resourceType"] == "OperationOutcome"


async def test_another_practice_can_not_cancel_it(tmp_path: Path) -> None:
    """A wrong access code is told as such."""
    async with practice(tmp_path) as one:
        record = await issued(SimulatorRig(one))
        held = one.simulation.gematik.kept.get(record.number or "")
        assert held is not None
        held.access_code = "0" * 64
        said = await one.service.cancel(record, Reason(), CAMILLE)
        assert said.result is CancelResult.OTHER_PRESCRIBER
        assert said.state is record.state


@pytest.mark.parametrize("kind", ["status:500", "status:503", "status:429", "inside", "cut", "redirect"])
async def test_a_cancel_that_got_no_answer_is_asked_again(kind: str, tmp_path: Path) -> None:
    """It raises PeerError, by which the hub keeps the wish; the next time it is cancelled."""
    async with practice(tmp_path) as one:
        record = await issued(SimulatorRig(one))
        one.simulation.fault("abort", kind)
        with pytest.raises(PeerError):
            await one.service.cancel(record, Reason(), CAMILLE)
        assert (await one.service.cancel(record, Reason(), CAMILLE)).result is CancelResult.CANCELLED


async def test_news_come_page_by_page_and_once(tmp_path: Path) -> None:
    """More than a page of them: each is told once, and the cursor knows them."""
    async with practice(tmp_path) as one:
        rig = SimulatorRig(one)
        cursor = (await one.service.events(None)).cursor
        told: list[str] = []
        for number in range(1, 61):
            await rig.dispense(await issued(rig, number))
        pages = 0
        while True:
            news = await one.service.events(cursor)
            told += [each.id for each in news.events]
            cursor, pages = news.cursor, pages + 1
            if not news.more:
                break
        assert pages == 2
        assert len(told) == len(set(told)) == 60
        assert (await one.service.events(cursor)).events == []


async def test_a_private_patient_gets_a_private_prescription(tmp_path: Path) -> None:
    """The kind of prescription follows the insurance when the order does not say."""
    async with practice(tmp_path) as one:
        rig = SimulatorRig(one)
        order, journal = begin(rig, content=bundle(insurance="PKV"))
        assert isinstance(await run(rig, order, journal), Delivered)
        assert (journal.record.number or "").startswith("200.")


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


async def test_midnight_while_a_number_is_given_signs_nothing(tmp_path: Path) -> None:
    """The prescription bears the day that has just ended: it is not signed on the next one."""
    async with practice(tmp_path) as one:
        rig = SimulatorRig(one)
        order, journal = begin(rig)
        keep = journal.keep

        async def slow(record: Record) -> Record:
            kept = await keep(record)
            if record.number is not None and record.state is PrescriptionState.DRAFT:
                one.clock.advance(timedelta(days=1))
            return kept

        journal.keep = slow  # type: ignore[method-assign]
        outcome = await attempt(rig, order, journal)
        assert isinstance(outcome, Refused)
        assert outcome.code == "prescription.authored_on"
        assert journal.signatures == []
        assert journal.record.orphans == 1
