"""A notice of the other hub about a message of ours → a receipt for our delivery.

The hub that a sender wrote through tells them: its own notices come from an address that they know. The other
hub's own mailbox need not be in any directory.
"""

from __future__ import annotations

import json
from typing import Any, Final

from hub.domain.address import Address
from hub.domain.outcome import Delivered, Refused
from hub.errors import HubError, MalformedError, Words
from hub.ports.intake import Acknowledgement, Intake, Peer
from hub_http.hooks import Operator
from hub_http.hubs.package import Package
from hub_http.sending import lines

NOTICE_TYPE: Final = "application/vnd.caducee.notice+json"
_MAX: Final = 64 << 10
_TEXTS: Final = ("action", "envelope", "native_id", "recipient", "code")
_EVENTS: Final = {
    "failed": "acknowledgement.failed",
    "delivered": "acknowledgement.delivered",
    "displayed": "acknowledgement.displayed",
}


async def record(operator: Operator, peer: Peer, received: Package, intake: Intake) -> bool:
    """Record what a notice says; False when it is about no delivery of ours at this operator.

    Raises MalformedError `hubs.notice` when it can't be read, StoreError.
    """
    said = await _said(received)
    if said is None:
        return False
    recipient = _address(said)
    outcome = _outcome(said)
    event = _EVENTS[said["action"]]
    # The other hub names its own envelope: the send has learnt its id by the receipt.
    sent = await lines.of_remote(operator.host.ledger, said["envelope"])
    delivery = None if sent is None else sent.delivery_of(str(recipient))
    if delivery is not None:
        told = Acknowledgement(outcome=outcome, event=event, delivery=delivery)
    else:
        told = Acknowledgement(outcome=outcome, event=event, native_id=said["native_id"], recipient=recipient)
    return await intake.acknowledge(peer, told)


async def _said(received: Package) -> dict[str, Any] | None:
    for one in received.opened.envelope.message.documents:
        if one.media_type == NOTICE_TYPE and one.size <= _MAX:
            said = _read(await received.contents[one.id].read())
            if all(isinstance(said.get(key), str) for key in _TEXTS) and said["action"] in _EVENTS:
                return said
            raise _malformed()
    return None


def _read(data: bytes) -> dict[str, Any]:
    try:
        said = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _address(said: dict[str, Any]) -> Address:
    try:
        return Address.parse(said["recipient"])
    except HubError:
        raise _malformed() from None


def _outcome(said: dict[str, Any]) -> Delivered | Refused:
    if said["action"] != "failed":
        return Delivered(receipt=said["envelope"])
    reason = said.get("reason")
    reason = reason if isinstance(reason, dict) else {}
    return Refused(
        code=said["code"],
        reason=Words(en=str(reason.get("en", said["code"])), fr=str(reason.get("fr", said["code"]))),
    )


def _malformed() -> MalformedError:
    return MalformedError(
        "hubs.notice",
        Words(en="The notice of the other hub can't be read.", fr="L'avis de l'autre hub ne peut être lu."),
    )
