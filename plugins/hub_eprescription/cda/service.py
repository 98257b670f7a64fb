"""French CDA prescriptions as the hub's e-prescription service: checked, recorded, and carried by mail.

Nobody is called: the interface of the national tele-service is not public. To issue a document is to make
sure that it is a prescription that its sender may send, valid, in known code systems, signed by its author
if it is signed at all, and here for the first time. From then on it can be handed over, byte for byte.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from hub.domain.outcome import Deferred, Delivered, Refused, Uncertain
from hub.domain.party import Identifier, Party
from hub.domain.prescription import CancelResult, Handing, PrescriptionState, PrescriptionView
from hub.errors import InputError, StoreError, TrustError, Words
from hub.ports.host import Host
from hub.ports.prescription import (
    Abilities,
    Cancellation,
    Code2D,
    Dispensing,
    Handover,
    Journal,
    News,
    Order,
    Reason,
    Record,
    Signing,
)
from hub_eprescription.cda import dispensing, faults, handing, markup, number, reading, recognising
from hub_eprescription.cda.claims import Claims
from hub_eprescription.cda.reading import Prescription
from hub_eprescription.cda.settings import Settings
from hub_eprescription.signing import certificates, xmldsig
from hub_eprescription.signing.authorities import Authorities
from hub_eprescription.signing.verdict import Doubt

DOCUMENT: Final = "document"
"""The fact of a record that holds the document's id."""
MODEL: Final = "model"
SIGNATURE: Final = "signature"
"""The fact that says whether the author's own signature was there, and then held."""
UNSIGNED: Final = "none"
SIGNED: Final = "valid"
_S: Final = PrescriptionState


