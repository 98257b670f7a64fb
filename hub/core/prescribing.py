"""Prescriptions as clients of the API order, follow and cancel them (`hub.ports.prescribing.Prescriptions`).

An order becomes an envelope to the service's mailbox; its delivery is the issue. So this only finds the
service, says in the envelope what is asked for, and reads what became of it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from hub.core import ordering
from hub.core.operators import Operators
from hub.domain import prescription_order
from hub.domain.delivery import State
from hub.domain.ids import EnvelopeId, OperatorName
from hub.domain.message import DocumentRole, Kind, ReceiptKind, SenderSignature, SignatureResult
from hub.domain.prescription import PrescriptionState
from hub.domain.prescription_order import HandOrder, Wishes
from hub.ports.clock import Clock
from hub.ports.intake import Accepted, Intake, Part, Peer, Stage, Submission, To
from hub.ports.prescribing import CodeForm, Prescribes, PrescriptionOrder, Progress, Standing
from hub.ports.prescription import Abilities, Cancellation, Reason
from hub.ports.queue import Queue
from hub.ports.records import DeliveryReport, Records, Report, Step

CONNECTOR: Final = "api"
OUTCOME_UNKNOWN: Final = "outcome.unknown"
"""The code of an order that ended without anybody knowing what came of it (`hub.core.settle`)."""
LOOK_EVERY: Final = 0.05
"""Seconds between two looks at a prescription that somebody waits for; they grow to ten times that."""
_NAMES: Final = {"application/fhir+xml": "prescription.xml", "application/fhir+json": "prescription.json"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A client's own prescription and its service."""

    report: Report
    delivery: DeliveryReport
    service: Prescribes

    @property
    def id(self) -> EnvelopeId:
        """The envelope that ordered it."""
        return self.report.sealed.envelope.id


