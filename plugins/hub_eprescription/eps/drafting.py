"""From an order to signed bytes, each step written down before the next.

1. The order is held to what can be known before the service is asked: its number, its prescriber.
2. `$prepare`: the service says what is to be signed (a SignedInfo over its own form of the prescription).
3. The signature, by the hub's key of the prescriber, by their workstation, or as it came in the order.
4. The signature goes into the order as a Provenance; those bytes are kept, and are what is sent.

That the digest in the SignedInfo is over this prescription only the service can say: it computes it from a
form of its own (HL7 V3), and checks it when the signed order comes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, time
from typing import Final
from uuid import UUID

from hub.domain.outcome import Deferred
from hub.domain.party import Identifier, Party
from hub.domain.prescription import PrescriptionState
from hub.errors import ConfigError, HubError, InputError, MalformedError, PeerError, TrustError, Words
from hub.ports.clock import Clock
from hub.ports.prescription import Journal, Order, Record, Signing
from hub.ports.signing import Mechanism, Signer
from hub_eprescription import refusing
from hub_eprescription.eps import messages, names, number, reading, view, words
from hub_eprescription.eps.asking import Asking, Reply
from hub_eprescription.eps.messages import ToSign
from hub_eprescription.eps.outcome import NOTHING, Said
from hub_eprescription.eps.reading import Bundle, text
from hub_eprescription.eps.settings import Settings
from hub_eprescription.signing import ready, xmldsig
from hub_eprescription.signing.authorities import Authorities
from hub_eprescription.signing.signers import Signers
from hub_eprescription.signing.verdict import Verified
from hub_eprescription.wire.table import Kind

SignInfo = Callable[[bytes, Signer, Mechanism], Awaitable[bytes]]
_DIGEST: Final = "signature_sha256"
"""The fact by which a workstation's signature is known again."""
_UNREADABLE: Final = Deferred(
    code="prescription.answer_unreadable",
    reason=Words(
        en="The prescription service answered to $prepare, and what it wants to be signed can't be read.",
        fr="Le service de prescription a répondu à $prepare, et ce qu'il veut faire signer est illisible.",
    ),
    operator_failed=True,
)


class RefusedError(HubError):
    """It will never be issued as it is. It never leaves this package."""

    def __init__(self, code: str, words: Words, said: Said = NOTHING) -> None:
        super().__init__(code, words)
        self.said = said


