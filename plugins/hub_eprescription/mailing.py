"""Mail about prescriptions: handing them over, and telling the prescriber what became of them.

Every mail is submitted under a key that its occasion gives: what is done twice arrives once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from typing import Final

from hub.domain.ids import EnvelopeId
from hub.domain.message import Kind, Message, SenderSignature, SignatureResult
from hub.domain.outcome import Delivered
from hub.domain.prescription import CancelResult, Handing
from hub.domain.prescription_order import HandOrder, hand_order
from hub.domain.times import rfc3339
from hub.errors import HubError, InputError, PeerError, TrustError, Words
from hub.ports.intake import Accepted, Acknowledgement, Intake, Peer, Stage, Submission, To
from hub.ports.prescription import (
    Cancellation,
    Dispensing,
    Enclosure,
    Handover,
    Reason,
    Recalls,
    Record,
)
from hub_eprescription import refusing
from hub_eprescription.bureau import Bureau
from hub_eprescription.following import Following
from hub_eprescription.mail import composing, telling
from hub_eprescription.mail.answers import Answer
from hub_eprescription.mail.letter import About, Letter, Voice
from hub_eprescription.records import LedgerJournal

CONNECTOR: Final = "eprescription"
"""The name of this way in, as envelopes say it (`origin.connector`)."""


class Mailing:
    """Writes and reads the mail of one service."""

    def __init__(self, bureau: Bureau, following: Following) -> None:
        self._bureau = bureau
        self._following = following

    async def hand_over(self, prescription: EnvelopeId, order: HandOrder) -> EnvelopeId:
        """Hand a prescription over; returns the mail's envelope. The same order again sends nothing.

        Raises InputError, TrustError, PeerError, StoreError.
        """
        bureau = self._bureau
        message = await bureau.ordered(prescription)
        async with bureau.holding(prescription) as journal:
            life = await bureau.agenda.life(prescription)
            if (sent := life.handed.get(order.name)) is not None:
                return sent
            if not bureau.agenda.has_room(life, order):
                raise refusing.handed_often()
            intake = self._intake()
            stage = intake.stage()
            try:
                handover = await self._handover(journal, order, message.language or bureau.common.language)
                accepted = await intake.submit(
                    stage, await self._submission(stage, prescription, message, order, handover)
                )
            finally:
                await stage.discard()
            sent = _sent(accepted)
            life = replace(life, handed={**life.handed, order.name: sent})
            await bureau.agenda.put(bureau.agenda.lived(prescription, life))
        bureau.host.log.info("prescription.handed_over", operator=bureau.name, envelope=prescription)
        return sent

    async def _handover(self, journal: LedgerJournal, order: HandOrder, language: str) -> Handover:
        bureau, record = self._bureau, self._following.current(journal.record)
        if not record.state.issued or record.state.final:
            raise refusing.not_to_hand_over(record)
        if record.cancelled is CancelResult.NOT_SUPPORTED and not bureau.service.abilities.cancels:
            raise refusing.withdrawn()
        if await bureau.agenda.to_cancel(record.id):
            raise refusing.to_be_cancelled()
        signed = await journal.signed()
        if order.form is not Handing.PRINT:
            whole = await bureau.order(record, signed or b"")
            return await bureau.service.hand_over(record, signed, whole, order.form, language)
        sheet = await self._following.sheet(journal, language)
        if sheet is None:
            raise refusing.not_to_hand_over(record)
        return _printed(sheet, bureau.common.title, language)

    async def recall(self, prescription: EnvelopeId, reason: Reason) -> None:
        """Tell all to whom it was handed over that it is withdrawn, where that is all that can be done.

        Durable on return; the same again sends nothing. Raises InputError, TrustError, PeerError for those
        who could not be told, once all the others are; StoreError.
        """
        service = self._bureau.service
        if not isinstance(service, Recalls):
            return
        message = await self._bureau.ordered(prescription)
        record = (await self._bureau.records.journal(prescription)).record
        life = await self._bureau.agenda.life(prescription)
        mail = service.recall(record, reason, message.language or self._bureau.common.language)
        failed: HubError | None = None
        for to in dict.fromkeys(hand_order(json.loads(name)).to for name in life.handed):
            stage = self._intake().stage()
            try:
                said = await self._submission(stage, prescription, message, HandOrder(to=to), mail)
                key = f"{said.key}.{hashlib.sha256(reason.text.encode()).hexdigest()[:32]}"
                said = replace(said, kind=Kind.MESSAGE, native_id=key, key=key)
                _sent(await self._intake().submit(stage, said))
            except (InputError, TrustError, PeerError) as error:
                # The others are to know; what may yet be told to this one is tried again.
                failed = error if failed is None or isinstance(error, PeerError) else failed
            finally:
                await stage.discard()
        if failed is not None:
            raise failed

    async def _submission(
        self, stage: Stage, prescription: EnvelopeId, message: Message, order: HandOrder, handover: Handover
    ) -> Submission:
        sender = message.sender
        now = self._bureau.host.clock.now()
        key = f"{prescription}.{hashlib.sha256(order.name.encode()).hexdigest()[:32]}"
        return Submission(
            connector=CONNECTOR,
            # Whoever ordered the prescription in the prescriber's name asked for this mail with it.
            peer=Peer(name=message.origin.authenticated_as, addresses=frozenset({sender.address.key})),
            native_id=key,
            key=key,
            sender=sender.address,
            recipients=(To(target=order.to),),
            subject=handover.subject,
            parts=await composing.parts(handover, stage, sender=sender, to=order.to, at=now),
            signature=SenderSignature(result=SignatureResult.NONE),
            kind=Kind.PRESCRIPTION,
            language=message.language,
            patient=message.patient or handover.patient,
            in_reply_to=prescription,
            references=(prescription,),
            thread=prescription,
            receipts=composing.receipts(handover),
        )

    def _intake(self) -> Intake:
        if self._bureau.intake is None:
            raise AssertionError("an order could be looked at, so the hub lets mail in")
        return self._bureau.intake

    async def tell(self, record: Record, event: Dispensing) -> None:
        """Tell the prescriber what happened, and leave a line of it in the order's timeline."""
        about = await self.about(record)
        await self._send(lambda voice, stage: telling.dispensed(event, about, voice, stage))
        await self._intake().acknowledge(
            self._peer(),
            Acknowledgement(
                outcome=Delivered(receipt=f"{event.state.value}, {rfc3339(event.at)}"),
                event=f"prescription.{event.state.value}",
                native_id=record.id,
                recipient=self._bureau.common.mailbox,
            ),
        )

    async def tell_of_cancel(
        self, prescription: EnvelopeId, said: Cancellation, reason: Reason, since: datetime
    ) -> None:
        """Tell the prescriber what came of a wish of `since` that could not be answered at once."""
        if said.result is CancelResult.NOT_SUPPORTED:
            await self.recall(prescription, reason)
        await self._tell_cancelled(prescription, said, since)

    async def tell_not_cancelled(self, prescription: EnvelopeId, why: Words, since: datetime) -> None:
        """Tell the prescriber that nothing came of a wish of `since`, and why."""
        record = (await self._bureau.records.journal(prescription)).record
        words = Words(
            en=f"{why.en} The hub does not try any more: do not take it for cancelled. Cancel it again, or "
            "call those who have it.",
            fr=f"{why.fr} Le hub n'essaie plus : ne la tenez pas pour annulée. Annulez-la de nouveau, ou "
            "appelez ceux qui l'ont.",
        )
        said = Cancellation(result=CancelResult.INVALID, state=record.state, words=words)
        await self._tell_cancelled(prescription, said, since)

    async def _tell_cancelled(self, prescription: EnvelopeId, said: Cancellation, since: datetime) -> None:
        about = await self.about((await self._bureau.records.journal(prescription)).record)
        occasion = rfc3339(since)
        await self._send(lambda voice, stage: telling.cancelled(said, about, voice, stage, occasion=occasion))

    async def tell_not_handed(self, prescription: EnvelopeId, order: HandOrder, why: Words) -> None:
        """Tell the prescriber that a hand-over came to nothing, and why."""
        about = await self.about((await self._bureau.records.journal(prescription)).record)
        await self._send(lambda voice, stage: telling.not_handed(order, why, about, voice, stage))

    async def pass_on(self, answer: Answer, about: About) -> None:
        """Pass on to the prescriber what somebody wrote to the service's mailbox."""
        await self._send(lambda voice, stage: telling.answered(answer, about, voice, stage))

    async def about(self, record: Record) -> About:
        """Return what a letter about a prescription needs to know."""
        standing = await self._following.standing(record.id, fresh=False)
        return About(
            record=record,
            ordered=await self._bureau.ordered(record.id),
            view=None if standing is None else standing.view,
        )

    async def _send(self, write: Callable[[Voice, Stage], Awaitable[Letter]]) -> None:
        """Send the prescriber the letter that `write` writes."""
        intake = self._intake()
        stage = intake.stage()
        try:
            letter = await write(self._voice(), stage)
            await intake.submit(stage, letter.submission(CONNECTOR, self._peer()))
        finally:
            await stage.discard()

    def _voice(self) -> Voice:
        common = self._bureau.common
        return Voice(
            mailbox=common.mailbox,
            title=common.title,
            language=common.language,
            at=self._bureau.host.clock.now(),
        )

    def _peer(self) -> Peer:
        peer = self._intake().standing_for(self._bureau.name)
        if peer is None:
            raise AssertionError("an operator that runs is one that is configured")
        return peer


def _sent(accepted: Accepted) -> EnvelopeId:
    if not accepted.envelopes:
        why = next(iter(accepted.refused.values()))
        raise InputError(why.code, why.reason)
    return accepted.envelopes[0]


def _printed(sheet: bytes, title: str, language: str) -> Handover:
    french = language.startswith("fr")
    text = (
        "Votre ordonnance est jointe : présentez-la à la pharmacie, imprimée ou sur votre téléphone.\r\n"
        if french
        else "Your prescription is attached: show it at the pharmacy, printed or on your phone.\r\n"
    )
    return Handover(
        subject=f"{title} : votre ordonnance" if french else f"{title}: your prescription",
        enclosures=(
            Enclosure(name="message.txt", media_type="text/plain", content=text.encode(), body=True),
            Enclosure(
                name="ordonnance.pdf" if french else "prescription.pdf",
                media_type="application/pdf",
                content=sheet,
            ),
        ),
    )
