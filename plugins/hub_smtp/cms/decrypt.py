"""Decrypting EnvelopedData (RFC 5652, 6) and AuthEnvelopedData (RFC 5083) with one of our keys.

Streamed. What was yielded counts only once the iteration has ended without an error: until then it
may have been altered, and must be discarded. Whatever fails after a key of ours was found gives one
error, the same for a wrong key, a wrong padding and an altered content, so that nobody can learn from
it (RFC 3218, RFC 8551 section 6). CBC has no integrity of its own: see `Decryption.authenticated`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from hub.errors import InputError, Words
from hub_smtp.cms import ber, content_key, der, faults, gcm, oids, signer_info
from hub_smtp.cms.ber import Element, NotBerError
from hub_smtp.cms.content_key import Identity, Keys
from hub_smtp.cms.stream import Reader

__all__ = ["Decryption", "Identity", "Keys", "NotOursError", "decrypt"]

MAX_HEADER: Final = 1 << 20
"""Bytes around the content, the recipients' above all: some 2,000 of them."""
MAX_ATTRIBUTES: Final = 8 << 10
"""Bytes of authenticated attributes."""
_BLOCK: Final = 16
_MIN_TAG: Final = 12
_CONTENT: Final = der.CONTEXT | 0
_ORIGINATOR: Final = der.EXPLICIT | 0
_AUTHENTICATED: Final = der.EXPLICIT | 1
_NOT_AUTHENTICATED: Final = der.EXPLICIT | 2


class NotOursError(InputError):
    """What is encrypted is encrypted to none of our keys (`smime.encrypted.not-ours`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decryption:
    """A content being decrypted.

    `authenticated` says whether altering would show: True for GCM, False for CBC.
    """

    authenticated: bool
    _pieces: AsyncIterator[bytes] = field(repr=False)

    def pieces(self) -> AsyncIterator[bytes]:
        """Yield the content, once. Raises TrustError (`smime.decrypt`) at any moment up to its end."""
        return self._pieces


async def decrypt(pieces: AsyncIterator[bytes], keys: Keys) -> Decryption:
    """Read the recipients of an EnvelopedData or AuthEnvelopedData and find our key.

    Raises NotOursError; InputError (`smime.encrypted.weak-cipher`, `smime.encrypted.unknown-cipher`);
    MalformedError (`smime.malformed`); LimitError (`smime.too-large`).
    """
    reader = Reader(pieces, MAX_HEADER)
    await reader.enter(der.SEQUENCE)
    kind = (await reader.element(oids.DATA[0])).raw
    if kind not in {oids.ENVELOPED_DATA, oids.AUTH_ENVELOPED_DATA}:
        raise faults.malformed("enveloped data was expected")
    await reader.enter(der.EXPLICIT)
    await reader.enter(der.SEQUENCE)
    await reader.element(der.INTEGER)
    if await reader.peek() == _ORIGINATOR:
        await reader.element(_ORIGINATOR)
    infos = await reader.element(der.SET)
    await reader.enter(der.SEQUENCE)
    content_type = await reader.element(oids.DATA[0])
    chosen = await reader.element(der.SEQUENCE)
    if content_type.raw != oids.DATA or await reader.peek() is None:
        raise faults.malformed("encrypted data were expected")
    with faults.reading():
        found = keys.find(infos.children())
        if found is None:
            raise _not_ours()
        cipher, parameters = signer_info.algorithm(chosen)
        identity, encrypted, info = found
        size = _key_size(kind, cipher)
        start, tag = _gcm(parameters) if cipher in oids.GCM else (_octets(parameters, _BLOCK), 0)
        key = content_key.open_key(identity, encrypted, info, size)
    content = _authenticated(reader, key, start, tag) if tag else _cbc(reader, key, start)
    return Decryption(authenticated=bool(tag), _pieces=content)


def _not_ours() -> NotOursError:
    return NotOursError(
        "smime.encrypted.not-ours",
        Words(
            en="The mail is encrypted to none of the keys that this hub holds.",
            fr="Le courrier n'est chiffré pour aucune des clés que détient ce hub.",
        ),
    )


def _key_size(kind: bytes, cipher: bytes) -> int:
    """Return the size of the content key in bytes. GCM belongs to AuthEnvelopedData, CBC to the other."""
    if cipher in oids.WEAK_CIPHERS:
        raise faults.weak_cipher(oids.WEAK_CIPHERS[cipher])
    size = (oids.CBC if kind == oids.ENVELOPED_DATA else oids.GCM).get(cipher)
    if size is None:
        raise faults.unknown_cipher()
    return size


def _octets(parameters: bytes, size: int) -> bytes:
    body = ber.single(parameters, der.OCTETS).body
    if len(body) != size:
        raise NotBerError("an initialisation vector of another size")
    return body


def _gcm(parameters: bytes) -> tuple[bytes, int]:
    """Return nonce and size of the tag (RFC 5084, 3.2)."""
    nonce, *sizes = ber.single(parameters, der.SEQUENCE).children()
    tag = int.from_bytes(ber.single(sizes[0].raw, der.INTEGER).body) if sizes else _MIN_TAG
    if nonce.tag != der.OCTETS or not 8 <= len(nonce.body) <= 128 or not _MIN_TAG <= tag <= _BLOCK:  # noqa: PLR2004 - what OpenSSL takes
        raise NotBerError("GCM parameters out of bounds")
    return nonce.body, tag


async def _cbc(reader: Reader, key: bytes, start: bytes) -> AsyncIterator[bytes]:
    decryptor = Cipher(algorithms.AES(key), modes.CBC(start)).decryptor()
    unpadder = PKCS7(8 * _BLOCK).unpadder()
    async for piece in reader.octets(_CONTENT):
        if plain := unpadder.update(decryptor.update(piece)):
            yield plain
    await reader.leave()
    if await reader.peek() == _AUTHENTICATED:  # here the tag of unprotected attributes
        await reader.element(_AUTHENTICATED)
    await _close(reader)
    try:
        last = unpadder.update(decryptor.finalize()) + unpadder.finalize()
    except ValueError:
        raise faults.undecryptable() from None
    if last:
        yield last


async def _authenticated(reader: Reader, key: bytes, nonce: bytes, tag: int) -> AsyncIterator[bytes]:
    decryptor = Cipher(algorithms.AES(key), modes.GCM(nonce, min_tag_length=_MIN_TAG)).decryptor()
    size = 0
    async for piece in reader.octets(_CONTENT):
        size += len(piece)
        if plain := decryptor.update(piece):
            yield plain
    await reader.leave()
    attributes: Element | None = None
    if await reader.peek() == _AUTHENTICATED:
        attributes = await reader.element(_AUTHENTICATED)
    mac = await reader.element(der.OCTETS)
    if await reader.peek() == _NOT_AUTHENTICATED:
        await reader.element(_NOT_AUTHENTICATED)
    await _close(reader)
    given = mac.body
    if len(given) != tag:
        raise faults.undecryptable()
    if attributes is not None:
        if len(attributes.body) > MAX_ATTRIBUTES:
            raise faults.too_large(MAX_ATTRIBUTES)
        given = gcm.without(der.tlv(der.SET, attributes.body), given, key, size)
    try:
        last = decryptor.finalize_with_tag(given)
    except (InvalidTag, ValueError):
        raise faults.undecryptable() from None
    if last:
        yield last


async def _close(reader: Reader) -> None:
    for _ in range(3):
        await reader.leave()
    await reader.finish()