class Drafting:
    """Gets an order signed."""

    def __init__(  # noqa: PLR0917 -- what it works with
        self,
        settings: Settings,
        asking: Asking,
        signers: Signers,
        trust: Authorities,
        clock: Clock,
        sign_info: SignInfo = xmldsig.sign_info,
    ) -> None:
        self._settings = settings
        self._asking = asking
        self._signers = signers
        self._trust = trust
        self._clock = clock
        self._sign_info = sign_info

    def check(self, order: Order) -> Bundle:
        """Return the order's message. Raises the InputError for one that could never be issued."""
        if order.media_type != names.MEDIA_TYPE:
            raise words.media_type()
        bundle = reading.bundle(order.content)
        seen = view.view(bundle)
        check_whole(bundle)
        number.read(seen.number or "")
        _same_prescriber(bundle, order)
        signed = messages.signature(bundle) is not None
        signing = self._settings.common.signing
        if not signed and signing is Signing.NONE:
            raise words.not_signed()
        if not signed and signing is Signing.HUB and self._signer(order) is None:
            raise refusing.no_signer()
        return bundle

    async def draft(self, order: Order, journal: Journal) -> Deferred | None:
        """Go on until signed bytes are in the journal; None then. Raises RefusedError, StoreError."""
        try:
            bundle = self.check(order)
            held = messages.signature(bundle)
            if held is not None:
                return await self._as_it_came(order, bundle, held[0], journal)
            if journal.record.awaits:
                return Deferred(code="prescription.awaits_signature", reason=words.AWAITED)
            prepared = await self._prepare(order, bundle)
            if isinstance(prepared, Deferred):
                return prepared
            if self._settings.common.signing is Signing.WORKSTATION:
                self._allow(prepared, None)
                begun = _begun(journal.record, order.content, bundle, prepared)
                await journal.keep_to_sign(begun, prepared.signed_info)
                return Deferred(code="prescription.awaits_signature", reason=words.AWAITED)
            return await self._sign(order, bundle, prepared, journal)
        except (InputError, TrustError) as error:
            raise RefusedError(error.code, error.words) from error

    async def take(self, signed: bytes, prescriber: Party, journal: Journal) -> None:
        """Keep what the workstation signed: a `ds:Signature` over what it was given.

        Raises InputError, TrustError, StoreError.
        """
        content, record = await journal.to_sign(), journal.record
        digest = hashlib.sha256(signed).hexdigest()
        if content is None or "order" not in record.facts:
            if record.facts.get(_DIGEST) == digest:
                return
            raise refusing.nothing_to_sign()
        verified = (await xmldsig.verify(signed, self._trust, self._clock.now())).require()
        if verified.content != content:
            raise words.other_content()
        facts = dict(record.facts)
        named = tuple(Identifier(names.SDS_USER, one) for one in facts.get("prescriber", "").split())
        _signed_by(verified, prescriber, named)
        whole = messages.with_signature(facts.pop("order").encode(), signed, facts.pop("timestamp"))
        facts |= {_DIGEST: digest, "basis": messages.basis(reading.bundle(whole))}
        await journal.keep_signed(
            replace(record, state=PrescriptionState.SIGNED, signed_type=names.MEDIA_TYPE, facts=facts), whole
        )

    async def _prepare(self, order: Order, bundle: Bundle) -> ToSign | Deferred:
        request = messages.identifier("prepare", order.id, bundle.identifier)
        try:
            reply = await self._asking.ask("POST", "$prepare", request=request, body=order.content)
        except PeerError as error:
            return Deferred(code=error.code, reason=error.words, operator_failed=True)
        if reply.refused:
            raise RefusedError("prescription.refused", words.refusal(reply.said), reply.said)
        if not reply.good:
            return deferred(reply)
        try:
            return messages.to_sign(reply.answer.body)
        except InputError:
            return _UNREADABLE

    async def _sign(
        self, order: Order, bundle: Bundle, prepared: ToSign, journal: Journal
    ) -> Deferred | None:
        signer = self._signer(order)
        if signer is None:
            raise refusing.no_signer()
        try:
            await ready.make_ready(signer)
            self._allow(prepared, signer)
            signature = await self._sign_info(prepared.signed_info, signer, prepared.mechanism)
        except MalformedError:
            # What the service wants signed is no SignedInfo: no fault of the prescription, and never signed.
            return _UNREADABLE
        except (PeerError, ConfigError) as error:
            return Deferred(code=error.code, reason=error.words)
        if self._trust.anchors:
            (await xmldsig.verify(signature, self._trust, self._clock.now())).require()
        whole = messages.with_signature(order.content, signature, prepared.timestamp)
        await journal.keep_signed(_signed(journal.record, bundle, {"sent": "yes"}), whole)
        return None

    async def _as_it_came(
        self, order: Order, bundle: Bundle, signature: bytes, journal: Journal
    ) -> Deferred | None:
        verified = (await xmldsig.verify(signature, self._trust, self._clock.now())).require()
        _signed_by(verified, order.prescriber, tuple(view.prescriber_identifiers(bundle)))
        await journal.keep_signed(_signed(journal.record, bundle, {"sent": "yes"}), order.content)
        return None

    def _allow(self, prepared: ToSign, signer: Signer | None) -> None:
        weak = prepared.mechanism is Mechanism.RSA_PKCS1_SHA1 and not self._settings.accepts_sha1
        if weak or (signer is not None and prepared.mechanism not in signer.mechanisms):
            raise words.mechanism(prepared.mechanism.value)

    def _signer(self, order: Order) -> Signer | None:
        return self._signers.of(order.prescriber, order.entry)


