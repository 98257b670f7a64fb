"""Encrypting a stream to certificates: EnvelopedData (RFC 5652, 6) and AuthEnvelopedData (RFC 5083).

The whole comes out in DER with definite lengths: every size follows from the size of the content.
Not checked here: that the recipients' certificates are valid and trusted; see `trust.Anchors`.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Sequence
from enum import StrEnum
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.ciphers import AEADEncryptionContext, CipherContext, algorithms, modes
from cryptography.hazmat.primitives.ciphers import Cipher as AesCipher

from hub_smtp.cms import der, oids
from hub_smtp.cms.recipients import Recipient, Transport, recipient

__all__ = ["Cipher", "Encryption", "Transport", "stated_cipher"]

KEY_BYTES: Final = 32
_BLOCK: Final = 16
_NONCE: Final = 12
_TAG: Final = 16
_CONTENT: Final = der.CONTEXT | 0
_CAPABILITIES: Final = x509.ObjectIdentifier("1.2.840.113549.1.9.15")


class Cipher(StrEnum):
    """How the content is encrypted, always with 256-bit AES."""

    CBC = "cbc"
    """EnvelopedData: every reader knows it; nothing shows that it was altered."""
    GCM = "gcm"
    """AuthEnvelopedData: altered content is refused. S/MIME 4.0 readers."""


def stated_cipher(certificate: x509.Certificate) -> Cipher | None:
    """Return what the certificate's SMIMECapabilities (RFC 4262) ask for; None when it has none."""
    try:
        extension = certificate.extensions.get_extension_for_oid(_CAPABILITIES).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, x509.UnsupportedGeneralNameType, ValueError):
        return None
    stated = extension.public_bytes()
    return Cipher.GCM if any(oid in stated for oid in oids.GCM) else Cipher.CBC


class Encryption:
    """A set of recipients and a cipher, prepared once; may be used for any number of contents."""

    def __init__(
        self,
        recipients: Sequence[x509.Certificate],
        cipher: Cipher = Cipher.GCM,
        transport: Transport = Transport.PKCS1,
    ) -> None:
        """Prepare; a certificate that stands twice counts once.

        Raises InputError (`smime.recipient.key`, `smime.recipient.usage`) when a certificate's key
        can't be encrypted to, ValueError when there are no recipients.
        """
        if not recipients:
            raise ValueError("there must be a recipient")
        self._cipher = cipher
        self._recipients: tuple[Recipient, ...] = tuple(
            recipient(one, transport) for one in dict.fromkeys(recipients)
        )
        self._infos_size = sum(one.size for one in self._recipients)
        # RFC 5652, 6.1: version 2 as soon as there is a key agreement; RFC 5083, 2.1: always 0.
        agreed = cipher is Cipher.CBC and any(one.version for one in self._recipients)
        self._version = b"\x02\x01\x02" if agreed else b"\x02\x01\x00"

    def size(self, plaintext: int) -> int:
        """Return the exact size of what comes out for a content of `plaintext` bytes."""
        infos, parameters = bytes(self._infos_size), bytes(_NONCE if self._cipher is Cipher.GCM else _BLOCK)
        return len(self._head(infos, parameters, plaintext)) + self._ciphertext(plaintext) + self._tail

    def whole(self, plaintext: bytes) -> bytes:
        """Encrypt a small content at once."""
        head, context = self._begin(len(plaintext))
        return b"".join((head, context.update(plaintext), self._finish(context, len(plaintext))))

    async def pieces(self, plaintext: AsyncIterator[bytes], size: int) -> AsyncIterator[bytes]:
        """Yield the encrypted form of a content of exactly `size` bytes; ValueError if it is not."""
        head, context = self._begin(size)
        yield head
        left = size
        async for piece in plaintext:
            left -= len(piece)
            if left < 0:
                break
            yield context.update(piece)
        if left:
            raise ValueError("the content has not the size that was said")
        yield self._finish(context, size)

    @property
    def _tail(self) -> int:
        """How many bytes follow the content: the tag of GCM in an octet string."""
        return 2 + _TAG if self._cipher is Cipher.GCM else 0

    def _ciphertext(self, plaintext: int) -> int:
        return plaintext if self._cipher is Cipher.GCM else plaintext + _BLOCK - plaintext % _BLOCK

    def _begin(self, size: int) -> tuple[bytes, CipherContext]:
        key = os.urandom(KEY_BYTES)
        infos = b"".join(sorted(one.info(key) for one in self._recipients))
        start = os.urandom(_NONCE if self._cipher is Cipher.GCM else _BLOCK)
        mode = modes.GCM(start) if self._cipher is Cipher.GCM else modes.CBC(start)
        return self._head(infos, start, size), AesCipher(algorithms.AES256(key), mode).encryptor()

    def _head(self, infos: bytes, start: bytes, size: int) -> bytes:
        """Return everything before the content; `start` is the nonce or the initialisation vector."""
        gcm = self._cipher is Cipher.GCM
        parameters = der.tlv(der.OCTETS, start)
        if gcm:
            # RFC 5084, 3.2: the size of the tag is 12 unless it is said.
            parameters = der.tlv(der.SEQUENCE, parameters, bytes((der.INTEGER, 1, _TAG)))
        size = self._ciphertext(size)
        inner = (
            oids.DATA
            + oids.algorithm(oids.AES256_GCM if gcm else oids.AES256_CBC, parameters)
            + der.head(_CONTENT, size)
        )
        inner = self._version + der.tlv(der.SET, infos) + der.head(der.SEQUENCE, len(inner) + size) + inner
        size += self._tail
        inner = der.head(der.SEQUENCE, len(inner) + size) + inner
        inner = der.head(der.EXPLICIT, len(inner) + size) + inner
        inner = (oids.AUTH_ENVELOPED_DATA if gcm else oids.ENVELOPED_DATA) + inner
        return der.head(der.SEQUENCE, len(inner) + size) + inner

    def _finish(self, context: CipherContext, size: int) -> bytes:
        if isinstance(context, AEADEncryptionContext):
            return context.finalize() + der.tlv(der.OCTETS, context.tag)
        padding = _BLOCK - size % _BLOCK
        return context.update(bytes((padding,)) * padding) + context.finalize()
