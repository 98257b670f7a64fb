"""Reading and verifying SignedData (RFC 5652, 5), by RFC 8551's rules and our policy.

A detached signature is small and read whole (`parse`); one with its content inside is read as it
comes (`read`), and its content can be had alone (`content_pieces`).

Our policy: exactly one signer, whose certificate comes along; the content is id-data; attributes are
signed; ESSCertIDv2 must fit when present; SHA-256, SHA-384 or SHA-512; RSA of at least 2048 bits
(PKCS #1 v1.5, or PSS with one hash throughout), ECDSA on P-256, P-384 or P-521, Ed25519.
Unsigned attributes and revocation lists are ignored.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from hub_smtp.cms import trust
from hub_smtp.cms.verdict import Verdict

MAX_DETACHED: Final = 1 << 20
"""Bytes in a detached signature, certificates included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedData:
    """A SignedData as read, nothing of it verified yet. `content` is what came inside, if any."""

    content_type: bytes
    content: bytes | None = field(default=None, repr=False)
    certificates: tuple[bytes, ...] = field(repr=False)
    signers: tuple[bytes, ...] = field(repr=False)

    @property
    def digest_name(self) -> str | None:
        """The digest that the signer used, as hashlib names it; None when it is none of ours."""
        raise NotImplementedError

    def verify(self, digests: Mapping[str, bytes], anchors: trust.Anchors, at: datetime) -> Verdict:
        """Check the signature over a content with these digests (by hashlib name), at this moment.

        `digests` should hold `digest_name`; others do no harm. For multipart/signed the content is the
        first part with its MIME headers, lines ending in CRLF (RFC 8551, 3.1.1). Never raises.
        """
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Opaque:
    """A SignedData that had its content inside: verify `signed` with `digests`."""

    signed: SignedData
    digests: Mapping[str, bytes]
    size: int

    def verify(self, anchors: trust.Anchors, at: datetime) -> Verdict:
        """Check the signature over the content that came with it."""
        return self.signed.verify(self.digests, anchors, at)


def parse(data: bytes) -> SignedData:
    """Read a SignedData that is whole in memory (an `.p7s`), in DER or BER.

    Raises MalformedError (`smime.malformed`), or LimitError (`smime.too-large`) over `MAX_DETACHED`.
    """
    raise NotImplementedError


async def read(
    pieces: AsyncIterator[bytes], write: Callable[[bytes], Awaitable[None]] | None = None
) -> Opaque:
    """Read a SignedData with its content inside (`smime-type=signed-data`, transfer encoding undone).

    The content is digested as it comes, and given to `write` in pieces. Raises MalformedError
    (`smime.malformed`), also when there is no content inside; LimitError (`smime.too-large`).
    """
    raise NotImplementedError


def content_pieces(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yield the content inside a SignedData, verifying nothing. Raises as `read`."""
    raise NotImplementedError
