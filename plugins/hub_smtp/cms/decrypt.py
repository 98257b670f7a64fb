"""Decrypting EnvelopedData (RFC 5652, 6) and AuthEnvelopedData (RFC 5083) with one of our keys.

Streamed. What was yielded counts only once the iteration has ended without an error: until then it
may have been altered, and must be discarded. Whatever fails after a key of ours was found gives one
error, the same for a wrong key, a wrong padding and an altered content, so that nobody can learn from
it (RFC 3218, RFC 8551 section 6). CBC has no integrity of its own: see `Decryption.authenticated`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from hub.errors import InputError


class NotOursError(InputError):
    """What is encrypted is encrypted to none of our keys (`smime.encrypted.not-ours`)."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A certificate of ours and its private key."""

    certificate: x509.Certificate
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey = field(repr=False)


class Keys:
    """Our identities, prepared once for looking up."""

    def __init__(self, identities: Sequence[Identity]) -> None:
        """Prepare. Raises ValueError when a key is not its certificate's."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Decryption:
    """A content being decrypted. `identity` is ours that it was encrypted to."""

    identity: Identity
    authenticated: bool
    """Whether altering would show: GCM; False for CBC."""

    def pieces(self) -> AsyncIterator[bytes]:
        """Yield the content, once. Raises TrustError (`smime.decrypt`) at any moment up to its end."""
        raise NotImplementedError


async def decrypt(pieces: AsyncIterator[bytes], keys: Keys) -> Decryption:
    """Read the recipients of an EnvelopedData or AuthEnvelopedData and find our key.

    Raises NotOursError; InputError (`smime.encrypted.weak-cipher`, `smime.encrypted.unknown-cipher`);
    MalformedError (`smime.malformed`); LimitError (`smime.too-large`).
    """
    raise NotImplementedError
