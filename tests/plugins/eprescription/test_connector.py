"""What every e-prescription service's connector does: issue once, hand over, tell, cancel."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.domain.ids import EnvelopeId
from hub.domain.message import DocumentRole, Kind
from hub.domain.outcome import Deferred, Delivered, Outcome, Refused, Uncertain
from hub.domain.prescription import CancelResult, Handing, PrescriptionState
from hub.domain.prescription_order import HandOrder
from hub.errors import InputError, PeerError, StoreError, TrustError, Words
from hub.plugin.ledger import EphemeralLedger
from hub.ports.connector import Corresponds, Delivers, Parcel, Probes, Recovers
from hub.ports.host import Receives
from hub.ports.ledger import Line
from hub.ports.prescribing import CodeForm, Prescribes
from hub.ports.prescription import Reason, Signing
from hub_eprescription.door.desk import Desk
from tests.plugins.eprescription.scripted import (
    LILAS,
    MAILBOX,
    PHARMACY,
    SECRET,
    Bench,
    ScriptedService,
    dispensed,
)

WHY = Reason(code="0001", text="Prescribed in error")
TO_PHARMACY = HandOrder(to=PHARMACY)
S = PrescriptionState


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """Make a connector in its first run."""
    return Bench(tmp_path)


async def only(said: Any) -> Outcome:
    """Return the one outcome."""
    (outcome,) = (await said).values()
    return outcome  # type: ignore[no-any-return]


def test_it_is_all_that_the_hub_asks_for(bench: Bench) -> None:
    """Core, API, doors and directory each find what they look for."""
    for ability in (Delivers, Recovers, Receives, Probes, Corresponds, Prescribes):
        assert isinstance(bench.connector, ability)
    desk: Desk = bench.connector
    desk.look_now()
    (mailbox,) = bench.connector.mailboxes
    assert mailbox.address == MAILBOX
    assert mailbox.answers_for == "Cabinet des Lilas"


async def test_an_issue_is_a_delivery(bench: Bench) -> None:
    """Issued, it has its number, its code, its sheet, and the very bytes that were signed."""
    id_ = await bench.issued()
    standing = await bench.connector.standing(id_)
    assert standing is not None
    assert (standing.record.state, standing.record.number) == (S.ACTIVE, "160.1")
    assert standing.view is not None
    assert [one.name for one in standing.view.medicines] == ["Doliprane"]
    signed = await bench.connector.signed(id_)
    assert signed is not None
    assert signed[1] == b'{"medicine": "Doliprane"}'
    png, sheet = await bench.connector.draw(id_, CodeForm.PNG), await bench.connector.printed(id_, "fr")
    assert png is not None
    assert png.startswith(b"\x89PNG")
    assert sheet is not None
    assert sheet.startswith(b"%PDF")


async def test_before_its_issue_there_is_nothing(bench: Bench) -> None:
    """No record, no bytes, no code, no sheet; and nothing is written by looking."""
    id_ = bench.order().sealed.envelope.id
    assert await bench.connector.standing(id_) is None
    assert await bench.connector.signed(id_) is None
    assert await bench.connector.draw(id_, CodeForm.PNG) is None
    assert await bench.connector.printed(id_, "fr") is None
    assert await bench.connector.to_sign(id_) is None


async def test_a_look_does_not_wait_for_a_slow_service(bench: Bench) -> None:
    """While an issue is under way, whoever asks sees how far it is."""
    id_ = await bench.issued()
    async with bench.connector._bureau.holding(id_):
        standing = await bench.connector.standing(id_)
    assert standing is not None


async def test_while_a_document_is_read_others_have_their_turn(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To look at a large one keeps nobody else from the hub."""
    id_ = await bench.issued()
    loop, read = asyncio.get_running_loop(), bench.service.read

    async def turn() -> None:
        """Have one."""

    def slowly(media_type: str, content: bytes) -> Any:
        asyncio.run_coroutine_threadsafe(turn(), loop).result(60)
        return read(media_type, content)

    monkeypatch.setattr(bench.service, "read", slowly)
    standing = await bench.connector.standing(id_)
    assert standing is not None
    assert standing.view is not None


