"""The messages themselves: what a signed order is made of, and how a cancel is spelt.

An order goes to the service as the prescriber's software wrote it, byte for byte; the signature is put in
as one more entry, and nothing else changes.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID, uuid5

from hub.ports.signing import Mechanism
from hub_eprescription.eps import names, reading
from hub_eprescription.eps.reading import Bundle, Resource, each, text

_OURS: Final = UUID("6f0f3c0e-2f5b-5f0e-9d55-8a3b1f6f7d10")
"""The namespace of the identifiers that the hub makes (RFC 9562, 5.5)."""
_MAX_DIGEST: Final = 16 << 10
_MECHANISMS: Final = {"RS256": Mechanism.RSA_PKCS1_SHA256, "RS1": Mechanism.RSA_PKCS1_SHA1}


def identifier(*parts: str) -> str:
    """Return a UUID that is the same for the same parts: what is repeated is known again by it."""
    return str(uuid5(_OURS, json.dumps(parts)))


@dataclass(frozen=True, slots=True, kw_only=True)
class ToSign:
    """What `$prepare` gave: the SignedInfo to be signed, when, and how."""

    signed_info: bytes = field(repr=False)
    timestamp: str
    mechanism: Mechanism


def to_sign(body: bytes) -> ToSign:
    """Read the Parameters that `$prepare` answers with. Raises MalformedError."""
    given = {text(one, "name"): text(one, "valueString") for one in each(reading.load(body), "parameter")}
    try:
        signed_info = base64.b64decode(given["digest"], validate=True)
        if not given["timestamp"] or len(signed_info) > _MAX_DIGEST:
            raise ValueError
        mechanism = _MECHANISMS[given.get("algorithm", "RS1")]
    except (KeyError, ValueError):
        raise reading.malformed(
            "a digest in base64, a timestamp, and algorithm RS256 or RS1 are expected",
            "un condensé en base64, un horodatage, et l'algorithme RS256 ou RS1 sont attendus",
            "Parameters.parameter",
        ) from None
    return ToSign(signed_info=signed_info, timestamp=given["timestamp"], mechanism=mechanism)


def with_signature(content: bytes, signature: bytes, timestamp: str) -> bytes:
    """Return an order with its signature: a Provenance after the last entry; every other byte stays.

    `timestamp` is the one that `$prepare` gave: the digest is over it too. Raises MalformedError.
    """
    bundle = reading.bundle(content)
    requests = list(bundle.of("MedicationRequest"))
    who = {"reference": text(requests[0], "requester", "reference")}
    made = identifier("provenance", bundle.identifier, timestamp)
    system, code = names.SIGNATURE_TYPE
    entry = {
        "fullUrl": f"urn:uuid:{made}",
        "resource": {
            "resourceType": "Provenance",
            "id": made,
            "target": [{"reference": bundle.url(one)} for one in requests],
            "recorded": timestamp,
            "agent": [{"who": who}],
            "signature": [
                {
                    "type": [{"system": system, "code": code}],
                    "when": timestamp,
                    "who": who,
                    "data": base64.b64encode(signature).decode("ascii"),
                }
            ],
        },
    }
    before, after = _split(content.decode("utf-8"))
    return f"{before},{json.dumps(entry, ensure_ascii=False)}{after}".encode()


def signature(bundle: Bundle) -> tuple[bytes, str] | None:
    """Return the XML signature in a signed order and when it says it was made; None without one.

    Raises MalformedError for more than one, or one that is not base64.
    """
    found = list(bundle.of("Provenance"))
    if not found:
        return None
    signatures = [one for provenance in found for one in each(provenance, "signature")]
    try:
        if len(signatures) != 1:
            raise ValueError
        return base64.b64decode(text(signatures[0], "data"), validate=True), text(signatures[0], "when")
    except ValueError:
        raise reading.malformed(
            "a signed prescription has one Provenance with one signature, in base64",
            "une ordonnance signée a une Provenance avec une signature, en base64",
            "Provenance.signature",
        ) from None


def basis(bundle: Bundle) -> str:
    """Return what a later cancel needs of an order, as JSON: all of it but signature and messages."""
    kept = [
        {"fullUrl": url, "resource": one}
        for url, one in bundle.entries
        if one.get("resourceType") not in {"Provenance", "CommunicationRequest", "List"}
    ]
    return json.dumps({"resourceType": "Bundle", "type": "message", "entry": kept}, ensure_ascii=False)


def items(bundle: Bundle) -> Iterator[str]:
    """Yield the identifiers of an order's items."""
    return (reading.identifier(one, names.ITEM) for one in bundle.of("MedicationRequest"))


def cancel(bundle: Bundle, item: str, reason: Mapping[str, str], message: str) -> bytes:
    """Return the `prescription-order-update` that cancels one item; `message` is its identifier.

    A message of this kind names exactly one MedicationRequest.
    """
    header, request = bundle.first("MessageHeader"), _request(bundle, item)
    header_id = identifier("header", message)
    cancelled = {**request, "status": "cancelled", "statusReason": {"coding": [dict(reason)]}}
    role = text(request, "requester", "reference")
    focus = [bundle.url(request), role, bundle.url(bundle.first("Patient"))]
    made = {
        **{name: one for name, one in header.items() if name in {"sender", "source", "destination"}},
        "resourceType": "MessageHeader",
        "id": header_id,
        "eventCoding": {
            "system": names.EVENT,
            "code": names.UPDATE,
            "display": "Prescription Order Update",
        },
        "reason": {"coding": [{"system": names.REASON, "code": "cancel", "display": "Cancel"}]},
        "focus": [{"reference": one} for one in focus],
    }
    entries: list[dict[str, Any]] = [{"fullUrl": f"urn:uuid:{header_id}", "resource": made}]
    for url, one in bundle.entries:
        if one is request:
            entries.append({"fullUrl": url, "resource": cancelled})
        elif one.get("resourceType") not in {"MessageHeader", "MedicationRequest"}:
            entries.append({"fullUrl": url, "resource": one})
    whole = {
        "resourceType": "Bundle",
        "id": message,
        "identifier": {"system": names.UUIDS, "value": message},
        "type": "message",
        "entry": entries,
    }
    return json.dumps(whole, ensure_ascii=False).encode()


def _request(bundle: Bundle, item: str) -> Resource:
    return next(one for one in bundle.of("MedicationRequest") if reading.identifier(one, names.ITEM) == item)


def _split(content: str) -> tuple[str, str]:
    """Cut the text of a Bundle before the end of its list of entries. It is JSON that has been read."""
    decoder, skip = json.JSONDecoder(), json.decoder.WHITESPACE.match  # type: ignore[attr-defined]
    at = content.index("{") + 1
    while True:
        key, at = decoder.raw_decode(content, skip(content, at).end())
        at = skip(content, skip(content, at).end() + 1).end()  # past the colon
        _, end = decoder.raw_decode(content, at)
        if key == "entry":
            inside = content[: end - 1].rstrip()
            return inside, content[len(inside) :]
        at = skip(content, end).end() + 1  # past the comma
