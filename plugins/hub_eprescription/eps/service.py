"""NHS England's EPS as the hub sees it (`PrescriptionService`, `ReadsDispensing`).

Not done here, because it is NHS's own: logging users in (CIS2, smartcards), fetching access tokens, and the
onboarding without which the service answers nobody. See docs/how-to/prescriptions/nhs-eps.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from hub.domain.outcome import Deferred, Delivered, Refused, Uncertain
from hub.domain.party import Party
from hub.domain.prescription import Handing, PrescriptionState, PrescriptionView, may_move
from hub.ports.clock import Clock
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
)
from hub_eprescription.eps import (
    dispensing,
    handing,
    messages,
    names,
    outcome,
    reading,
    sending,
    tracking,
    view,
    words,
)
from hub_eprescription.eps.asking import Asking
from hub_eprescription.eps.cancelling import Cancelling
from hub_eprescription.eps.drafting import Drafting, RefusedError
from hub_eprescription.eps.sending import Sending
from hub_eprescription.eps.settings import Settings
from hub_eprescription.eps.tracking import Tracked
from hub_eprescription.signing.authorities import Authorities
from hub_eprescription.signing.signers import Signers
from hub_eprescription.wire import table
from hub_eprescription.wire.session import Session
from hub_eprescription.wire.table import Kind

_NO_SUCH_ADDRESS: Final = 404
MAX_BYTES: Final = 256 << 10
"""Bytes of an order; the largest of NHS's own examples has 55 000."""


class EpsService:
    """The adapter."""

    def __init__(
        self,
        settings: Settings,
        session: Session,
        signers: Signers,
        trust: Authorities,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._asking = Asking(session, table.load("hub_eprescription.eps"), settings.role)
        self._drafting = Drafting(settings, self._asking, signers, trust, clock)
        self._sending = Sending(self._asking, clock, self._tracked if settings.track else None)
        self._cancelling = Cancelling(self._asking)
        self._signers = signers

    @property
    def abilities(self) -> Abilities:
        """What it can do."""
        common = self._settings.common
        return Abilities(
            mailbox=common.mailbox,
            media_types=frozenset({names.MEDIA_TYPE}),
            professions=common.professions,
            signing=common.signing,
            tracks=self._settings.track,
            max_bytes=MAX_BYTES,
        )

    def read(self, media_type: str, content: bytes) -> PrescriptionView:
        """Return what people read of a prescription, signed or not. Raises InputError."""
        if media_type != names.MEDIA_TYPE:
            raise words.media_type()
        return view.view(reading.bundle(content))

    def check(self, order: Order) -> None:
        """Raise the InputError for an order that could never be issued."""
        self._drafting.check(order)

    async def issue(self, order: Order, journal: Journal) -> Delivered | Deferred | Refused | Uncertain:
        """Issue it, or go on from where the journal stands."""
        record = journal.record
        first = "sent" not in record.facts
        try:
            if record.state is PrescriptionState.DRAFT:
                if (late := await self._drafting.draft(order, journal)) is not None:
                    return late
            elif record.state is not PrescriptionState.SIGNED:
                return _done(record)
            return await self._sending.send(journal, first=first)
        except RefusedError as error:
            return await _refuse(journal, error)

    async def take_signed(self, signed: bytes, prescriber: Party, journal: Journal) -> None:
        """Keep what the prescriber's workstation signed, once it is verified."""
        await self._drafting.take(signed, prescriber, journal)

    async def settle(self, order: Order, journal: Journal) -> Delivered | Deferred | Refused | Uncertain:
        """Find out what became of an issue: the same signed message again, which makes no second one."""
        del order
        record = journal.record
        if record.state is PrescriptionState.DRAFT:
            return Deferred(code="prescription.not_begun", reason=words.NOT_BEGUN)
        if record.state is not PrescriptionState.SIGNED:
            return _done(record)
        try:
            return await self._sending.send(journal, first="sent" not in record.facts)
        except RefusedError as error:
            return await _refuse(journal, error)

    async def cancel(self, record: Record, reason: Reason, prescriber: Party) -> Cancellation:
        """Cancel every item of it. Raises PeerError."""
        del prescriber  # who ordered it; the order says so to the service
        return await self._cancelling.cancel(record, reason)

    async def status(self, record: Record) -> Record:
        """Ask how it stands. Raises PeerError."""
        if not self._settings.track or record.number is None:
            return record
        tracked = await self._tracked(record.number)
        if tracked is None or not may_move(record.state, tracked.state):
            return record
        if tracked.state is PrescriptionState.UNKNOWN:
            return record
        return replace(record, state=tracked.state)

    async def events(self, cursor: str | None) -> News:
        """Return nothing: EPS tells prescribers of no events; see `dispensings`."""
        return News(events=(), cursor=cursor)

    def code(self, record: Record, signed: bytes | None) -> Code2D | None:
        """Return None: EPS has a number, and no 2D code."""
        del record, signed
        return None

    async def hand_over(
        self, record: Record, signed: bytes | None, order: Order, form: Handing, language: str
    ) -> Handover:
        """Make the mail that hands it over. Raises InputError."""
        del order
        return handing.handover(record, signed, form, language, self._settings.common.title)

    def dispensings(self, media_type: str, content: bytes) -> Sequence[Dispensing]:
        """Return what a `dispense-notification`, or a late answer to a cancel, says. Raises InputError."""
        return dispensing.dispensings(media_type, content, self._clock.now())

    async def probe(self) -> None:
        """Return when the service answers, knows the token, and cards are there. Raises PeerError."""
        reply = await self._asking.ask("GET", "metadata", request=self._request("probe"))
        if reply.judgement.kind is Kind.TOKEN:
            raise words.token_refused()
        # EPS has no CapabilityStatement: that it knows no such address is an answer too.
        if not reply.good and reply.answer.status != _NO_SUCH_ADDRESS:
            raise words.failed("prescription.service_failed", reply.words)
        await self._signers.examine()

    async def _tracked(self, number: str) -> Tracked | None:
        reply = await self._asking.ask("GET", tracking.path(number), request=self._request(number))
        if reply.judgement.kind is Kind.TOKEN:
            raise words.token_refused()
        if not reply.good:
            if reply.said.says("not-found", "RESOURCE_NOT_FOUND"):
                return None
            raise words.failed("prescription.service_failed", reply.words)
        return tracking.read(reply.answer.body, number)

    def _request(self, about: str) -> str:
        return messages.identifier("read", about, self._clock.now().isoformat())


def _done(record: Record) -> Delivered | Refused:
    """Return again how an issue ended."""
    if record.state.issued or record.state is PrescriptionState.UNKNOWN:
        return sending.issued(record)
    said = outcome.read(record.facts.get("outcome", "").encode(), names.MEDIA_TYPE)
    return Refused(code="prescription.refused", reason=words.refusal(said))


async def _refuse(journal: Journal, error: RefusedError) -> Refused:
    facts = {name: value for name, value in journal.record.facts.items() if name != "order"}
    if error.said:
        facts["outcome"] = error.said.json
    await journal.keep(replace(journal.record, state=PrescriptionState.REJECTED, awaits=False, facts=facts))
    return Refused(code=error.code, reason=error.words)
