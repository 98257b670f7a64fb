"""To cancel when things go wrong: no wish is lost, nobody is left to believe what is not so."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from hub.domain.address import Address
from hub.domain.message import DocumentRole, Kind
from hub.domain.outcome import Delivered, Refused
from hub.domain.party import Party, PartyKind
from hub.domain.prescription import CancelResult, PrescriptionState
from hub.domain.prescription_order import HandOrder
from hub.domain.target import Description
from hub.errors import InputError, LimitError, PeerError, TrustError, Words
from hub.ports.intake import Accepted, Stage, Submission
from hub.ports.prescription import (
    Cancellation,
    Dispensing,
    Enclosure,
    Handover,
    News,
    Reason,
    Record,
)
from hub.testing.fakes import RecordingIntake
from hub_eprescription import following
from hub_eprescription.agenda import Life
from tests.plugins.eprescription.scripted import LILAS, LOST, PHARMACY, Bench, ScriptedService, dispensed

WHY = Reason(code="0001", text="Prescribed in error")
TO_PHARMACY = HandOrder(to=PHARMACY)
SECOND = Address.parse("pharmacie.des.halles@valbrume.mssante.example")
S = PrescriptionState
NOT_LISTED = TrustError("recipient.unknown", Words(en="Not listed.", fr="Pas répertoriée."))


class Carrying(ScriptedService):
    """A service that can't cancel; those to whom a prescription was handed over are told."""

    def __init__(self) -> None:
        super().__init__(tracks=False, cancels=False)

    async def cancel(self, record: Record, reason: Reason, prescriber: Party) -> Cancellation:
        """Say that it can't be."""
        words = Words(en="It can't be.", fr="Impossible.")
        return Cancellation(result=CancelResult.NOT_SUPPORTED, state=record.state, words=words)

    def recall(self, record: Record, reason: Reason, language: str) -> Handover:
        """Write the reason."""
        text = reason.text.encode()
        part = Enclosure(name="message.txt", media_type="text/plain", content=text, body=True)
        return Handover(subject="Withdrawn", enclosures=(part,))


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """Make a connector in its first run."""
    return Bench(tmp_path)


@pytest.fixture
def carrying(tmp_path: Path) -> Bench:
    """Make a connector whose service can't cancel."""
    return Bench(tmp_path, Carrying())


def failing(bench: Bench, monkeypatch: pytest.MonkeyPatch, to: Address, error: Exception) -> None:
    """Let mail to one address fail."""
    submit = type(bench.intake).submit

    async def submitted(intake: RecordingIntake, stage: Stage, submission: Submission) -> Accepted:
        if submission.recipients[0].asked == str(to):
            raise error
        return await submit(intake, stage, submission)

    monkeypatch.setattr(type(bench.intake), "submit", submitted)


async def told(bench: Bench, to: Address, subject: str = "") -> list[str]:
    """Return the texts of the mails to somebody."""
    return [
        (await one.parts[0].content.read()).decode()
        for one in bench.intake.submissions
        if one.recipients[0].asked == str(to) and subject in one.subject
    ]


async def test_a_wish_outlives_the_number_that_it_was_about(bench: Bench) -> None:
    """Back to a draft while the wish waited: it is never issued."""
    bench.service.loses = True
    parcel = bench.order()
    await bench.connector.deliver(parcel)
    bench.service.down = True
    with pytest.raises(PeerError):
        await bench.connector.cancel(parcel.sealed.envelope.id, WHY)
    async with bench.connector._bureau.holding(parcel.sealed.envelope.id) as journal:
        await journal.keep(replace(journal.record, state=S.DRAFT))
    await bench.work()
    bench.service.down = False
    bench.service.held.clear()
    (outcome,) = (await bench.connector.deliver(parcel)).values()
    assert isinstance(outcome, Refused)
    assert outcome.code == "prescription.cancelled"
    assert bench.service.held == {}


