"""Media type and bytes → what people read of a prescription, signed or not."""

from __future__ import annotations

from typing import Final

from hub.domain.prescription import PrescriptionView
from hub_eprescription.gematik import bundle, fhir, view, words
from hub_eprescription.gematik.fhir import Node
from hub_eprescription.signing import cades

SIGNED: Final = frozenset({"application/pkcs7-mime", "application/pkcs7-signature"})
_SEQUENCE: Final = b"\x30"


def read_bundle(media_type: str, content: bytes) -> Node:
    """Read the bundle, out of its signature when it has one, which is not verified here.

    Raises MalformedError, LimitError.
    """
    bare = media_type.partition(";")[0].strip().lower()
    if bare in SIGNED:
        # What waits for its signature is filed under the type that it will have.
        return bundle.read(cades.content_of(content) if content[:1] == _SEQUENCE else content)
    if bare != fhir.XML:
        raise words.media_type()
    return bundle.read(content)


def read_view(media_type: str, content: bytes) -> PrescriptionView:
    """Return what people read of it. Raises InputError."""
    return view.of(read_bundle(media_type, content))