class Prescribing:
    """Orders, follows and cancels for clients of the API."""

    def __init__(
        self,
        *,
        intake: Intake,
        records: Records,
        queue: Queue,
        operators: Operators,
        clock: Clock,
        wake: Callable[[], None],
    ) -> None:
        self._intake = intake
        self._records = records
        self._queue = queue
        self._operators = operators
        self._clock = clock
        self._wake = wake

    def services(self) -> Mapping[OperatorName, Abilities]:
        """Return the services that prescriptions can be issued at."""
        return {name: one.abilities for name, one in self._services().items()}

    async def issue(self, stage: Stage, peer: Peer, key: str, order: PrescriptionOrder) -> Accepted:
        """Take an order; durable when it returns."""
        name, service = self._chosen(order.service)
        ordering.check(order, name, service.abilities)
        return await self._intake.submit(stage, await self._submission(stage, peer, key, order, service))

    async def wait(self, peer: Peer, prescription: EnvelopeId, seconds: float) -> None:
        """Return when it is issued, refused, or awaits a signature; at the latest after `seconds`."""
        pause = LOOK_EVERY
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while True:
                    progress = await self.standing(peer, prescription)
                    awaits = progress.standing is not None and progress.standing.record.awaits
                    if awaits or progress.state not in _UNDER_WAY:
                        return
                    await asyncio.sleep(pause)
                    pause = min(pause * 1.5, 10 * LOOK_EVERY)

    async def standing(self, peer: Peer, prescription: EnvelopeId, *, fresh: bool = False) -> Progress:
        """Return how it fares."""
        found = await self._own(peer, prescription)
        standing = await found.service.standing(found.id, fresh=fresh)
        delivery = found.delivery
        outcome = None if standing is None else standing.record.facts.get("outcome")
        return Progress(
            id=found.id,
            service=delivery.operator,
            state=_state(delivery, standing),
            accepted_at=found.report.sealed.envelope.created_at,
            standing=standing,
            code=delivery.code,
            reason=delivery.reason,
            due_at=delivery.due_at,
            detail=None if outcome is None else _value(outcome),
        )

    async def to_sign(self, peer: Peer, prescription: EnvelopeId) -> bytes:
        """Return what the workstation is to sign."""
        found = await self._own(peer, prescription)
        content = await found.service.to_sign(found.id)
        if content is None:
            raise ordering.absent(
                "nothing_to_sign",
                "Nothing of this prescription is to be signed now.",
                "Rien de cette ordonnance n'est à signer pour l'instant.",
            )
        return content

    async def sign(self, peer: Peer, prescription: EnvelopeId, signed: bytes) -> None:
        """Take what the workstation signed, and go on with the issue at once."""
        found = await self._own(peer, prescription)
        await found.service.take_signed(found.id, signed)
        now = self._clock.now()
        step = Step(at=now, event="prescription.signed", delivery=found.delivery.id)
        if found.delivery.state in {State.PENDING, State.UNCERTAIN}:
            await self._queue.move(found.delivery.id, found.delivery.state, step, due_at=now, notice=None)
        self._wake()

    async def signed(self, peer: Peer, prescription: EnvelopeId) -> tuple[str, bytes]:
        """Return media type and signed bytes."""
        found = await self._own(peer, prescription)
        signed = await found.service.signed(found.id)
        if signed is None:
            raise ordering.absent(
                "not_signed",
                "This prescription has no signed bytes.",
                "Cette ordonnance n'a pas d'octets signés.",
            )
        return signed

    async def draw(self, peer: Peer, prescription: EnvelopeId, form: CodeForm) -> bytes:
        """Draw the 2D code."""
        found = await self._own(peer, prescription)
        drawn = await found.service.draw(found.id, form)
        if drawn is None:
            raise ordering.absent(
                "no_code", "This prescription has no 2D code.", "Cette ordonnance n'a pas de code 2D."
            )
        return drawn

    async def printed(self, peer: Peer, prescription: EnvelopeId, language: str) -> bytes:
        """Return the sheet for the patient."""
        found = await self._own(peer, prescription)
        sheet = await found.service.printed(found.id, language)
        if sheet is None:
            raise ordering.absent(
                "not_issued",
                "This prescription is not issued: there is nothing to print or hand over.",
                "Cette ordonnance n'est pas émise : il n'y a rien à imprimer ni à remettre.",
            )
        return sheet

    async def hand_over(self, peer: Peer, prescription: EnvelopeId, order: HandOrder) -> EnvelopeId:
        """Hand it over by secure mail."""
        found = await self._own(peer, prescription)
        if order.form not in found.service.abilities.handing:
            raise ordering.wrong_form(order, found.service.abilities)
        return await found.service.hand_over(found.id, order)

    async def cancel(self, peer: Peer, prescription: EnvelopeId, reason: Reason) -> Cancellation:
        """Cancel it. An order that has not begun yet is not begun any more."""
        found = await self._own(peer, prescription)
        standing = await found.service.standing(found.id)
        if standing is None and not found.delivery.state.final:
            # Whoever looks for it now finds what was wanted; the issue, when its turn comes, does not begin.
            return await found.service.cancel(found.id, reason)
        if standing is None:
            raise ordering.absent(
                "not_issued",
                "This prescription was never issued: there is nothing to cancel.",
                "Cette ordonnance n'a jamais été émise : il n'y a rien à annuler.",
            )
        return await found.service.cancel(found.id, reason)

    def _services(self) -> Mapping[OperatorName, Prescribes]:
        found: dict[OperatorName, Prescribes] = {}
        for one in self._operators:
            connector: object = one.connector
            if isinstance(connector, Prescribes):
                found[one.name] = connector
        return found

    def _chosen(self, name: OperatorName | None) -> tuple[OperatorName, Prescribes]:
        services = self._services()
        if name is None and len(services) == 1:
            return next(iter(services.items()))
        if name is not None and name in services:
            return name, services[name]
        known = None if name is None else self._operators.named(name)
        raise ordering.unknown(services) if known is None or known.connector else ordering.closed(known.name)

    async def _own(self, peer: Peer, prescription: EnvelopeId) -> Found:
        report = await self._records.report(prescription)
        if report is not None and report.peer == peer.name:
            envelope = report.sealed.envelope
            for one in report.deliveries:
                operator = self._operators.named(one.operator)
                service: object = None if operator is None else operator.connector
                if envelope.message.kind is Kind.PRESCRIPTION and isinstance(service, Prescribes):
                    return Found(report=report, delivery=one, service=service)
        raise ordering.absent(
            "not_found",
            "There is no prescription of this id here.",
            "Il n'y a pas d'ordonnance de cet identifiant.",
        )

    async def _submission(
        self, stage: Stage, peer: Peer, key: str, order: PrescriptionOrder, service: Prescribes
    ) -> Submission:
        wishes = prescription_order.spell(Wishes(options=order.options, hand_over=order.hand_over))
        return Submission(
            connector=CONNECTOR,
            peer=peer,
            native_id=key,
            key=f"prescription:{key}",
            sender=order.prescriber,
            recipients=(To(target=service.abilities.mailbox),),
            subject="",
            parts=(
                Part(
                    name=_NAMES.get(order.media_type, "prescription.xml"),
                    media_type=order.media_type,
                    role=DocumentRole.ATTACHMENT,
                    content=await stage.keep(order.content),
                ),
                Part(
                    name=prescription_order.NAME,
                    media_type=prescription_order.MEDIA_TYPE,
                    role=DocumentRole.ATTACHMENT,
                    content=await stage.keep(wishes),
                ),
            ),
            signature=SenderSignature(result=SignatureResult.NONE),
            kind=Kind.PRESCRIPTION,
            language=order.language,
            patient=tuple(order.patient),
            receipts=(ReceiptKind.DELIVERY, ReceiptKind.FAILURE),
        )


_UNDER_WAY: Final = frozenset({PrescriptionState.DRAFT, PrescriptionState.SIGNED})


def _state(delivery: DeliveryReport, standing: Standing | None) -> PrescriptionState:
    """Return the prescription's state: the record's, unless its order came to nothing."""
    state = PrescriptionState.DRAFT if standing is None else standing.record.state
    if state.issued or state.final:
        return state
    match delivery.state:
        case State.REFUSED if delivery.code == OUTCOME_UNKNOWN:
            # The service may have it: whoever reads that there is none would order a second one.
            return PrescriptionState.UNKNOWN
        case State.REFUSED:
            return PrescriptionState.REJECTED
        case State.EXPIRED:
            return PrescriptionState.EXPIRED
        case State.CANCELLED:
            return PrescriptionState.CANCELLED
        case _:
            return state


def _value(text: str) -> Any:
    """Read what the service said; an adapter keeps it as JSON, or as a text of its own."""
    try:
        return json.loads(text)
    except ValueError:
        return text
