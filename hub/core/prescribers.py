"""Who may prescribe: somebody whose profession the service names, with the right to practise today."""

from __future__ import annotations

import asyncio
from typing import Final

from hub.core import standing
from hub.core.authorise import Sender
from hub.domain import prescription_order
from hub.domain.address import Address
from hub.domain.ids import EnvelopeId
from hub.domain.outcome import Refused
from hub.errors import MalformedError, TrustError, Words
from hub.ports.directory import Entry, MailboxKind
from hub.ports.intake import Submission
from hub.ports.prescribing import Prescribes
from hub.ports.prescription import Abilities, Order

MAY_NOT = "prescriber.profession"
"""The code for a professional whose profession may not prescribe at a service."""


NOT_YET: Final = EnvelopeId("")
"""The id of an order that is only looked at."""


async def check(submission: Submission, sender: Sender, service: Prescribes) -> None:
    """Hold an order against its service before it is accepted; nothing is asked of the service.

    Raises TrustError (who may not prescribe), InputError (what could never be issued).
    """
    if isinstance(why := admitted(sender.entry, sender.entry.address, service.abilities), Refused):
        raise TrustError(why.code, why.reason, peer=submission.peer.name)
    document = next(
        (one for one in submission.parts if one.media_type in service.abilities.media_types), None
    )
    wishes = next((one for one in submission.parts if one.media_type == prescription_order.MEDIA_TYPE), None)
    if document is None or wishes is None or document.content.size > service.abilities.max_bytes:
        raise MalformedError(
            "prescription.order",
            Words(
                en="A prescription comes with its order, by POST /v1/prescriptions.",
                fr="Une ordonnance vient avec sa commande, par POST /v1/prescriptions.",
            ),
        )
    said = prescription_order.read(await wishes.content.read())
    order = Order(
        id=NOT_YET,
        prescriber=sender.party,
        media_type=document.media_type,
        content=await document.content.read(),
        options=said.options,
        entry=sender.entry,
    )
    # A large document, or the picture in it, takes its time: the hub has others to serve meanwhile.
    await asyncio.to_thread(service.check, order)


def admitted(entry: Entry | None, address: Address, abilities: Abilities) -> Entry | Refused:
    """Return the bearer of this mailbox when a prescription of theirs can be issued, else say why not."""
    if entry is None:
        return standing.unknown(address, "sender")
    if (why := standing.barred(entry, "sender")) is not None:
        return why
    if entry.mailbox is not MailboxKind.PERSONAL:
        return Refused(
            code="prescriber.not_a_person",
            reason=Words(
                en=f"{address} is not one professional's own mailbox: nobody prescribes from it.",
                fr=f"{address} n'est pas la boîte personnelle d'un professionnel : on n'en prescrit pas.",
            ),
            source=entry.source,
        )
    profession = entry.profession
    if profession is None or profession.code not in abilities.professions:
        named = "none" if profession is None else profession.label or profession.code
        nommee = "aucune" if profession is None else profession.label or profession.code
        return Refused(
            code=MAY_NOT,
            reason=Words(
                en=f"{address}: this profession may not prescribe at this service"
                f" (according to the directory: {named}).",
                fr=f"{address} : cette profession ne peut pas prescrire auprès de ce service"
                f" (selon l'annuaire : {nommee}).",
            ),
            source=entry.source,
        )
    return entry
