"""A parcel of kind `prescription` → the order that a service issues."""

from __future__ import annotations

from collections.abc import Collection

from hub.domain import prescription_order
from hub.domain.message import Document, Message
from hub.domain.prescription_order import Wishes
from hub.errors import InputError, Words
from hub.ports.connector import Addressee, Parcel
from hub.ports.prescription import Order


def document(message: Message, media_types: Collection[str]) -> Document | None:
    """Return the document that is the prescription: the first of a type that the service takes."""
    return next((one for one in message.documents if one.media_type in media_types), None)


async def wishes(parcel: Parcel) -> Wishes:
    """Return what the prescriber asked for beside. Raises MalformedError, StoreError."""
    for one in parcel.sealed.envelope.message.documents:
        if one.media_type == prescription_order.MEDIA_TYPE:
            return prescription_order.read(await parcel.contents[one.id].read())
    return Wishes()


async def order(parcel: Parcel, addressee: Addressee, media_types: Collection[str], most: int) -> Order:
    """Return the order. Raises InputError for a parcel that holds none, StoreError."""
    envelope = parcel.sealed.envelope
    found = document(envelope.message, media_types)
    if found is None or found.size > most:
        raise InputError(
            "prescription.order",
            Words(
                en="A prescription comes with its order, by POST /v1/prescriptions.",
                fr="Une ordonnance vient avec sa commande, par POST /v1/prescriptions.",
            ),
        )
    said = await wishes(parcel)
    return Order(
        id=envelope.id,
        prescriber=envelope.message.sender,
        media_type=found.media_type,
        content=await parcel.contents[found.id].read(),
        options=said.options,
        entry=parcel.sender,
        attempt=addressee.attempt,
    )
