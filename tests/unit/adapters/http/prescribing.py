"""Prescriptions in memory, and an API in front of them."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, TypeVar

from hub.domain import ids
from hub.domain.address import Address
from hub.domain.ids import EnvelopeId, OperatorName
from hub.domain.party import INS_NIR, RPPS, Identifier
from hub.domain.prescription import CancelResult, Medicine, PrescriptionState, PrescriptionView, may_move
from hub.domain.prescription_order import HandOrder
from hub.errors import ConflictError, HubError, InputError, PeerError, Words
from hub.ports.intake import Accepted, Peer, Stage
from hub.ports.prescribing import CodeForm, PrescriptionOrder, Progress, Standing
from hub.ports.prescription import Abilities, Cancellation, Dispensing, Reason, Record, Signing
from tests.unit.adapters.http.serving import TOKEN, Served, serving

NOW: Final = datetime(2026, 3, 3, 14, 0, tzinfo=UTC)
XML: Final = b"<Bundle xmlns='http://hl7.org/fhir'><!-- Ginkgo 40 mg, Camille Hautmont --></Bundle>"
NUMBER: Final = "160.000.000.000.123.76"
SECRET: Final = "0f14d76a4fd42f0b7dab22a51eb9b5e8b8fd7e6a2a7be8c5f4c8df1f3a6c4d2e"
TOKEN_2D: Final = f'{{"urls":["Task/{NUMBER}/$accept?ac={SECRET}"]}}'
OUTCOME: Final = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "invalid"}]}
PRESCRIBER: Final = "dr.camille.lilas@cabinet.example"
EREZEPT: Final = OperatorName("erezept")
ABILITIES: Final = Abilities(
    mailbox=Address.parse("erezept@rezept.hub.example"),
    media_types=frozenset({"application/fhir+xml"}),
    professions=frozenset({"10"}),
    signing=Signing.HUB,
    max_bytes=100_000,
)
VIEW: Final = PrescriptionView(
    number=None,
    authored_on=date(2026, 3, 3),
    valid_until=date(2026, 6, 3),
    patient="Camille HAUTMONT",
    patient_identifiers=(Identifier(INS_NIR, "279035121518989"),),
    born=date(1979, 3, 5),
    prescriber="Dr Camille LILAS",
    prescriber_identifiers=(Identifier(RPPS, "899900000011"),),
    organisation="Cabinet des Lilas",
    medicines=(Medicine(name="Ginkgo 40 mg", code="3400930000000", dosage="1-0-1", substitution=True),),
)
ORDER: Final[dict[str, Any]] = {
    "from": PRESCRIBER,
    "prescription": {"media_type": "application/fhir+xml", "content": base64.b64encode(XML).decode()},
}
_S = PrescriptionState
T = TypeVar("T")


@dataclass(slots=True)
class Kept:
    """One prescription: its order, how it stands, and what belongs to it."""

    order: PrescriptionOrder
    progress: Progress
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    to_sign: bytes | None = None
    signed: bytes | None = None


class TinyPrescriptions:
    """One prescription for each client and key (`Prescriptions`). Tests play the service.

    `at_once` is what becomes of an order as soon as it is durable: it is issued unless a test says
    otherwise. `error` is raised by `issue` instead. `cancelling` answers cancels, or is raised.
    """

    def __init__(self) -> None:
        self.abilities: dict[OperatorName, Abilities] = {EREZEPT: ABILITIES}
        self.kept: dict[EnvelopeId, Kept] = {}
        self.at_once = self.activate
        self.error: HubError | None = None
        self.cancelling: Cancellation | HubError | None = None
        self.unreachable: PeerError | None = None
        self.asked: list[EnvelopeId] = []
        self.reasons: list[Reason] = []
        self.taken = asyncio.Event()
        self._keys: dict[tuple[str, str], EnvelopeId] = {}
        self._owners: dict[EnvelopeId, str] = {}

    def services(self) -> Mapping[OperatorName, Abilities]:
        """Return the services."""
        return self.abilities

    async def issue(self, stage: Stage, peer: Peer, key: str, order: PrescriptionOrder) -> Accepted:
        """Take an order, once for each client and key."""
        if self.error is not None:
            raise self.error
        await stage.keep(order.content)
        known = self._keys.get((peer.name, key))
        if known is not None:
            if self.kept[known].order != order:
                raise ConflictError("submission.conflict", Words(en="Another.", fr="Une autre."))
            return Accepted(envelopes=(known,), refused={}, again=True)
        one = EnvelopeId(ids.uuid7(len(self.kept) + 1, bytes(10)))
        self._keys[peer.name, key], self._owners[one] = one, peer.name
        progress = Progress(id=one, service=EREZEPT, state=_S.DRAFT, accepted_at=NOW, standing=None)
        self.kept[one] = Kept(order, progress)
        self.at_once(one)
        self.taken.set()
        return Accepted(envelopes=(one,), refused={})

    async def wait(self, peer: Peer, prescription: EnvelopeId, seconds: float) -> None:
        """Return when a test said what became of it."""
        try:
            async with asyncio.timeout(seconds):
                await self._own(peer, prescription).ended.wait()
        except TimeoutError:
            return

    async def standing(self, peer: Peer, prescription: EnvelopeId, *, fresh: bool = False) -> Progress:
        """Return how it fares."""
        one = self._own(peer, prescription)
        if fresh:
            self.asked.append(prescription)
            if self.unreachable is not None:
                raise self.unreachable
        return one.progress

    async def to_sign(self, peer: Peer, prescription: EnvelopeId) -> bytes:
        """Return what is to be signed."""
        return _there(self._own(peer, prescription).to_sign, "prescription.nothing_to_sign")

    async def sign(self, peer: Peer, prescription: EnvelopeId, signed: bytes) -> None:
        """Take a signature over what was to be signed, which here begins with it."""
        one = self._own(peer, prescription)
        if one.signed == signed:
            return
        if not signed.startswith(_there(one.to_sign, "prescription.nothing_to_sign")):
            raise InputError("prescription.other_content", Words(en="Other content.", fr="Autre contenu."))
        one.to_sign, one.signed = None, signed
        self.move(prescription, _S.SIGNED, awaits=False, signed_sha256=hashlib.sha256(signed).hexdigest())
        self.activate(prescription)

    async def signed(self, peer: Peer, prescription: EnvelopeId) -> tuple[str, bytes]:
        """Return what was signed."""
        signed = _there(self._own(peer, prescription).signed, "prescription.not_signed")
        return "application/pkcs7-mime", signed

    async def draw(self, peer: Peer, prescription: EnvelopeId, form: CodeForm) -> bytes:
        """Return the 2D code's text, and how it would be drawn."""
        code = _there(self._record(peer, prescription).code, "prescription.no_code")
        return f"{form}:{code}".encode()

    async def printed(self, peer: Peer, prescription: EnvelopeId, language: str) -> bytes:
        """Return a sheet."""
        number = _there(self._record(peer, prescription).number, "prescription.not_issued")
        return f"%PDF-1.7 {language} {number}".encode()

    async def hand_over(self, peer: Peer, prescription: EnvelopeId, order: HandOrder) -> EnvelopeId:
        """Hand it over, once for each order."""
        standing = self._own(peer, prescription).progress.standing
        if standing is None or not standing.record.state.issued:
            raise _absent("prescription.not_issued")
        message = EnvelopeId(ids.uuid7(1000 + len(standing.handed), bytes(10)))
        handed = {order.name: message, **standing.handed}
        self._put(prescription, standing=replace(standing, handed=handed))
        return handed[order.name]

    async def cancel(self, peer: Peer, prescription: EnvelopeId, reason: Reason) -> Cancellation:
        """Answer as the test says; else it is cancelled."""
        state = self._own(peer, prescription).progress.state
        self.reasons.append(reason)
        if isinstance(self.cancelling, HubError):
            raise self.cancelling
        if self.cancelling is not None:
            return self.cancelling
        already = state is _S.CANCELLED
        if not already:
            self.move(prescription, _S.CANCELLED, cancelled=CancelResult.CANCELLED)
        return Cancellation(
            result=CancelResult.ALREADY_CANCELLED if already else CancelResult.CANCELLED,
            state=_S.CANCELLED,
            words=Words(en="It is cancelled.", fr="Elle est annulée."),
        )

    def hold(self, prescription: EnvelopeId) -> None:
        """Let nothing become of an order yet."""

    def defer(self, prescription: EnvelopeId) -> None:
        """Have the service out of reach."""
        reason = Words(en="The service does not answer.", fr="Le service ne répond pas.")
        self._put(
            prescription, code="prescription.unreachable", reason=reason, due_at=NOW + timedelta(minutes=1)
        )

    def activate(self, prescription: EnvelopeId) -> None:
        """Have it issued."""
        if self.kept[prescription].progress.state is not _S.SIGNED:
            self.move(prescription, _S.SIGNED)
        self.move(
            prescription,
            _S.ACTIVE,
            number=NUMBER,
            code=TOKEN_2D,
            secret=SECRET,
            issued_at=NOW,
            warnings=(Words(en="Taken with a warning.", fr="Prise avec un avertissement."),),
        )

    def await_signature(self, prescription: EnvelopeId) -> None:
        """Have it wait for its prescriber."""
        self.kept[prescription].to_sign = b"sign:" + self.kept[prescription].order.content
        self.move(prescription, _S.DRAFT, awaits=True)

    def refuse(self, prescription: EnvelopeId, code: str = "prescription.refused") -> None:
        """Have the service refuse it."""
        reason = Words(en="The dosage is missing.", fr="La posologie manque.")
        self._put(prescription, state=_S.REJECTED, code=code, reason=reason, detail=OUTCOME)
        self.kept[prescription].ended.set()

    def dispense(self, prescription: EnvelopeId) -> None:
        """Have a pharmacy dispense it."""
        self.move(prescription, _S.COMPLETED)
        standing = self.kept[prescription].progress.standing
        assert standing is not None
        text = Words(en="Dispensed.", fr="Délivrée.")
        event = Dispensing(id="md-1", number=NUMBER, state=_S.COMPLETED, at=NOW, text=text)
        self._put(prescription, standing=replace(standing, events=(event,)))

    def move(self, prescription: EnvelopeId, state: PrescriptionState, **changes: Any) -> None:
        """Move it, along the table."""
        progress = self.kept[prescription].progress
        standing = progress.standing or Standing(
            record=Record(id=prescription, state=_S.DRAFT, changed_at=NOW), service=EREZEPT, view=VIEW
        )
        assert may_move(standing.record.state, state)
        record = replace(standing.record, state=state, **changes)
        self._put(prescription, state=state, standing=replace(standing, record=record))
        if record.awaits or state not in {_S.DRAFT, _S.SIGNED}:
            self.kept[prescription].ended.set()

    def end(self, prescription: EnvelopeId, state: PrescriptionState, code: str) -> None:
        """End its order, without a word of the service."""
        self._put(prescription, state=state, code=code)
        self.kept[prescription].ended.set()

    def _put(self, prescription: EnvelopeId, **changes: Any) -> None:
        one = self.kept[prescription]
        one.progress = replace(one.progress, **changes)

    def _record(self, peer: Peer, prescription: EnvelopeId) -> Record:
        standing = self._own(peer, prescription).progress.standing
        return standing.record if standing else Record(id=prescription, state=_S.DRAFT, changed_at=NOW)

    def _own(self, peer: Peer, prescription: EnvelopeId) -> Kept:
        if self._owners.get(prescription) != peer.name:
            raise _absent("prescription.not_found")
        return self.kept[prescription]


