"""Signing an entity as the organisation, and encrypting it to its recipients (RFC 8551, 3)."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Final

from hub_smtp.cms.encrypt import Encryption
from hub_smtp.cms.signer import Signer
from hub_smtp.mime import encode
from hub_smtp.mime.segments import Segments, Stream, base64, joined

_SLACK: Final = 16
"""Bytes by which one signature of a key may be longer than another (DER integers of ECDSA)."""
_SIGNATURE_HEAD: Final = (
    b"Content-Type: application/pkcs7-signature; name=smime.p7s\r\n"
    b"Content-Transfer-Encoding: base64\r\n"
    b"Content-Disposition: attachment; filename=smime.p7s\r\n\r\n"
)


class Sealing:
    """Signs with one key; safe for any number at a time."""

    def __init__(self, signer: Signer, at: datetime) -> None:
        """Prepare, by signing once to learn how large a signature is."""
        self._signer = signer
        self._most = len(signer.sign(bytes(32), at)) + _SLACK

    def signed(self, entity: Segments, boundary: str, at: datetime) -> Segments:
        """Return a multipart/signed around `entity`, which stays as it is, byte for byte.

        A large entity is digested on its way out, and signed when its end has passed.
        """
        head = (
            'Content-Type: multipart/signed; protocol="application/pkcs7-signature";'
            f' micalg=sha-256;\r\n boundary="{boundary}"\r\n\r\n--{boundary}\r\n'
        ).encode()
        middle = f"\r\n--{boundary}\r\n".encode() + _SIGNATURE_HEAD
        end = f"\r\n--{boundary}--\r\n".encode()
        if (held := entity.held) is not None:
            digest = hashlib.sha256()
            for one in held:
                digest.update(one)
            encoded = encode.base64(self._signer.sign(digest.digest(), at)).removesuffix(b"\r\n")
            return Segments((head, *held, middle + encoded + end), entity.eight_bit)
        room = encode.base64_size(self._most) + len(end)
        size = entity.size + len(middle) + room

        async def pieces() -> AsyncIterator[bytes]:
            digest = hashlib.sha256()
            async for piece in entity.pieces():
                digest.update(piece)
                yield piece
            signature = encode.base64(self._signer.sign(digest.digest(), at)).removesuffix(b"\r\n")
            # Spaces after the end, where nothing is read, keep the size what was said it would be.
            padding = b" " * (room - len(signature) - len(end) - 2) + b"\r\n"
            yield b"".join((middle, signature, end, padding))

        return joined((Segments((head, Stream(size, pieces)), entity.eight_bit),))


def encrypted(entity: Segments, encryption: Encryption, *, authenticated: bool) -> Segments:
    """Return an application/pkcs7-mime around `entity`."""
    kind = "authEnveloped-data" if authenticated else "enveloped-data"
    head = (
        f"Content-Type: application/pkcs7-mime; smime-type={kind}; name=smime.p7m\r\n"
        "Content-Transfer-Encoding: base64\r\n"
        "Content-Disposition: attachment; filename=smime.p7m\r\n\r\n"
    ).encode()
    if (whole := entity.whole()) is not None:
        return Segments((head, encode.base64(encryption.whole(whole))))
    size = entity.size
    stream = Stream(encryption.size(size), lambda: encryption.pieces(entity.pieces(), size))
    return Segments((head, base64(Segments((stream,)))))
