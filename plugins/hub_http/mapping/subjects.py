"""What the templates of a send see: the parcel and its recipients, as plain views."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from hub.domain.message import DocumentRole
from hub.ports.connector import Addressee, Parcel
from hub.ports.host import Host
from hub_http.mapping import views

NAMES: Final = frozenset(
    {
        *("hub", "operator", "parameters", "now", "codes", "envelope", "message", "sender", "recipient"),
        *("recipients", "delivery", "documents", "body", "attachments", "originals"),
    }
)
"""What `of_parcel` gives; a send adds `taken`, `remote`, and in their places `item`, `chunk`, `part`."""


def of_parcel(
    parcel: Parcel,
    addressees: Sequence[Addressee],
    *,
    host: Host,
    parameters: Mapping[str, Any],
    call: str,
    codes: Mapping[str, Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """Return what templates see of a parcel that goes to some of its addressees.

    `call` is the stable id that it goes under, `codes` the description's tables.
    """
    envelope = parcel.sealed.envelope
    documents = [
        views.Document(held=one, content=parcel.contents[one.id]) for one in envelope.message.documents
    ]
    recipients = [views.Somebody(party=one.party, delivery=one.delivery) for one in addressees]
    return {
        "hub": host.hub_name,
        "operator": host.name,
        "parameters": parameters,
        "now": host.clock.now(),
        "codes": codes or {},
        "envelope": views.Envelope(
            id=envelope.id,
            created_at=envelope.created_at,
            expires_at=envelope.expires_at,
            jws=parcel.sealed.jws,
        ),
        "message": views.Message(message=envelope.message),
        "sender": views.Somebody(party=envelope.message.sender),
        "recipient": recipients[0],
        "recipients": recipients,
        "delivery": views.Delivery(id=call, attempt=max(one.attempt for one in addressees)),
        "documents": [one for one in documents if one.held.role is not DocumentRole.ORIGINAL],
        "body": next((one for one in documents if one.held.role is DocumentRole.BODY), None),
        "attachments": [one for one in documents if one.held.role is DocumentRole.ATTACHMENT],
        "originals": [one for one in documents if one.held.role is DocumentRole.ORIGINAL],
    }
