"""How a prescription stands, for its prescriber; its signed bytes, its code, its sheet; and cancelling it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Final

from hub.domain.ids import EnvelopeId
from hub.domain.party import Party
from hub.domain.prescription import CancelResult, PrescriptionState, PrescriptionView, may_move
from hub.errors import HubError, PeerError, Words
from hub.ports.prescribing import CodeForm, Standing
from hub.ports.prescription import Cancellation, Reason, Record
from hub_eprescription import refusing
from hub_eprescription.agenda import Cancelling
from hub_eprescription.bureau import Bureau
from hub_eprescription.records import LedgerJournal

PATIENCE: Final = 10.0
"""Seconds that a wish to cancel waits for an issue that is under way."""
_ASKING: Final = timedelta(minutes=5)
"""How long the service has to answer before a wish is taken up by itself."""
_NEVER: Final = Words(
    en="It was not issued yet, and will not be.",
    fr="Elle n'était pas encore émise, et ne le sera pas.",
)


class Following:
    """Answers about prescriptions."""

    def __init__(self, bureau: Bureau) -> None:
        self._bureau = bureau

    async def standing(self, prescription: EnvelopeId, *, fresh: bool) -> Standing | None:
        """Return how it stands; None before its issue began. `fresh` asks the service (PeerError).

        Only that waits for an issue that is under way: whoever looks meanwhile sees the last step.
        """
        bureau = self._bureau
        if fresh:
            async with bureau.holding(prescription) as journal:
                if journal.record.state.issued and not journal.record.state.final:
                    await self._refresh(journal)
        journal = await bureau.records.journal(prescription)
        if not journal.begun:
            return None
        life = await bureau.agenda.life(prescription)
        return Standing(
            record=self.current(journal.record),
            service=bureau.name,
            view=await self._view(journal),
            events=life.events,
            handed=life.handed,
        )

    async def to_sign(self, prescription: EnvelopeId) -> bytes | None:
        """Return the bytes that the prescriber's workstation is to sign."""
        return await (await self._bureau.records.journal(prescription)).to_sign()

    async def take_signed(self, prescription: EnvelopeId, signed: bytes) -> None:
        """Take what the workstation signed."""
        prescriber = (await self._bureau.ordered(prescription)).sender
        async with self._bureau.holding(prescription) as journal:
            await self._bureau.service.take_signed(signed, prescriber, journal)

    async def signed(self, prescription: EnvelopeId) -> tuple[str, bytes] | None:
        """Return media type and signed bytes, exactly."""
        journal = await self._bureau.records.journal(prescription)
        signed = await journal.signed()
        return None if signed is None else (journal.record.signed_type or "application/octet-stream", signed)

    async def draw(self, prescription: EnvelopeId, form: CodeForm) -> bytes | None:
        """Draw its 2D code; None when it has none, or not in this form."""
        from hub_eprescription.codes import draw  # noqa: PLC0415 -- heavy: zxing-cpp

        journal = await self._bureau.records.journal(prescription)
        if not journal.record.state.issued:
            return None
        record, signed = self.current(journal.record), await journal.signed()
        code = await asyncio.to_thread(self._bureau.service.code, record, signed)
        if code is None:
            return None
        if code.text is None:
            return code.image if code.image_type == f"image/{form}" else None
        return (
            draw.png(code.text, code.symbology)
            if form is CodeForm.PNG
            else draw.svg(code.text, code.symbology)
        )

    async def printed(self, prescription: EnvelopeId, language: str) -> bytes | None:
        """Return the sheet for the patient; None before it is issued."""
        journal = await self._bureau.records.journal(prescription)
        return await self.sheet(journal, language)

    async def sheet(self, journal: LedgerJournal, language: str) -> bytes | None:
        """Make the sheet of an issued prescription."""
        from hub_eprescription.sheet import sheet  # noqa: PLC0415 -- heavy: reportlab

        view = await self._view(journal)
        if view is None or not journal.record.state.issued:
            return None
        record = self.current(journal.record)
        code = await asyncio.to_thread(self._bureau.service.code, record, await journal.signed())
        # Drawing takes tens of milliseconds, in which the hub has other things to do.
        return await asyncio.to_thread(
            sheet.pdf, view, record, language=language, code=code, title=self._bureau.common.title
        )

    def current(self, record: Record) -> Record:
        """Return a record as it counts now: what nobody took before its end has expired, asked or not."""
        ended = record.expires_at is not None and record.expires_at <= self._bureau.host.clock.now()
        expired = ended and record.state is PrescriptionState.ACTIVE
        return replace(record, state=PrescriptionState.EXPIRED) if expired else record

    async def cancel(self, prescription: EnvelopeId, reason: Reason) -> Cancellation:
        """Cancel it; when that can't be asked now, the wish is kept, and PeerError raised."""
        try:
            async with self._bureau.holding(prescription, patience=PATIENCE) as journal:
                return await self._cancel(journal, reason)
        except PeerError:
            await self._bureau.owe(Cancelling(prescription=prescription, reason=reason))
            raise

    async def _cancel(self, journal: LedgerJournal, reason: Reason) -> Cancellation:
        record = journal.record
        match record.state:
            case PrescriptionState.CANCELLED:
                return Cancellation(
                    result=CancelResult.ALREADY_CANCELLED,
                    state=record.state,
                    words=Words(en="It is cancelled already.", fr="Elle est déjà annulée."),
                )
            case PrescriptionState.DRAFT:
                return await self._give_up_draft(journal)
        wish = Cancelling(prescription=record.id, reason=reason)
        # Before it is asked: whoever stops the hub now does not stop the wish.
        await self._bureau.owe(wish, after=_ASKING)
        try:
            if record.state is PrescriptionState.SIGNED:
                raise refusing.under_way()
            said = await self._ask_to_cancel(journal, reason)
        except PeerError:
            # Before anybody else may hand it over.
            await self._bureau.owe(wish)
            raise
        await self._bureau.agenda.cancel_answered(record.id)
        return said

    async def try_cancel(self, prescription: EnvelopeId, reason: Reason) -> Cancellation | None:
        """Try a kept wish again; None when it came to nothing that is not known already. Raises PeerError."""
        async with self._bureau.holding(prescription, patience=PATIENCE) as journal:
            state = journal.record.state
            if state in {PrescriptionState.CANCELLED, PrescriptionState.REJECTED}:
                return None
            if state is PrescriptionState.DRAFT:
                return await self._give_up_draft(journal)
            if state is PrescriptionState.SIGNED:
                # Its order may have ended without an answer: the service alone knows whether it has it.
                said = await self._bureau.service.cancel(
                    journal.record, reason, await self._prescriber(journal)
                )
                if not said.result.done:
                    raise refusing.under_way()
                return await self._keep_answer(journal, said)
            return await self._ask_to_cancel(journal, reason)

    async def _give_up_draft(self, journal: LedgerJournal) -> Cancellation:
        """Cancel what is only ordered: whatever number it has, no prescription exists, and now none will."""
        cancelled = PrescriptionState.CANCELLED
        await journal.keep(
            replace(journal.record, state=cancelled, cancelled=CancelResult.CANCELLED, awaits=False)
        )
        return Cancellation(result=CancelResult.CANCELLED, state=cancelled, words=_NEVER)

    async def _ask_to_cancel(self, journal: LedgerJournal, reason: Reason) -> Cancellation:
        said = await self._bureau.service.cancel(journal.record, reason, await self._prescriber(journal))
        return await self._keep_answer(journal, said)

    async def _prescriber(self, journal: LedgerJournal) -> Party:
        return (await self._bureau.ordered(journal.record.id)).sender

    async def _keep_answer(self, journal: LedgerJournal, said: Cancellation) -> Cancellation:
        record = replace(journal.record, cancelled=said.result)
        await journal.keep(_moved(record, PrescriptionState.CANCELLED if said.result.done else said.state))
        self._bureau.host.log.info(
            "prescription.cancel_answered",
            operator=self._bureau.name,
            envelope=journal.record.id,
            code=said.result.value,
        )
        return said

    async def _refresh(self, journal: LedgerJournal) -> None:
        found = await self._bureau.service.status(journal.record)
        await journal.keep(_moved(replace(found, state=journal.record.state), found.state))

    async def _view(self, journal: LedgerJournal) -> PrescriptionView | None:
        record = journal.record
        content = await journal.signed() or await journal.to_sign()
        if content is None or record.signed_type is None:
            return None
        try:
            # Not on the hub's own time: a large document has a large view.
            return await asyncio.to_thread(self._bureau.service.read, record.signed_type, content)
        except HubError as error:
            # The bytes count, not what people read of them.
            self._bureau.host.log.warning(
                "prescription.unreadable", operator=self._bureau.name, envelope=record.id, code=error.code
            )
            return None


def _moved(record: Record, state: PrescriptionState) -> Record:
    """Return a record in a state that was heard of; one that the table forbids is not believed."""
    return replace(record, state=state) if may_move(record.state, state) else record