def _absent(code: str) -> InputError:
    return InputError(code, Words(en="It is not there.", fr="Ceci n'existe pas."))


def _there(value: T | None, code: str) -> T:
    if value is None:
        raise _absent(code)
    return value


@dataclass(slots=True)
class Prescribing:
    """An API that takes prescriptions, and those who ask it."""

    served: Served
    prescriptions: TinyPrescriptions

    async def ask(self, method: str, path: str, *, token: str = TOKEN, **more: Any) -> tuple[Any, Any]:
        """Ask; return the response, and its JSON or else its bytes."""
        headers = {"Authorization": f"Bearer {token}", **more.pop("headers", {})}
        url = f"{self.served.url}/v1/prescriptions{path}"
        async with self.served.session.request(method, url, headers=headers, **more) as response:
            data = await response.read()
            return response, json.loads(data) if "json" in response.content_type else data

    async def order(self, order: Any = None, *, key: str = "k1", **more: Any) -> tuple[Any, Any]:
        """Order a prescription."""
        headers = {"Idempotency-Key": key, **more.pop("headers", {})}
        if "data" not in more:
            more["data"] = json.dumps(ORDER if order is None else order)
            headers.setdefault("Content-Type", "application/json")
        return await self.ask("POST", "", headers=headers, **more)


@asynccontextmanager
async def prescribing(**changes: Any) -> AsyncIterator[Prescribing]:
    """Open an API in front of `TinyPrescriptions`."""
    prescriptions = TinyPrescriptions()
    async with serving(prescriptions=prescriptions, **changes) as served:
        yield Prescribing(served, prescriptions)