async def test_an_order_without_an_end_is_cancelled_at_the_service(bench: Bench) -> None:
    """Its outcome never came, and its order is over: the service is asked all the same."""
    bench.service.loses = True
    parcel = bench.order()
    await bench.connector.deliver(parcel)
    with pytest.raises(PeerError, match=r"prescription\.under_way"):
        await bench.connector.cancel(parcel.sealed.envelope.id, WHY)
    await bench.work()
    assert bench.service.held == {"160.1": S.CANCELLED}
    assert len(await told(bench, LILAS)) == 1


async def test_a_wish_does_not_wait_for_a_slow_service(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """While an issue hangs, the client hears that the wish is kept; it is granted once that is over."""
    monkeypatch.setattr(following, "PATIENCE", 0.01)
    id_ = await bench.issued()
    async with bench.connector._bureau.holding(id_):
        with pytest.raises(PeerError, match=r"prescription\.under_way"):
            await bench.connector.cancel(id_, WHY)
        assert await bench.connector._bureau.agenda.to_cancel(id_)
    await bench.work()
    assert bench.service.held == {"160.1": S.CANCELLED}


async def test_a_stop_of_the_hub_stops_no_wish(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed between question and answer: cancelled after the restart, and the prescriber hears of it."""
    id_ = await bench.issued()

    async def killed(*_: object) -> Cancellation:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(bench.service, "cancel", killed)
        with pytest.raises(KeyboardInterrupt):
            await bench.connector.cancel(id_, WHY)
    bench.restart()
    bench.clock.advance(timedelta(minutes=6))
    await bench.work()
    assert bench.service.held == {"160.1": S.CANCELLED}
    assert len(await told(bench, LILAS)) == 1


async def test_what_is_answered_is_asked_once(bench: Bench) -> None:
    """A wish that was granted at once is not taken up again."""
    id_ = await bench.issued()
    await bench.connector.cancel(id_, WHY)
    bench.clock.advance(timedelta(hours=1))
    await bench.work()
    assert bench.service.reasons == [WHY]
    assert bench.intake.submissions == []


async def test_a_wish_is_granted_as_soon_as_the_issue_has_ended(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Put off for longer and longer while the issue hung, it is not put off any more once that is over."""
    monkeypatch.setattr(following, "PATIENCE", 0.01)
    bench.service.loses = True
    parcel = bench.order(hand_over=[TO_PHARMACY])
    await bench.connector.deliver(parcel)
    id_ = parcel.sealed.envelope.id
    async with bench.connector._bureau.holding(id_):
        with pytest.raises(PeerError):
            await bench.connector.cancel(id_, WHY)
        for _ in range(8):
            await bench.work()
            bench.clock.advance(timedelta(minutes=20))
        await bench.work()
    await bench.connector.recover(parcel)
    await bench.work()
    assert bench.service.held == {"160.1": S.CANCELLED}
    assert await told(bench, PHARMACY) == []


async def test_a_wish_that_is_given_up_is_told(bench: Bench) -> None:
    """After two weeks without an answer the prescriber hears that nothing was cancelled."""
    id_ = await bench.issued()
    bench.service.down = True
    with pytest.raises(PeerError):
        await bench.connector.cancel(id_, WHY)
    await bench.work()
    bench.clock.advance(timedelta(days=15))
    await bench.work()
    (text,) = await told(bench, LILAS)
    assert "n'essaie plus" in text
    assert "non annulée" in bench.intake.submissions[0].subject
    assert not await bench.connector._bureau.agenda.to_cancel(id_)


async def test_two_wishes_are_answered_twice(bench: Bench) -> None:
    """A pharmacy has it both times: the prescriber hears it both times."""
    id_ = await bench.issued()
    for _ in range(2):
        bench.service.held["160.1"] = S.CLAIMED
        bench.service.down = True
        with pytest.raises(PeerError):
            await bench.connector.cancel(id_, WHY)
        bench.service.down = False
        bench.clock.advance(timedelta(hours=1))
        await bench.work()
    assert len(await told(bench, LILAS)) == 2


async def test_what_is_to_be_cancelled_is_not_handed_over(bench: Bench) -> None:
    """While the service has not answered nothing goes to the pharmacy; cancelled, nothing ever does."""
    id_ = await bench.issued(TO_PHARMACY)
    bench.service.down = True
    with pytest.raises(PeerError):
        await bench.connector.cancel(id_, WHY)
    with pytest.raises(PeerError, match=r"prescription\.to_be_cancelled"):
        await bench.connector.hand_over(id_, TO_PHARMACY)
    await bench.work()
    bench.service.down = False
    for _ in range(3):
        bench.clock.advance(timedelta(hours=2))
        await bench.work()
    assert bench.service.held == {"160.1": S.CANCELLED}
    assert await told(bench, PHARMACY) == []


async def test_what_was_not_cancelled_is_handed_over(bench: Bench) -> None:
    """The service answers that it stands: the hand-over that waited goes out."""
    id_ = await bench.issued(TO_PHARMACY)
    bench.service.held["160.1"] = S.CLAIMED
    bench.service.down = True
    with pytest.raises(PeerError):
        await bench.connector.cancel(id_, WHY)
    bench.service.down = False
    for _ in range(3):
        bench.clock.advance(timedelta(hours=2))
        await bench.work()
    assert len(await told(bench, PHARMACY)) == 1


async def test_withdrawn_it_is_handed_over_no_more(carrying: Bench) -> None:
    """A hand-over that was owed when it was withdrawn would reach somebody whom nobody recalls it from."""
    id_ = await carrying.issued(TO_PHARMACY)
    said = await carrying.connector.cancel(id_, WHY)
    assert said.result is CancelResult.NOT_SUPPORTED
    await carrying.work()
    assert await told(carrying, PHARMACY) == []
    (text,) = await told(carrying, LILAS)
    assert "retiré" in text
    with pytest.raises(InputError, match=r"prescription\.withdrawn"):
        await carrying.connector.hand_over(id_, TO_PHARMACY)


@pytest.mark.parametrize("error", [LOST, NOT_LISTED], ids=["later", "never"])
async def test_one_who_can_t_be_told_keeps_it_from_nobody_else(
    carrying: Bench, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """All others hear that it is withdrawn; this one later, or the prescriber hears that it can't be."""
    id_ = await carrying.issued(TO_PHARMACY, HandOrder(to=SECOND))
    await carrying.work()
    with monkeypatch.context() as patched:
        failing(carrying, patched, PHARMACY, error)
        await carrying.connector.cancel(id_, WHY)
        assert await told(carrying, SECOND, "Withdrawn") == [WHY.text]
        await carrying.work()
    for _ in range(2):
        carrying.clock.advance(timedelta(hours=2))
        await carrying.work()
    reached = await told(carrying, PHARMACY, "Withdrawn")
    assert reached == ([WHY.text] if error is LOST else [])
    assert len(await told(carrying, SECOND, "Withdrawn")) == 1
    (letter,) = await told(carrying, LILAS)
    assert ("Pas répertoriée" in letter) is (error is NOT_LISTED)


async def test_a_mail_cancels_nothing_at_a_service(bench: Bench) -> None:
    """Whoever may write to its mailbox could else make prescribers believe that it is cancelled."""
    bench.service.tracks = False
    id_ = await bench.issued()
    forged = bench.parcel(
        Kind.MESSAGE,
        [("r", "application/x-dispensed", DocumentRole.ATTACHMENT, b"160.1")],
        sender=PHARMACY,
        number=7,
    )
    (outcome,) = (await bench.connector.deliver(forged)).values()
    assert isinstance(outcome, Delivered)
    standing = await bench.connector.standing(id_)
    assert standing is not None
    assert (standing.record.state, standing.events) == (S.ACTIVE, ())
    assert len(await told(bench, LILAS)) == 1


async def test_a_patient_says_nothing_of_what_was_dispensed(carrying: Bench) -> None:
    """What a patient attaches is passed on to be read, and moves nothing."""
    id_ = await carrying.issued()
    forged = carrying.parcel(
        Kind.MESSAGE,
        [("r.bin", "application/x-dispensed", DocumentRole.ATTACHMENT, b"160.1")],
        sender=Address.parse("theo.rivage@patient.example"),
        in_reply_to=f"<{id_}@hub.example>",
        number=7,
    )
    message = forged.sealed.envelope.message
    patient = replace(message.sender, kind=PartyKind.PATIENT)
    envelope = replace(forged.sealed.envelope, message=replace(message, sender=patient))
    forged = replace(forged, sealed=replace(forged.sealed, envelope=envelope))
    (outcome,) = (await carrying.connector.deliver(forged)).values()
    assert isinstance(outcome, Delivered), outcome
    standing = await carrying.connector.standing(id_)
    assert standing is not None
    assert (standing.record.state, standing.events) == (S.ACTIVE, ())
    assert len(await told(carrying, LILAS)) == 1


class Broken(ScriptedService):
    """A service whose answers make its adapter stumble."""

    async def events(self, cursor: str | None) -> News:
        """Stumble."""
        raise RecursionError

    async def status(self, record: Record) -> Record:
        """Refuse to say."""
        raise InputError("prescription.refused", Words(en="No.", fr="Non."))


async def test_an_answer_that_nobody_foresaw_stops_no_work(tmp_path: Path) -> None:
    """The service can't be asked for news; what is owed is done all the same, in one run."""
    bench = Bench(tmp_path, Broken())
    running = asyncio.ensure_future(bench.connector.receive(bench.intake))
    try:
        await bench.issued(TO_PHARMACY)
        async with asyncio.timeout(60):
            while not bench.intake.submissions:
                assert not running.done(), running
                await asyncio.sleep(0)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert ("warning", "prescription.no_news", {"operator": "erezept", "error": "RecursionError"}) in (
        bench.log.lines
    )


async def test_a_dispensing_is_told_whatever_the_service_says_of_the_state(tmp_path: Path) -> None:
    """The state can't be asked for: what the pharmacy reported reaches the prescriber all the same."""
    bench = Bench(tmp_path, Broken())
    await bench.issued()
    await bench.connector._working.hear([dispensed("160.1", S.PARTLY_DISPENSED)])
    await bench.work()
    assert len(await told(bench, LILAS)) == 1


async def test_events_of_any_size_are_heard(bench: Bench) -> None:
    """Many long ones outgrow the line that shows them; each is told, and the latest are shown."""
    id_ = await bench.issued()
    events: Sequence[Dispensing] = [
        replace(dispensed("160.1", S.PARTLY_DISPENSED), id=f"{at:03}" + "x" * 20_000, document=None)
        for at in range(60)
    ]
    assert await bench.connector._working.hear(events) == 60
    standing = await bench.connector.standing(id_)
    assert standing is not None
    assert standing.events[-1].id.startswith("059")
    await bench.work()
    assert len(await told(bench, LILAS)) == 60


async def test_hand_overs_without_end_keep_nobody_from_hearing(bench: Bench) -> None:
    """Whoever hands over for ever is stopped before a mail is sent, and what is dispensed is told still."""
    id_ = await bench.issued()
    agenda = bench.connector._bureau.agenda
    orders = [HandOrder(to=Description(name=f"{at:04} " + "x" * 900)) for at in range(1000)]
    handed = {one.name: id_ for one in orders[:500]}
    await agenda.put(agenda.lived(id_, Life(handed=handed)))
    stopped = list[str]()
    for one in orders[500:600]:
        try:
            await bench.connector.hand_over(id_, one)
        except LimitError as error:
            stopped.append(error.code)
    assert set(stopped) == {"prescription.handed_often"}
    assert len(bench.intake.submissions) == 100 - len(stopped)
    events = [
        replace(dispensed("160.1", S.PARTLY_DISPENSED), id=f"{at:03}" + "x" * 20_000, document=None)
        for at in range(40)
    ]
    assert await bench.connector._working.hear(events) == 40