async def test_a_lost_answer_is_found_out_not_repeated(bench: Bench) -> None:
    """Uncertain at first, then known; one prescription."""
    bench.service.loses = True
    parcel = bench.order(hand_over=[TO_PHARMACY])
    assert isinstance(await only(bench.connector.deliver(parcel)), Uncertain)
    bench.restart()
    assert isinstance(await only(bench.connector.recover(parcel)), Delivered)
    assert list(bench.service.held.values()) == [S.ACTIVE]
    await bench.work()
    assert len(bench.intake.submissions) == 1


async def test_what_was_lost_before_anything_was_signed_begins_again(bench: Bench) -> None:
    """Nothing that counts can exist at the service: the next attempt goes on."""
    outcome = await only(bench.connector.recover(bench.order()))
    assert isinstance(outcome, Deferred)
    assert not outcome.operator_failed
    assert bench.service.settled == 0


class Dying(EphemeralLedger):
    """A ledger whose process dies at one of its writes: before it is durable, or after."""

    def __init__(self) -> None:
        super().__init__()
        self.writes, self.at, self.after = 0, -1, False

    async def put(self, *lines: Line) -> None:
        """Write, or die."""
        self.writes += 1
        if self.writes == self.at and not self.after:
            raise KeyboardInterrupt
        await super().put(*lines)
        if self.writes == self.at:
            raise KeyboardInterrupt

    async def strike(self, *keys: str) -> None:
        """Forget, or die."""
        self.writes += 1
        if self.writes == self.at and not self.after:
            raise KeyboardInterrupt
        await super().strike(*keys)
        if self.writes == self.at:
            raise KeyboardInterrupt


@pytest.mark.parametrize("after", [False, True], ids=["before-the-write", "after-the-write"])
async def test_killed_at_any_write_everything_happens_once(tmp_path: Path, *, after: bool) -> None:
    """From the order to the last mail, every write is a place to die at: each thing happens once."""
    for at in range(1, 100):
        ledger = Dying()
        bench = Bench(tmp_path, ledger=ledger)
        ledger.at, ledger.after = at, after
        parcel = bench.order(hand_over=[TO_PHARMACY])
        died = False
        for _ in range(3):
            try:
                outcome = await only(
                    bench.connector.recover(parcel) if died else bench.connector.deliver(parcel)
                )
                if isinstance(outcome, Deferred):
                    outcome = await only(bench.connector.deliver(parcel))
                await bench.work()
                number = next(one for one, state in bench.service.held.items() if state is S.ACTIVE)
                bench.service.news = [dispensed(number)]
                await bench.connector._working._read_news()
                await bench.work()
                break
            except KeyboardInterrupt:
                died = True
                bench.restart()
        assert isinstance(outcome, Delivered), at
        assert sum(one is S.ACTIVE for one in bench.service.held.values()) == 1, at
        told = [one.recipients[0].asked for one in bench.intake.submissions]
        assert told == [str(PHARMACY), str(LILAS)], at
        standing = await bench.connector.standing(parcel.sealed.envelope.id)
        assert standing is not None
        assert (standing.record.state, len(standing.events)) == (S.COMPLETED, 1), at
        if not died:
            assert at > 8
            return
    raise AssertionError("it takes a hundred writes")


async def test_a_hand_over_is_the_prescriber_s_own_mail(bench: Bench) -> None:
    """It comes from the prescriber, in the thread of the order, with the service's header and the token."""
    id_ = await bench.issued(TO_PHARMACY)
    await bench.work()
    (sent,) = bench.intake.submissions
    assert (str(sent.sender), sent.peer.name, sent.kind) == (str(LILAS), "client:lilas", Kind.PRESCRIPTION)
    assert (sent.in_reply_to, sent.thread) == (id_, id_)
    original = await sent.parts[-1].content.read()
    assert b"X-KIM-Dienstkennung: eRezept;Zuweisung;V1.0" in original
    assert SECRET.encode() in original
    standing = await bench.connector.standing(id_)
    assert standing is not None
    assert list(standing.handed) == [TO_PHARMACY.name]


async def test_handed_over_twice_it_is_sent_once(bench: Bench) -> None:
    """The same person and form give the same mail; another form is another one."""
    id_ = await bench.issued()
    first = await bench.connector.hand_over(id_, TO_PHARMACY)
    assert await bench.connector.hand_over(id_, TO_PHARMACY) == first
    assert await bench.connector.hand_over(id_, replace(TO_PHARMACY, form=Handing.PRINT)) != first
    assert len(bench.intake.submissions) == 2
    assert bench.intake.submissions[1].parts[1].media_type == "application/pdf"


