"""XML signatures (XML-DSig 1.1, XAdES): made over a SignedInfo that a service gives, and verified."""

from __future__ import annotations

from datetime import datetime

from hub.ports.signing import Mechanism, Signer
from hub_eprescription.signing.authorities import Authorities
from hub_eprescription.signing.verdict import Verified


async def sign_info(signed_info: bytes, signer: Signer, mechanism: Mechanism) -> bytes:
    """Return a `ds:Signature` element (UTF-8) around a `ds:SignedInfo`, signed in its canonical form.

    The SignedInfo must name `mechanism`, one reference, and a canonicalisation that is known here.
    Raises MalformedError, and what the signer raises.
    """
    raise NotImplementedError


async def verify(data: bytes, trust: Authorities, at: datetime) -> Verified:
    """Return what was signed and by whom. `at` is now.

    `data` is a bare `ds:Signature` as `sign_info` makes them: then `content` is the SignedInfo in its
    canonical form, and it is the caller's to compare its digest with that of what should be signed.
    Or it is a document with one signature in it over the whole document (enveloped): then `content` is
    the document as it was digested, without its signature.

    Raises MalformedError for what is neither, TrustError (`prescription.signature_broken`) for a signature
    that does not hold. One that holds, by a certificate that does not count, is returned with
    `trusted=False`.
    """
    raise NotImplementedError


def is_signed(data: bytes) -> bool:
    """Whether a document holds a `ds:Signature`. Raises MalformedError for what is no XML."""
    raise NotImplementedError
