"""gematik's E-Rezept as the hub sees it (`hub.ports.prescription.PrescriptionService`)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Final

from hub.domain.outcome import Deferred, Delivered, Refused, Uncertain
from hub.domain.party import Party
from hub.domain.prescription import Handing, PrescriptionState, PrescriptionView
from hub.errors import ConfigError, PeerError
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
from hub_eprescription.gematik import asking, drafting, fhir, handing, words
from hub_eprescription.gematik.activating import Activating
from hub_eprescription.gematik.asking import Asking
from hub_eprescription.gematik.cancelling import Cancelling
from hub_eprescription.gematik.drafting import Drafting, Keys
from hub_eprescription.gematik.listening import Listening
from hub_eprescription.gematik.reading import read_view
from hub_eprescription.gematik.settings import Settings
from hub_eprescription.gematik.tracking import Tracking
from hub_eprescription.gematik.tries import RefusedError
from hub_eprescription.wire import table
from hub_eprescription.wire.session import Session
from hub_eprescription.wire.table import Kind

Outcome = Delivered | Deferred | Refused | Uncertain
MAX_BYTES: Final = 1 << 20
_S = PrescriptionState


class Service:
    """One session with the service, for all prescribers of a hub."""

    def __init__(self, settings: Settings, session: Session, keys: Keys, host: Host) -> None:
        self._settings = settings
        self._asking = Asking(session, table.load("hub_eprescription.gematik"))
        self._drafting = Drafting(settings, self._asking, keys, host.clock)
        self._signers = keys.signers
        self._activating = Activating(settings, self._asking, host.clock)
        self._cancelling = Cancelling(self._asking, host.clock)
        self._tracking = Tracking(settings, self._asking, host)
        self._listening = None
        if settings.listen is not None:
            self._listening = Listening(settings.listen, session, self._asking, host)

    @property
    def abilities(self) -> Abilities:
        """What the service can do."""
        common = self._settings.common
        return Abilities(
            mailbox=common.mailbox,
            media_types=frozenset({fhir.XML}),
            professions=common.professions,
            signing=common.signing,
            options=frozenset({drafting.WORKFLOW}),
            tracks=self._settings.follow,
            max_bytes=MAX_BYTES,
        )

    def read(self, media_type: str, content: bytes) -> PrescriptionView:
        """Return what people read of a KBV bundle, or of a signature around one (not verified here)."""
        return read_view(media_type, content)

    def check(self, order: Order) -> None:
        """Raise the InputError for an order that could never be issued."""
        self._drafting.check(order)

    async def issue(self, order: Order, journal: Journal) -> Outcome:
        """Issue it, or go on from where the journal stands."""
        return await self._end(journal, lambda: self._issue(order, journal))

    async def take_signed(self, signed: bytes, prescriber: Party, journal: Journal) -> None:
        """Keep what the prescriber's workstation signed, once it is verified."""
        await self._drafting.take(signed, prescriber, journal)

    async def settle(self, order: Order, journal: Journal) -> Outcome:
        """Find out what became of an issue whose answer was lost: by the same bytes once more."""
        if journal.record.state is _S.DRAFT:
            return await self.issue(order, journal)
        return await self._end(journal, lambda: self._activating.activate(journal, unsure=True))

    async def cancel(self, record: Record, reason: Reason, prescriber: Party) -> Cancellation:
        """Cancel it. The service is told no reason. Raises PeerError."""
        del reason, prescriber
        return await self._cancelling.cancel(record)

    async def status(self, record: Record) -> Record:
        """Ask the service how it stands. Raises PeerError."""
        return await self._tracking.status(record)

    async def events(self, cursor: str | None) -> News:
        """Return what was handed out since `cursor`; None is now. Raises PeerError."""
        return await self._tracking.events(cursor)

    def dispensings(self, media_type: str, content: bytes) -> Sequence[Dispensing]:
        """Return what FHIR JSON says of medicines handed out; nothing when it is of another kind."""
        if media_type.partition(";")[0].strip().lower() not in {fhir.JSON, "application/json"}:
            return ()
        return self._tracking.read(content)

    def code(self, record: Record, signed: bytes | None) -> Code2D | None:
        """Return its 2D code; None before it is issued."""
        del signed
        return handing.code(record)

    async def hand_over(
        self, record: Record, signed: bytes | None, order: Order, form: Handing, language: str
    ) -> Handover:
        """Make the mail that hands it over. Raises InputError before it is issued."""
        del order
        title = self._settings.common.title
        # The sheet is drawn: that takes a while.
        return await asyncio.to_thread(handing.hand_over, record, signed, form, language, title)

    async def listen(self, look_now: Callable[[], None]) -> None:
        """Call `look_now` whenever the service says that there is news; until cancelled, or never."""
        if self._listening is not None:
            await self._listening.run(look_now)

    async def probe(self) -> None:
        """Return when the service answers and signers are there; raise PeerError that says why not."""
        try:
            reply = await self._asking.ask("GET", "metadata")
        except ConfigError as error:
            raise PeerError(error.code, error.words, **error.fields) from error
        if reply.judgement.kind is Kind.TOKEN:
            raise asking.token_refused()
        if reply.judgement.kind is Kind.FAILED:
            raise PeerError("prescription.service_failed", reply.words, status=reply.status)
        if self._settings.common.signing is Signing.HUB and not self._settings.signers.keys:
            raise words.no_signers()
        await self._signers.examine()

    async def _issue(self, order: Order, journal: Journal) -> Delivered | Deferred | Uncertain:
        if journal.record.state is _S.DRAFT:
            late = await self._drafting.draft(order, journal)
            if late is not None:
                return late
        return await self._activating.activate(journal)

    async def _end(
        self, journal: Journal, step: Callable[[], Awaitable[Delivered | Deferred | Uncertain]]
    ) -> Outcome:
        record = journal.record
        if record.issued_at is not None:
            return Delivered(receipt=record.number or "")
        if record.state is _S.REJECTED:
            facts = record.facts
            return Refused(
                code=facts.get("code", "prescription.refused"),
                reason=replace(
                    words.REFUSED, en=facts.get("en", words.REFUSED.en), fr=facts.get("fr", words.REFUSED.fr)
                ),
            )
        try:
            return await step()
        except RefusedError as error:
            facts = {**journal.record.facts, "code": error.code, "en": error.words.en, "fr": error.words.fr}
            if error.said.issues:
                facts["outcome"] = error.said.json
            await journal.keep(replace(journal.record, state=_S.REJECTED, awaits=False, facts=facts))
            return Refused(code=error.code, reason=error.words)