async def test_a_hand_over_that_can_t_be_tells_the_prescriber(bench: Bench) -> None:
    """The pharmacy is not listed: the prescriber reads why, and that the prescription stands."""
    await bench.issued(TO_PHARMACY)
    bench.intake.error = InputError(
        "recipients.refused", Words(en="Not listed.", fr="Ne figure pas dans l'annuaire.")
    )
    due = await bench.connector._bureau.agenda.due()
    with pytest.raises(InputError):
        await bench.connector._working._do(due[0])
    told = bench.intake.error.words
    bench.intake.error = None
    await bench.connector._working._give_up(due[0], told)
    (letter,) = bench.intake.submissions
    assert [one.asked for one in letter.recipients] == [str(LILAS)]
    text = (await letter.parts[0].content.read()).decode()
    assert "Ne figure pas dans l'annuaire." in text
    assert not await bench.connector._bureau.agenda.due()


async def test_what_can_t_be_done_now_is_done_later(bench: Bench) -> None:
    """The store or the directory fails: the mail is owed, and is sent when its time comes."""
    await bench.issued(TO_PHARMACY)
    bench.intake.error = PeerError("directory.unavailable", Words(en="Later.", fr="Plus tard."))
    await bench.work()
    assert not bench.intake.submissions
    bench.intake.error = None
    bench.clock.advance(timedelta(hours=1))
    await bench.work()
    assert len(bench.intake.submissions) == 1


async def test_every_dispensing_reaches_the_prescriber_once(bench: Bench) -> None:
    """Told by the service twice, over pages and a restart, each is one message in the order's thread."""
    id_ = await bench.issued()
    bench.service.news = [
        dispensed("160.1", S.CLAIMED),
        dispensed("160.1", S.PARTLY_DISPENSED),
        dispensed("999.9"),
        dispensed("160.1", S.COMPLETED),
    ]
    await bench.connector._working._read_news()
    await bench.work()
    bench.restart()
    bench.service.news += bench.service.news[1:2]
    await bench.connector._working._read_news()
    await bench.work()
    assert len(bench.intake.submissions) == 3
    assert {one.in_reply_to for one in bench.intake.submissions} == {id_}
    assert {str(one.sender) for one in bench.intake.submissions} == {str(MAILBOX)}
    assert {str(one.recipients[0].target) for one in bench.intake.submissions} == {str(LILAS)}
    assert b"<dispensed/>" in [await one.content.read() for one in bench.intake.submissions[-1].parts]
    standing = await bench.connector.standing(id_)
    assert standing is not None
    assert [one.state for one in standing.events] == [S.CLAIMED, S.PARTLY_DISPENSED, S.COMPLETED]
    assert standing.record.state is S.COMPLETED
    # Each leaves its line in the timeline of the order.
    assert sorted(one.event for _, one in bench.intake.acknowledgements) == [
        "prescription.claimed",
        "prescription.completed",
        "prescription.partly-dispensed",
    ]


async def test_a_large_document_reaches_the_prescriber_whole(bench: Bench) -> None:
    """It is larger than a line of the ledger, and goes along byte for byte; then nothing of it is kept."""
    await bench.issued()
    document = bytes(range(256)) * 12_000
    await bench.connector._working.hear([replace(dispensed("160.1"), document=document)])
    bench.restart()
    await bench.work()
    (letter,) = bench.intake.submissions
    assert document in [await one.content.read() for one in letter.parts]
    assert not [one for one in bench.ledger._lines if one.startswith("doc:")]  # type: ignore[attr-defined]


async def test_news_of_an_impossible_move_does_not_bring_it_back(bench: Bench) -> None:
    """An event that comes late is told, and the prescription stays what it has become."""
    id_ = await bench.issued()
    await bench.connector._working.hear([dispensed("160.1"), dispensed("160.1", S.CLAIMED)])
    standing = await bench.connector.standing(id_)
    assert standing is not None
    assert standing.record.state is S.COMPLETED
    assert len(standing.events) == 2


