"""Encrypting a stream to certificates: EnvelopedData (RFC 5652, 6) and AuthEnvelopedData (RFC 5083).

The whole comes out in DER with definite lengths: every size follows from the size of the content.
Not checked here: that the recipients' certificates are valid and trusted; see `trust.Anchors`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from enum import StrEnum

from cryptography import x509


class Cipher(StrEnum):
    """How the content is encrypted, always with 256-bit AES."""

    CBC = "cbc"
    """EnvelopedData: every reader knows it; nothing shows that it was altered."""
    GCM = "gcm"
    """AuthEnvelopedData: altered content is refused. S/MIME 4.0 readers."""


class Transport(StrEnum):
    """How the content key travels to an RSA key."""

    PKCS1 = "pkcs1"
    """PKCS #1 v1.5: every reader knows it."""
    OAEP = "oaep"
    """RSAES-OAEP with SHA-256 (RFC 3560)."""


class Encryption:
    """A set of recipients and a cipher, prepared once; may be used for any number of contents."""

    def __init__(
        self,
        recipients: Sequence[x509.Certificate],
        cipher: Cipher = Cipher.GCM,
        transport: Transport = Transport.PKCS1,
    ) -> None:
        """Prepare.

        Raises InputError (`smime.recipient.key`, `smime.recipient.usage`) when a certificate's key
        can't be encrypted to, ValueError when there are no recipients.
        """
        raise NotImplementedError

    def size(self, plaintext: int) -> int:
        """Return the exact size of what comes out for a content of `plaintext` bytes."""
        raise NotImplementedError

    def whole(self, plaintext: bytes) -> bytes:
        """Encrypt a small content at once."""
        raise NotImplementedError

    def pieces(self, plaintext: AsyncIterator[bytes], size: int) -> AsyncIterator[bytes]:
        """Yield the encrypted form of a content of exactly `size` bytes; ValueError if it is not."""
        raise NotImplementedError
