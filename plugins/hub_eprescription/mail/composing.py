"""A hand-over → the parts of its mail, and the receipts to ask for.

A mail with a service header must reach the other end as its binding draws it. So it is composed here, and
goes along as the original, which connectors of mail pass on. Everybody else reads the documents beside it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from hub.domain.address import Address
from hub.domain.message import DocumentRole, ReceiptKind
from hub.domain.party import Party
from hub.domain.target import Target
from hub.ports.intake import Part, Stage
from hub.ports.prescription import Handover
from hub_eprescription.mail import writing
from hub_eprescription.mail.writing import Head, Piece

ORIGINAL: Final = "original.eml"
MAIL: Final = "message/rfc822"


async def parts(
    handover: Handover, stage: Stage, *, sender: Party, to: Target, at: datetime
) -> tuple[Part, ...]:
    """Write the documents of a hand-over to the stage: body, attachments, the original if there is one.

    `to` is named in the original when it is an address; the mail that goes out names whom it resolves to.
    """
    found = [
        Part(
            name=one.name,
            media_type=writing.bare(one.media_type),
            role=DocumentRole.BODY if one.body else DocumentRole.ATTACHMENT,
            content=await stage.keep(one.content),
            code=one.code,
        )
        for one in handover.enclosures
    ]
    if handover.service_header is not None:
        found.append(await original(stage, _mail(handover, sender, to, at)))
    return tuple(found)


def receipts(handover: Handover) -> tuple[ReceiptKind, ...]:
    """Return what to ask for: that it arrived or did not, and whether it was displayed if that matters."""
    asked = (ReceiptKind.DELIVERY, ReceiptKind.FAILURE)
    return (*asked, ReceiptKind.DISPLAY) if handover.display_receipt else asked


async def original(stage: Stage, mail: bytes) -> Part:
    """Write a mail to the stage, as the original of what it says."""
    return Part(name=ORIGINAL, media_type=MAIL, role=DocumentRole.ORIGINAL, content=await stage.keep(mail))


def _mail(handover: Handover, sender: Party, to: Target, at: datetime) -> bytes:
    fields = [] if handover.service_header is None else [handover.service_header]
    if handover.display_receipt:
        fields.append(("Disposition-Notification-To", str(sender.address)))
    head = Head(
        author=sender.address,
        author_name=sender.name,
        to=to if isinstance(to, Address) else None,
        subject=handover.subject,
        at=at,
        fields=fields,
    )
    return writing.written(
        head,
        [
            Piece(name=one.name, media_type=one.media_type, content=one.content, body=one.body)
            for one in handover.enclosures
        ],
    )