async def test_pushed_news_is_heard_as_asked_for(bench: Bench) -> None:
    """A document at the door says what happened; sent again, nothing is new."""
    await bench.issued()
    assert await bench.connector.take("application/x-dispensed", b"160.1") == 1
    assert await bench.connector.take("application/x-dispensed", b"160.1") == 0
    assert await bench.connector.take("application/pdf", b"160.1") == 0


async def test_it_is_cancelled(bench: Bench) -> None:
    """Once at the service; the second time the hub knows."""
    id_ = await bench.issued()
    said = await bench.connector.cancel(id_, WHY)
    assert said.result is CancelResult.CANCELLED
    again = await bench.connector.cancel(id_, WHY)
    assert again.result is CancelResult.ALREADY_CANCELLED
    assert bench.service.reasons == [WHY]


async def test_what_a_pharmacy_holds_is_not_cancelled(bench: Bench) -> None:
    """The answer names it, with the service's own words inside."""
    id_ = await bench.issued()
    bench.service.held["160.1"] = S.CLAIMED
    said = await bench.connector.cancel(id_, WHY)
    assert (said.result, said.state, said.detail) == (CancelResult.WITH_DISPENSER, S.CLAIMED, {"a": 1})
    standing = await bench.connector.standing(id_)
    assert standing is not None
    assert (standing.record.state, standing.record.cancelled) == (S.CLAIMED, CancelResult.WITH_DISPENSER)


async def test_cancelled_before_its_issue_it_is_never_issued(bench: Bench) -> None:
    """The order that waits comes to nothing, and nothing was asked of the service."""
    parcel = bench.order()
    said = await bench.connector.cancel(parcel.sealed.envelope.id, WHY)
    assert said.result is CancelResult.CANCELLED
    outcome = await only(bench.connector.deliver(parcel))
    assert isinstance(outcome, Refused)
    assert outcome.code == "prescription.cancelled"
    assert not bench.service.held


async def test_cancelled_while_nobody_knows_whether_it_is_issued(bench: Bench) -> None:
    """The wish waits until that is known; then it is cancelled, and the prescriber told."""
    bench.service.loses = True
    parcel = bench.order()
    await bench.connector.deliver(parcel)
    with pytest.raises(PeerError, match=r"prescription\.under_way"):
        await bench.connector.cancel(parcel.sealed.envelope.id, WHY)
    await bench.work()
    bench.restart()
    await bench.connector.recover(parcel)
    bench.clock.advance(timedelta(hours=1))
    await bench.work()
    assert bench.service.held == {"160.1": S.CANCELLED}
    (letter,) = bench.intake.submissions
    assert [one.asked for one in letter.recipients] == [str(LILAS)]


async def test_a_service_that_is_down_is_asked_to_cancel_later(bench: Bench) -> None:
    """The caller hears that it could not be asked; the wish stays, across a restart."""
    id_ = await bench.issued()
    bench.service.down = True
    with pytest.raises(PeerError):
        await bench.connector.cancel(id_, WHY)
    await bench.work()
    bench.restart()
    bench.service.down = False
    bench.clock.advance(timedelta(hours=2))
    await bench.work()
    assert bench.service.held == {"160.1": S.CANCELLED}
    assert bench.service.reasons == [WHY]


async def test_a_fresh_look_asks_the_service(bench: Bench) -> None:
    """Without it what is known is told; with it what is so, or that the service does not answer."""
    id_ = await bench.issued()
    bench.service.held["160.1"] = S.CLAIMED
    stale, fresh = await bench.connector.standing(id_), await bench.connector.standing(id_, fresh=True)
    assert stale is not None
    assert fresh is not None
    assert (stale.record.state, fresh.record.state) == (S.ACTIVE, S.CLAIMED)
    bench.service.down = True
    with pytest.raises(PeerError):
        await bench.connector.standing(id_, fresh=True)
    with pytest.raises(PeerError):
        await bench.connector.probe()


async def test_past_its_end_it_has_expired(bench: Bench) -> None:
    """Nobody took it in time: it is handed over no more, and says so without the service being asked."""
    id_ = await bench.issued()
    async with bench.connector._bureau.holding(id_) as journal:
        await journal.keep(replace(journal.record, expires_at=bench.clock.now() + timedelta(days=1)))
    bench.clock.advance(timedelta(days=2))
    standing = await bench.connector.standing(id_)
    assert standing is not None
    assert standing.record.state is S.EXPIRED
    with pytest.raises(InputError, match=r"prescription\.over"):
        await bench.connector.hand_over(id_, TO_PHARMACY)


