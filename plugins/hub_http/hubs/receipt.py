"""The other hub's answer → outcomes: delivered only when its sealed envelope countersigns ours.

A receipt is an envelope of the other hub's that has our sealed envelope among its documents, by its digest,
names the recipient, and holds every one of our documents. What is less than that proves nothing: uncertain.
The same package sent again is answered the same, so nothing is lost by asking once more.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from hub.domain.ids import DeliveryId
from hub.domain.message import DocumentRole, Kind
from hub.domain.outcome import Delivered, Outcome, Refused, Uncertain
from hub.errors import InputError, TrustError, Words
from hub.ports.connector import Addressee, Parcel
from hub_http.hooks import Answer, Operator
from hub_http.hubs import seals
from hub_http.hubs.seals import Opened

MAX_RECEIPT: Final = 16_000
"""Characters of a receipt that the hub keeps."""
_MOST: Final = 100
"""Envelopes in one answer."""
_UNPROVED: Final = Uncertain(
    code="hubs.receipt",
    reason=Words(
        en="The other hub's answer holds no sealed envelope that proves what it took.",
        fr="La réponse de l'autre hub n'a pas d'enveloppe scellée qui prouve ce qu'il a pris.",
    ),
)


def read(operator: Operator, parcel: Parcel, answer: Answer) -> Mapping[DeliveryId, Outcome]:
    """Return one outcome for every addressee; raises ConfigError only."""
    said = _said(answer.body)
    found = _opened(operator, said.get("envelopes"))
    lines = {
        one["delivery"]: one
        for one in _listed(said.get("deliveries"))
        if isinstance(one, dict) and isinstance(one.get("delivery"), str)
    }
    return {one.delivery: _outcome(parcel, one, lines.get(one.delivery), found) for one in parcel.addressees}


def _outcome(
    parcel: Parcel, addressee: Addressee, line: Mapping[str, Any] | None, found: Sequence[Opened]
) -> Outcome:
    state = None if line is None else line.get("state")
    if line is not None and state == "refused":
        return _refused(line)
    if state == "noted" and parcel.sealed.envelope.message.kind is Kind.NOTICE:
        return Delivered(receipt="noted")
    if state == "accepted":
        receipt = next((one for one in found if _countersigns(one, parcel, addressee)), None)
        if receipt is not None:
            return Delivered(receipt=_kept(receipt))
    return _UNPROVED


def _countersigns(receipt: Opened, parcel: Parcel, addressee: Addressee) -> bool:
    ours, theirs = parcel.sealed.envelope.message, receipt.envelope.message
    digest = hashlib.sha256(parcel.sealed.jws).hexdigest()
    return (
        theirs.sender.address.key == ours.sender.address.key
        and any(one.address.key == addressee.party.address.key for one in theirs.recipients)
        and any(
            one.role is DocumentRole.ORIGINAL and one.media_type == seals.MEDIA_TYPE and one.sha256 == digest
            for one in theirs.documents
        )
        and Counter(one.sha256 for one in ours.documents) <= Counter(one.sha256 for one in theirs.documents)
    )


def _kept(receipt: Opened) -> str:
    """Return the receipt verbatim; of one that is too long to be kept, what it can be told by."""
    text = receipt.jws.decode()
    if len(text) <= MAX_RECEIPT:
        return text
    return json.dumps({"envelope": receipt.envelope.id, "sha256": receipt.sha256})


def _refused(line: Mapping[str, Any]) -> Refused:
    code, reason = line.get("code"), line.get("reason")
    code = code if isinstance(code, str) else "hubs.refused"
    reason = reason if isinstance(reason, dict) else {}
    return Refused(code=code, reason=Words(en=str(reason.get("en", code)), fr=str(reason.get("fr", code))))


def _opened(operator: Operator, listed: Any) -> list[Opened]:
    """Return the envelopes that the other hub did seal; what it did not is left out."""
    found = []
    for one in _listed(listed)[:_MOST]:
        if isinstance(one, str):
            try:
                found.append(seals.opened(operator, one.encode()))
            except (InputError, TrustError, UnicodeEncodeError):
                continue
    return found


def _said(body: bytes) -> Mapping[str, Any]:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
