"""What is written to the service's mailbox: dispensings to be heard, or words for a prescriber."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from hub.domain.ids import EnvelopeId
from hub.domain.outcome import Deferred, Delivered, Outcome, Refused
from hub.errors import InputError, PeerError, TrustError
from hub.ports.connector import Parcel
from hub.ports.prescription import Dispensing, Record
from hub_eprescription.bureau import Bureau
from hub_eprescription.mail import answers
from hub_eprescription.mail.answers import Answer
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
        # 1. Documents that say what was dispensed.
        known = [await bureau.records.numbered(one.number) for one in answer.dispensings]
        if any(known):
            new = await self._hear(answer.dispensings)
            return Delivered(receipt=f"{new} of {len(answer.dispensings)} events were new")
        # 2. Words about a prescription, for its prescriber.
        record = await self._answered(answer)
        if record is None:
            return answers.unmatched()
        about = await self._mailing.about(record)
        if about.ordered.sender.address.key == answer.sender.address.key:
            return answers.own_prescriber()
        if answer.automatic or not answer.says_words:
            return Delivered(receipt="an automatic answer, which nobody needs to read")
        await self._mailing.pass_on(answer, about)
        return Delivered(receipt="passed on to the prescriber")

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