async def test_a_workstation_signs(tmp_path: Path) -> None:
    """The issue waits for it, whatever is tried; what it signed is taken once, and other bytes never."""
    bench = Bench(tmp_path, ScriptedService(signing=Signing.WORKSTATION))
    parcel = bench.order()
    id_ = parcel.sealed.envelope.id
    for _ in range(2):
        outcome = await only(bench.connector.deliver(parcel))
        assert isinstance(outcome, Deferred)
        assert outcome.code == "prescription.awaits_signature"
    content = await bench.connector.to_sign(id_)
    assert content is not None
    with pytest.raises(TrustError):
        await bench.connector.take_signed(id_, b"other")
    await bench.connector.take_signed(id_, content)
    await bench.connector.take_signed(id_, content)
    assert await bench.connector.to_sign(id_) is None
    with pytest.raises(InputError, match=r"prescription\.nothing_to_sign"):
        await bench.connector.take_signed(id_, b"other")
    assert isinstance(await only(bench.connector.deliver(parcel)), Delivered)
    assert list(bench.service.held.values()) == [S.ACTIVE]


def letter(
    bench: Bench, text: str, answers: str | None, *, sender: Any = PHARMACY, number: int = 9
) -> Parcel:
    """Write to the service's mailbox."""
    return bench.parcel(
        Kind.MESSAGE,
        [("message.txt", "text/plain", DocumentRole.BODY, text.encode())],
        sender=sender,
        in_reply_to=answers,
        number=number,
    )


@pytest.mark.parametrize(
    "name", [lambda id_: id_, lambda id_: f"<{id_}@hub.example>"], ids=["by-id", "by-message-id"]
)
async def test_a_pharmacy_s_answer_reaches_the_prescriber(bench: Bench, name: Callable[[str], str]) -> None:
    """In the thread of the order, once, with who wrote and what."""
    id_ = await bench.issued()
    parcel = letter(bench, "Faut-il un générique ?", name(id_))
    for _ in range(2):
        assert isinstance(await only(bench.connector.deliver(parcel)), Delivered)
    (passed,) = bench.intake.submissions
    text = (await passed.parts[0].content.read()).decode()
    assert "Faut-il un générique ?" in text
    assert str(PHARMACY) in text
    assert passed.in_reply_to == id_


async def test_an_answer_to_the_hand_over_is_understood(bench: Bench) -> None:
    """A mail program names only the mail that it answers: the prescription is found by it."""
    id_ = await bench.issued()
    handed = bench.parcel(Kind.PRESCRIPTION, [], in_reply_to=id_, number=7).sealed.envelope.id
    parcel = letter(bench, "Bien reçu.", f"<{handed}@hub.example>")
    assert isinstance(await only(bench.connector.deliver(parcel)), Delivered)
    assert bench.intake.submissions[0].in_reply_to == id_


def report(bench: Bench, *words: str, number: int = 5) -> Parcel:
    """Write to the service's mailbox what was dispensed, with or without words."""
    return bench.parcel(
        Kind.MESSAGE,
        [
            ("d.txt", "application/x-dispensed", DocumentRole.ATTACHMENT, b"160.1"),
            *(("message.txt", "text/plain", DocumentRole.BODY, one.encode()) for one in words),
        ],
        sender=PHARMACY,
        number=number,
    )


async def test_a_dispensing_by_mail_is_heard(bench: Bench) -> None:
    """Where no service can be asked, the document that came by mail does what one from it would."""
    bench.service.tracks = bench.service.cancels = False
    id_ = await bench.issued()
    assert isinstance(await only(bench.connector.deliver(report(bench))), Delivered)
    standing = await bench.connector.standing(id_)
    assert standing is not None
    assert standing.record.state is S.COMPLETED
    assert str(PHARMACY) in standing.events[0].text.fr
    assert bench.intake.submissions == []


async def test_words_beside_a_dispensing_are_passed_on(bench: Bench) -> None:
    """The document is for the record, what the pharmacist wrote for the prescriber."""
    bench.service.tracks = bench.service.cancels = False
    await bench.issued()
    assert isinstance(await only(bench.connector.deliver(report(bench, "J'ai substitué."))), Delivered)
    (passed,) = bench.intake.submissions
    assert "J'ai substitué." in (await passed.parts[0].content.read()).decode()


