"""From an order to signed bytes: number, then signature, each written down before the next step.

1. A number and its access code (`$create`), never ahead of need: only when all else is ready.
2. The number into the bundle, everything else as it came.
3. The signature, by the hub's key of the prescriber or by their workstation, on the day that it bears.

A draft at the service is no prescription. One whose answer was lost, or whose day is over, is left behind
and counted (`Record.orphans`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from hub.domain.outcome import Deferred
from hub.domain.party import Party
from hub.domain.prescription import PrescriptionState
from hub.domain.times import rfc3339
from hub.errors import ConfigError, InputError, PeerError, TrustError
from hub.ports.clock import Clock
from hub.ports.prescription import Journal, Order, Record, Signing
from hub.ports.signing import Signer
from hub_eprescription import refusing
from hub_eprescription.codes import token
from hub_eprescription.gematik import bundle, fhir, task, tries, view, words
from hub_eprescription.gematik.asking import Asking, Reply, UnansweredError
from hub_eprescription.gematik.fhir import Node
from hub_eprescription.gematik.settings import WORKFLOWS, Settings
from hub_eprescription.gematik.tries import RefusedError
from hub_eprescription.signing import cades
from hub_eprescription.signing.authorities import Authorities
from hub_eprescription.signing.signers import Signers
from hub_eprescription.signing.verdict import Verified
from hub_eprescription.wire.table import Kind

SIGNED_TYPE: Final = "application/pkcs7-mime"
WORKFLOW: Final = "workflow"
Envelop = Callable[[bytes, Signer, datetime], Awaitable[bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The prescribers' keys, whose certificates count, and how a signature is put around a bundle."""

    signers: Signers
    trust: Authorities
    envelop: Envelop = cades.envelop