class CdaService:
    """`PrescriptionService` and `ReadsDispensing` for eP-MED-DM and eDISP-MED."""

    def __init__(self, settings: Settings, trust: Authorities, host: Host) -> None:
        self._settings = settings
        self._trust = trust
        self._clock = host.clock
        self._claims = Claims(host.ledger, host.clock)

    @property
    def abilities(self) -> Abilities:
        """What it can do."""
        common = self._settings.common
        return Abilities(
            mailbox=common.mailbox,
            media_types=recognising.MEDIA_TYPES,
            professions=common.professions,
            signing=Signing.NONE,
            handing=frozenset({Handing.DOCUMENT, Handing.PRINT}),
            cancels=False,
            tracks=False,
            max_bytes=self._settings.max_bytes,
        )

    def read(self, media_type: str, content: bytes) -> PrescriptionView:
        """Return what people read of a prescription."""
        return self._read(media_type, content).view

    def check(self, order: Order) -> None:
        """Raise the InputError for an order that could never be issued, the TrustError for another's."""
        self._checked(order)

    async def issue(self, order: Order, journal: Journal) -> Delivered | Deferred | Refused | Uncertain:
        """Check and record it, or go on from where the journal stands."""
        record = journal.record
        if record.state.issued and record.issued_at is not None:
            return _receipt(record)
        try:
            if record.state is not _S.SIGNED:
                record = await self._take(order, journal)
        except (InputError, TrustError) as error:
            return Refused(code=error.code, reason=error.words)
        record = await journal.keep(replace(record, state=_S.ACTIVE, issued_at=self._clock.now()))
        return _receipt(record)

    async def settle(self, order: Order, journal: Journal) -> Delivered | Deferred | Refused | Uncertain:
        """Find out what became of an issue: what is not recorded has not happened, so it is done now."""
        return await self.issue(order, journal)

    async def take_signed(self, signed: bytes, prescriber: Party, journal: Journal) -> None:
        """Refuse: a document is signed before it comes, or not at all. The same bytes again are harmless."""
        del prescriber
        if signed != await journal.signed():
            raise faults.nothing_to_sign()

    async def cancel(self, record: Record, reason: Reason, prescriber: Party) -> Cancellation:
        """Say that it can't be taken back from here, and what the prescriber can do."""
        del reason, prescriber
        return Cancellation(
            result=CancelResult.NOT_SUPPORTED, state=self._now(record).state, words=_NOT_CANCELLED
        )

    async def status(self, record: Record) -> Record:
        """Return the record as it is now: nobody is asked, but its validity may have ended."""
        return self._now(record)

    async def events(self, cursor: str | None) -> News:
        """Return nothing: what pharmacies dispensed comes by mail."""
        return News(events=(), cursor=cursor)

    def code(self, record: Record, signed: bytes | None) -> Code2D | None:
        """Return the image of the 2D code that stands in the document; None when there is none."""
        del record
        return None if signed is None else number.code(markup.parse(signed))

    async def hand_over(
        self, record: Record, signed: bytes | None, order: Order, form: Handing, language: str
    ) -> Handover:
        """Make the mail that hands it over: the document byte for byte, or the printed sheet."""
        if form not in self.abilities.handing:
            raise faults.no_token()
        if not record.state.issued:
            raise faults.not_issued()
        if self._now(record).state.final:
            raise faults.ended()
        content = order.content if signed is None else signed
        if hashlib.sha256(content).hexdigest() != record.signed_sha256:
            # Never forward what is not, to the last byte, what was checked.
            raise _altered()
        if form is Handing.DOCUMENT:
            view = await asyncio.to_thread(self.read, record.signed_type or "", content)
            return handing.document(content, view.patient_identifiers, language)
        return handing.sheet(await asyncio.to_thread(self._sheet, record, content, language), language)

    async def probe(self) -> None:
        """Return: there is nothing that could be down."""

    def dispensings(self, media_type: str, content: bytes) -> Sequence[Dispensing]:
        """Return what an eDISP-MED says of prescriptions; nothing for another document."""
        return dispensing.read(media_type, content)

    def recall(self, record: Record, reason: Reason, language: str) -> Handover:
        """Make the mail that tells who got it that the prescriber withdraws it (`Recalls`)."""
        return handing.recall(record.facts.get(DOCUMENT, ""), record.number, reason.text, language)

    async def _take(self, order: Order, journal: Journal) -> Record:
        """Check everything there is to check, and keep the document.

        1. It is a prescription of the sender's, still valid, in known code systems.
        2. Its signature holds and is the sender's; or it has none, and need not.
        3. Neither it nor its number was issued by another order.
        """
        # A large document takes its time; the hub goes on meanwhile.
        found = await asyncio.to_thread(self._checked, order)
        signature = await self._verified(order, found)
        await self._claims.take(order.id, found)
        return await journal.keep_signed(
            replace(
                journal.record,
                state=_S.SIGNED,
                number=found.view.number,
                signed_type=order.media_type,
                expires_at=None if found.until is None else found.until.ends,
                facts={DOCUMENT: found.document, MODEL: found.model, SIGNATURE: signature},
            ),
            order.content,
        )

    def _checked(self, order: Order) -> Prescription:
        found = self._read(order.media_type, order.content)
        found.check_valid(self._clock.now())
        if not _identifiers(order) & found.responsible:
            raise faults.other_prescriber()
        if self._settings.signature_required and not xmldsig.is_signed(order.content):
            raise faults.unsigned()
        return found

    async def _verified(self, order: Order, found: Prescription) -> str:
        """Verify a document's signature; returns what is remembered of it."""
        if not xmldsig.is_signed(order.content):
            return UNSIGNED
        now = self._clock.now()
        verified = (await xmldsig.verify(order.content, self._trust, now)).require()
        if certificates.read(verified.certificate).not_valid_after_utc < now:
            # The time of signing is the signer's own word: an old card could bear any.
            replace(verified, trusted=False, doubts=(Doubt.EXPIRED,)).require()
        if not _identifiers(order) & set(verified.identifiers):
            raise faults.other_signer()
        read = await asyncio.to_thread(reading.read, verified.content, self._settings.versions)
        if read != found:
            # What people would read is not what was signed.
            raise faults.signed_otherwise()
        return SIGNED

    def _read(self, media_type: str, content: bytes) -> Prescription:
        if media_type not in recognising.MEDIA_TYPES:
            raise faults.kind(
                "A CDA prescription is XML: send it as application/hl7-cda+xml.",
                "Une ordonnance CDA est du XML : envoyez-la en application/hl7-cda+xml.",
            )
        return reading.read(content, self._settings.versions)

    def _sheet(self, record: Record, content: bytes, language: str) -> bytes:
        from hub_eprescription.sheet import sheet  # noqa: PLC0415 -- heavy: reportlab

        return sheet.pdf(
            self.read(record.signed_type or "", content),
            record,
            language=language,
            code=self.code(record, content),
            title=self._settings.common.title,
        )

    def _now(self, record: Record) -> Record:
        over = record.expires_at is not None and record.expires_at <= self._clock.now()
        return replace(record, state=_S.EXPIRED) if over and record.state in _OPEN else record


_OPEN: Final = frozenset({_S.ACTIVE, _S.CLAIMED, _S.PARTLY_DISPENSED, _S.UNKNOWN})
_NOT_CANCELLED: Final = Words(
    en="A CDA prescription can't be cancelled from here: the national tele-service takes no cancellation "
    "from this hub. Those to whom the hub handed it over are told by mail that you withdraw it. Cancel it in "
    "your software too if it was announced there, and take printed copies back.",
    fr="Une ordonnance CDA ne peut être annulée d'ici : le téléservice national ne prend pas d'annulation de "
    "ce hub. Ceux à qui le hub l'a remise sont prévenus par courrier que vous la retirez. Annulez-la aussi "
    "dans votre logiciel s'il l'a déclarée, et reprenez les exemplaires imprimés.",
)


def _receipt(record: Record) -> Delivered:
    return Delivered(
        receipt=f"{recognising.Model.PRESCRIPTION} {record.facts.get(MODEL, '')} "
        f"signature {record.facts.get(SIGNATURE, '')} sha256 {record.signed_sha256}"
    )


def _identifiers(order: Order) -> frozenset[Identifier]:
    listed = () if order.entry is None else order.entry.identifiers
    return frozenset((*order.prescriber.identifiers, *listed))


def _altered() -> StoreError:
    return StoreError(
        "prescription.altered",
        Words(
            en="What is to be handed over is not what was checked; nothing was sent. Tell those who run the "
            "hub.",
            fr="Ce qui doit être remis n'est pas ce qui a été vérifié ; rien n'a été envoyé. Prévenez ceux "
            "qui exploitent le hub.",
        ),
    )