async def test_a_mail_moves_nothing_that_the_service_knows(bench: Bench) -> None:
    """A forged report by mail ends no prescription: the prescriber reads it, and the service is believed."""
    id_ = await bench.issued()
    assert isinstance(await only(bench.connector.deliver(report(bench))), Delivered)
    standing = await bench.connector.standing(id_)
    assert standing is not None
    assert (standing.record.state, list(standing.events)) == (S.ACTIVE, [])
    (passed,) = bench.intake.submissions
    assert str(PHARMACY) in (await passed.parts[0].content.read()).decode()
    assert await passed.parts[1].content.read() == b"<dispensed/>"


async def test_an_automatic_answer_disturbs_nobody(bench: Bench) -> None:
    """A pharmacy that is closed says so to the hub, which keeps it to itself."""
    id_ = await bench.issued()
    mail = b"Auto-Submitted: auto-replied\r\n\r\nNous sommes ferm\xc3\xa9s."
    parcel = bench.parcel(
        Kind.MESSAGE,
        [
            ("message.txt", "text/plain", DocumentRole.BODY, "Nous sommes fermés.".encode()),
            ("original.eml", "message/rfc822", DocumentRole.ORIGINAL, mail),
        ],
        sender=PHARMACY,
        in_reply_to=id_,
        number=5,
    )
    assert isinstance(await only(bench.connector.deliver(parcel)), Delivered)
    assert bench.intake.submissions == []


async def test_a_prescriber_learns_that_nobody_reads_the_mailbox(bench: Bench) -> None:
    """What they write there about their own prescription is refused, with what to do."""
    id_ = await bench.issued()
    outcome = await only(bench.connector.deliver(letter(bench, "Annulez-la.", id_, sender=LILAS)))
    assert isinstance(outcome, Refused)
    assert outcome.code == "prescription.answer_own"


async def test_a_dispensing_of_another_number_in_an_answer_is_not_lost(bench: Bench) -> None:
    """The mail that it answers says whose it is; the prescriber gets the file."""
    id_ = await bench.issued()
    parcel = bench.parcel(
        Kind.MESSAGE,
        [("d.txt", "application/x-dispensed", DocumentRole.ATTACHMENT, b"160.99")],
        sender=PHARMACY,
        in_reply_to=id_,
        number=5,
    )
    assert isinstance(await only(bench.connector.deliver(parcel)), Delivered)
    (passed,) = bench.intake.submissions
    assert await passed.parts[1].content.read() == b"<dispensed/>"


async def test_what_is_about_nothing_is_refused_in_words(bench: Bench) -> None:
    """Whoever writes to the mailbox without a prescription in mind learns what it is for."""
    await bench.issued()
    strangers = letter(bench, "Bonjour ?", EnvelopeId("01890000-0000-7000-8000-000000000000"))
    outcome = await only(bench.connector.deliver(strangers))
    assert isinstance(outcome, Refused)
    assert outcome.code == "prescription.answer_unmatched"
    own = letter(bench, "Annulez-la.", "01890000-0000-7000-8000-000000000000", sender=LILAS, number=10)
    assert isinstance(await only(bench.connector.deliver(own)), Refused)


async def test_a_store_that_fails_takes_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The core hears of it, and what it tries again goes on."""

    async def fail(*_lines: Line) -> None:
        raise StoreError("store.failed", Words(en="Full.", fr="Plein."))

    parcel = bench.order()
    with monkeypatch.context() as patched:
        patched.setattr(bench.ledger, "put", fail)
        with pytest.raises(StoreError):
            await bench.connector.deliver(parcel)
    assert isinstance(await only(bench.connector.deliver(parcel)), Delivered)


async def test_no_secret_is_logged(bench: Bench) -> None:
    """Neither the access code nor the number, the patient or a mailbox stands in the log."""
    await bench.issued(TO_PHARMACY)
    await bench.work()
    await bench.connector._working.hear([dispensed("160.1")])
    await bench.work()
    said = repr(bench.log.lines)
    for secret in (SECRET, "160.1", "Rivage", "@", "Doliprane"):
        assert secret not in said