class Drafting:
    """Gets an order signed."""

    def __init__(self, settings: Settings, asking: Asking, keys: Keys, clock: Clock) -> None:
        self._settings = settings
        self._asking = asking
        self._keys = keys
        self._clock = clock

    def today(self) -> date:
        """Return the day where prescriptions are signed."""
        return self.day(self._clock.now())

    def day(self, moment: datetime) -> date:
        """Return the day of a moment where prescriptions are signed."""
        return moment.astimezone(self._settings.time_zone).date()

    def check(self, order: Order) -> None:
        """Raise the InputError for an order that could not be signed now."""
        self._read(order)

    def _read(self, order: Order) -> Node:
        """Return an order's bundle, once it is known that it could be signed now. Raises InputError."""
        if order.media_type.partition(";")[0].strip().lower() != fhir.XML:
            raise words.media_type()
        node = bundle.read(order.content)
        view.of(node)
        # Whether a number has a place in it must be known before the service gives one.
        bundle.with_number(order.content, "0")
        workflow_of(order, node)
        authored, today = bundle.authored_on(node), self.today()
        if authored != today:
            raise words.other_day(authored, today)
        if self._settings.common.signing is Signing.HUB and self._signer(order) is None:
            raise refusing.no_signer()
        return node

    async def draft(self, order: Order, journal: Journal) -> Deferred | None:
        """Go on until signed bytes are in the journal; None then. Raises RefusedError, StoreError."""
        record = journal.record
        if record.number is not None and record.facts.get("day") != self.today().isoformat():
            await journal.keep(_abandoned(record))
        try:
            node = self._read(order)
        except InputError as error:
            raise RefusedError(error.code, error.words) from error
        if journal.record.number is None and (late := await self._create(order, node, journal)) is not None:
            return late
        record = journal.record
        content = bundle.with_number(order.content, record.number or "")
        if self._settings.common.signing is Signing.WORKSTATION:
            if not record.awaits:
                await journal.keep_to_sign(replace(record, signed_type=SIGNED_TYPE), content)
            return Deferred(code="prescription.awaits_signature", reason=words.AWAITED)
        return await self._sign(order, journal, content, bundle.authored_on(node))

    async def take(self, signed: bytes, prescriber: Party, journal: Journal) -> None:
        """Keep what the workstation signed. Raises InputError, TrustError, StoreError."""
        content, record = await journal.to_sign(), journal.record
        if content is None:
            if await journal.signed() == signed:
                return
            raise refusing.nothing_to_sign()
        verified = (await cades.verify(signed, self._keys.trust, self._clock.now())).require()
        if not bundle.same(verified.content, content):
            raise words.other_content()
        if not _is_theirs(verified, prescriber):
            raise words.other_signer()
        authored = bundle.authored_on(bundle.read(verified.content))
        if verified.signed_at is None or self.day(verified.signed_at) != authored:
            raise words.signed_other_day(authored)
        await journal.keep_signed(
            replace(record, state=PrescriptionState.SIGNED, signed_type=SIGNED_TYPE, awaits=False), signed
        )

    async def _create(self, order: Order, node: Node, journal: Journal) -> Deferred | None:
        record = journal.record
        if (rest := tries.rest(record, self._clock.now())) is not None:
            return rest
        if "creating" in record.facts:
            # An earlier question whose answer nobody heard: a draft may lie at the service.
            record = replace(record, orphans=record.orphans + 1)
        facts = {**record.facts, "creating": rfc3339(self._clock.now())}
        record = await journal.keep(replace(record, facts=facts))
        try:
            reply = await self._asking.ask("POST", "Task/$create", body=fhir.create(workflow_of(order, node)))
        except (PeerError, ConfigError) as error:
            lost = error.lost if isinstance(error, UnansweredError) else 0
            await journal.keep(_heard(record, lost))
            return Deferred(code=error.code, reason=error.words, operator_failed=True)
        record = _heard(record, reply.lost)
        if not reply.judgement.good:
            return await self._not_created(record, reply, journal)
        answered = reply.resource()
        found = None if answered is None else task.of(answered)
        if found is None or found.token is None or found.status != "draft":
            tried = tries.count(replace(record, orphans=record.orphans + 1), self._clock.now())
            await journal.keep(tried)
            tries.spent(tried)
            return Deferred(
                code="prescription.answer_unreadable", reason=words.UNREADABLE, operator_failed=True
            )
        facts = tries.fresh(record) | {"day": self.today().isoformat(), WORKFLOW: found.workflow}
        await journal.keep(
            replace(
                record,
                number=found.number,
                secret=found.token.access_code,
                code=token.encode(found.token),
                warnings=tries.warned(record, reply),
                facts=facts,
            )
        )
        return None

    async def _not_created(self, record: Record, reply: Reply, journal: Journal) -> Deferred | None:
        if reply.judgement.kind is Kind.FAILED:
            lost = int(reply.judgement.acted)
            record = replace(record, orphans=record.orphans + lost)
            record = tries.count(record, self._clock.now(), tries.wait(reply))
        await journal.keep(record)
        return tries.judge(reply, record)

    async def _sign(self, order: Order, journal: Journal, content: bytes, authored: date) -> Deferred | None:
        signer, at = self._signer(order), self._clock.now()
        if signer is None:
            raise RefusedError("prescription.no_signer", refusing.no_signer().words)
        if self.day(at) != authored:
            # The day ended while the service gave a number.
            await journal.keep(_abandoned(journal.record))
            late = words.other_day(authored, self.day(at))
            raise RefusedError(late.code, late.words)
        try:
            signed = await self._keys.envelop(content, signer, at)
        except (PeerError, ConfigError) as error:
            return Deferred(code=error.code, reason=error.words)
        if self._keys.trust.anchors:
            try:
                (await cades.verify(signed, self._keys.trust, self._clock.now())).require()
            except TrustError as error:
                raise RefusedError(error.code, error.words) from error
        await journal.keep_signed(
            replace(journal.record, state=PrescriptionState.SIGNED, signed_type=SIGNED_TYPE), signed
        )
        return None

    def _signer(self, order: Order) -> Signer | None:
        return self._keys.signers.of(order.prescriber, order.entry)


def workflow_of(order: Order, node: Node) -> str:
    """Return the kind of prescription that an order asks for. Raises InputError.

    When it does not say: 200 for the privately insured, else 160.
    """
    said = order.options.get(WORKFLOW)
    if said is None:
        return "200" if bundle.insured_privately(node) else "160"
    if said not in WORKFLOWS:
        raise words.workflow(WORKFLOWS)
    return said


def _abandoned(record: Record) -> Record:
    return replace(record, number=None, secret=None, code=None, awaits=False, orphans=record.orphans + 1)


def _heard(record: Record, lost: int) -> Record:
    """Return the record with the question answered, or known to have left no more than `lost` drafts."""
    facts = {name: value for name, value in record.facts.items() if name != "creating"}
    return replace(record, facts=facts, orphans=record.orphans + lost)


def _is_theirs(verified: Verified, prescriber: Party) -> bool:
    """Whether a certificate is the prescriber's: it names them, and no identifier of one system denies it."""
    known = {one.system: one.value for one in prescriber.identifiers}
    denied = any(known.get(one.system, one.value) != one.value for one in verified.identifiers)
    return verified.is_of(prescriber) and not denied