def deferred(reply: Reply) -> Deferred:
    """Return when to ask again after an answer that is not good and was not acted upon."""
    if reply.judgement.kind is Kind.TOKEN:
        refused = words.token_refused()
        return Deferred(code=refused.code, reason=refused.words, operator_failed=True)
    return Deferred(
        code="prescription.service_failed",
        reason=reply.words,
        retry_after=reply.retry_after,
        operator_failed=True,
    )


def _begun(record: Record, content: bytes, bundle: Bundle, prepared: ToSign) -> Record:
    """Return the record of a prescription that its workstation is to sign: with the order to put it into."""
    users = [one.value for one in view.prescriber_identifiers(bundle) if one.system == names.SDS_USER]
    return replace(
        _numbered(record, bundle),
        facts={
            **record.facts,
            "order": content.decode("utf-8"),
            "timestamp": prepared.timestamp,
            "prescriber": " ".join(users),
        },
    )


def _signed(record: Record, bundle: Bundle, facts: Mapping[str, str]) -> Record:
    return replace(
        _numbered(record, bundle),
        state=PrescriptionState.SIGNED,
        signed_type=names.MEDIA_TYPE,
        facts={**record.facts, "basis": messages.basis(bundle), **facts},
    )


def _numbered(record: Record, bundle: Bundle) -> Record:
    seen = view.view(bundle)
    end = seen.valid_until
    return replace(
        record,
        number=seen.number,
        expires_at=None if end is None else datetime.combine(end, time.max, UTC),
    )


def check_whole(bundle: Bundle) -> None:
    """Raise the MalformedError for what the hub itself relies on, before the service is asked."""
    requests = list(bundle.of("MedicationRequest"))
    items = list(messages.items(bundle))
    if not _is_uuid(bundle.identifier):
        raise reading.malformed(
            "the Bundle's identifier must be a UUID: the service knows a repeated message again by it",
            "l'identifiant du Bundle doit être un UUID : le service y reconnaît un message répété",
            "Bundle.identifier",
        )
    if not all(url for url, _ in bundle.entries):
        raise reading.malformed(
            "every entry needs a fullUrl", "chaque entrée porte une fullUrl", "Bundle.entry.fullUrl"
        )
    if not all(items) or len(set(items)) < len(items):
        raise reading.malformed(
            "every MedicationRequest needs an identifier of its own (prescription-order-item-number)",
            "chaque MedicationRequest porte son propre identifiant (prescription-order-item-number)",
            "MedicationRequest.identifier",
        )
    if len({text(one, "groupIdentifier", "value") for one in requests}) != 1:
        raise reading.malformed(
            "all MedicationRequests of one prescription bear the same number",
            "tous les MedicationRequest d'une ordonnance portent le même numéro",
            "MedicationRequest.groupIdentifier.value",
        )
    requesters = {text(one, "requester", "reference") for one in requests}
    if len(requesters) != 1 or not bundle.find(requesters.pop()):
        raise reading.malformed(
            "all MedicationRequests name the same requester, a PractitionerRole in the Bundle",
            "tous les MedicationRequest nomment le même requester, un PractitionerRole du Bundle",
            "MedicationRequest.requester",
        )


def _is_uuid(written: str) -> bool:
    try:
        return str(UUID(written)) == written.lower()
    except ValueError:
        return False


def _same_prescriber(bundle: Bundle, order: Order) -> None:
    """Raise the InputError when the prescription names somebody else than the one who hands it in."""
    entry = order.entry.identifiers if order.entry else ()
    known = {*order.prescriber.identifiers, *entry}
    for system in {one.system for one in known}:
        named = {one for one in view.prescriber_identifiers(bundle) if one.system == system}
        if named and named.isdisjoint(known):
            raise words.other_prescriber(system)


def _signed_by(verified: Verified, prescriber: Party, named: tuple[Identifier, ...]) -> None:
    """Raise the TrustError unless the certificate is the prescriber's, or that of whom the order names."""
    if not verified.is_of(prescriber) and set(named).isdisjoint(verified.identifiers):
        raise words.other_signer()
