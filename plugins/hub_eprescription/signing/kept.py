"""The signed bytes that the hub keeps: nothing else is ever sent in their place."""

from __future__ import annotations

import hashlib

from hub.errors import StoreError, Words
from hub.ports.prescription import Journal


async def unchanged(journal: Journal) -> bytes:
    """Return the signed bytes. Raises StoreError when they are not those that the record names."""
    signed, digest = await journal.signed(), journal.record.signed_sha256
    if signed is None or hashlib.sha256(signed).hexdigest() != digest:
        raise StoreError(
            "prescription.signed_bytes",
            Words(
                en="The signed prescription in the hub's store is not the one that was signed.",
                fr="L'ordonnance signée dans le magasin du hub n'est pas celle qui a été signée.",
            ),
        )
    return signed
