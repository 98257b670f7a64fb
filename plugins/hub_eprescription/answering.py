"""What is written to the service's mailbox: dispensings to be heard, or words for a prescriber."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from hub.domain.ids import EnvelopeId
from hub.domain.outcome import Deferred, Delivered, Outcome, Refused
from hub.domain.party import PartyKind
from hub.errors import InputError, PeerError, TrustError
from hub.ports.connector import Parcel
from hub.ports.prescription import Dispensing, Record
from hub_eprescription.bureau import Bureau
from hub_eprescription.mail import answers, telling
from hub_eprescription.mail.answers import Answer
from hub_eprescription.mail.writing import Piece
from hub_eprescription.mailing import Mailing

Hear = Callable[[Sequence[Dispensing]], Awaitable[int]]


class Answering:
    """Takes the mail of one service's mailbox."""

    def __init__(self, bureau: Bureau, mailing: Mailing, hear: Hear) -> None:
        self._bureau = bureau
        self._mailing = mailing
        self._hear = hear

    async def take(self, parcel: Parcel) -> Outcome:
        """Take a mail; taken again, it does nothing more."""
        try:
            return await self._take(parcel)
        except (InputError, TrustError) as error:
            return Refused(code=error.code, reason=error.words)
        except PeerError as error:
            return Deferred(code=error.code, reason=error.words)

    async def _take(self, parcel: Parcel) -> Outcome:
        bureau = self._bureau
        answer = await answers.read(parcel, bureau.service, bureau.host.hub_name)
        if answer.sender.kind is PartyKind.PATIENT:
            # Patients have words for their prescriber; what was dispensed is not theirs to say.
            said = _files(answer.dispensings)
            answer = replace(answer, dispensings=(), attached=(*answer.attached, *said))
        # 1. Documents that say what was dispensed.
        known = {one.number: await bureau.records.numbered(one.number) for one in answer.dispensings}
        if records := [one for one in known.values() if one is not None]:
            return await self._reported(answer, records)
        answer = replace(answer, attached=(*answer.attached, *_files(answer.dispensings)))
        # 2. Words about a prescription, for its prescriber.
        record = await self._answered(answer)
        if record is None:
            return answers.unmatched()
        if answer.automatic or not answer.says_words:
            return Delivered(receipt="an automatic answer, which nobody needs to read")
        about = await self._mailing.about(record)
        if about.ordered.sender.address.key == answer.sender.address.key:
            return answers.own_prescriber()
        await self._mailing.pass_on(answer, about)
        return Delivered(receipt="passed on to the prescriber")

    async def _reported(self, answer: Answer, records: Sequence[Record]) -> Outcome:
        """Take what a mail says was dispensed; words and files beside it are its one prescriber's."""
        words = answer if len(records) == 1 else replace(answer, text="", attached=(), unreadable=())
        abilities = self._bureau.service.abilities
        if abilities.tracks or abilities.cancels:
            # A service keeps how they stand: a mail moves nothing, and is there to be read.
            for record in records:
                said = [one for one in answer.dispensings if one.number == record.number]
                await self._pass_on(replace(words, attached=(*words.attached, *_files(said))), record)
            return Delivered(receipt="passed on; the service itself says how a prescription stands")
        new = await self._hear(answer.dispensings)
        if words.says_words and not answer.automatic:
            await self._pass_on(words, records[0])
        return Delivered(receipt=f"{new} of {len(answer.dispensings)} events were new")

    async def _pass_on(self, answer: Answer, record: Record) -> None:
        await self._mailing.pass_on(answer, await self._mailing.about(record))

    async def _answered(self, answer: Answer) -> Record | None:
        """Return the prescription that a mail answers, by its order's id or that of a mail about it."""
        bureau = self._bureau
        for one in answer.answers:
            if (record := await bureau.records.get(one)) is not None:
                return record
            about = await bureau.about(one)
            if about is not None and (record := await bureau.records.get(EnvelopeId(about))) is not None:
                return record
        return None


def _files(events: Sequence[Dispensing]) -> Sequence[Piece]:
    """Return the documents that events came with, each once."""
    return [one for one in dict.fromkeys(map(telling.document_of, events)) if one is not None]
