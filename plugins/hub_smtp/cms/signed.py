"""Reading and verifying SignedData (RFC 5652, 5), by RFC 8551's rules and our policy.

A detached signature is small and read whole (`parse`); one with its content inside is read as it
comes (`read`), and its content can be had alone (`content_pieces`).

Our policy: exactly one signer, whose certificate comes along; the content is id-data; attributes are
signed; ESSCertIDv2 must fit when present; SHA-256, SHA-384 or SHA-512; RSA of at least 2048 bits
(PKCS #1 v1.5, or PSS with one hash throughout), ECDSA on P-256, P-384 or P-521, Ed25519.
Unsigned attributes and revocation lists are ignored.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from hub_smtp.cms import ber, certificates, der, faults, oids, signature, signer_info, trust, verdict
from hub_smtp.cms.ber import Element, NotBerError
from hub_smtp.cms.certificates import Known
from hub_smtp.cms.signer_info import SignerInfo
from hub_smtp.cms.stream import Reader
from hub_smtp.cms.verdict import Fault, Verdict

MAX_DETACHED: Final = 1 << 20
"""Bytes in a detached signature, or around the content of an opaque one; certificates included."""
MAX_CERTIFICATES: Final = 32
_CERTIFICATES: Final = der.EXPLICIT | 0
_LISTS: Final = der.EXPLICIT | 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedData:
    """A SignedData as read, nothing of it verified yet. `certificates` are in DER, in any order."""

    content_type: bytes
    content_inside: bool
    certificates: tuple[bytes, ...] = field(repr=False)
    signers: tuple[SignerInfo, ...] = field(repr=False)

    @property
    def digest_name(self) -> str | None:
        """The digest that the one signer used, as hashlib names it; None when it is none of ours."""
        return oids.DIGESTS.get(self.signers[0].digest) if len(self.signers) == 1 else None

    def verify(self, digests: Mapping[str, bytes], anchors: trust.Anchors, at: datetime) -> Verdict:
        """Check the signature over a content with these digests (by hashlib name), at this moment.

        `digests` should hold `digest_name`; others do no harm. For multipart/signed the content is the
        first part with its MIME headers, lines ending in CRLF (RFC 8551, 3.1.1). Never raises.
        """
        # 1. Exactly one signer, whose certificate came along.
        if len(self.signers) != 1:
            return Verdict(fault=verdict.SEVERAL_SIGNERS if self.signers else verdict.NO_SIGNER)
        info = self.signers[0]
        known = [one for one in map(certificates.read, self.certificates) if one is not None]
        signer = next((one for one in known if _is_named(one, info)), None)
        if signer is None:
            return Verdict(fault=verdict.NO_CERTIFICATE, signed_at=info.signed_at)
        # 2. The signature holds over this content. 3. Its certificate leads to one of our authorities.
        found = self._check(info, signer, digests) or anchors.path(
            signer.certificate, [one.certificate for one in known if one is not signer], at
        )
        fault = found if isinstance(found, Fault) else None
        preference = info.attribute(oids.ENCRYPTION_KEY_PREFERENCE)
        return Verdict(
            fault=fault,
            certificate=signer.der,
            signer=signer.subject,
            signed_at=info.signed_at,
            addresses=() if fault else signer.addresses,
            identifiers=() if fault else signer.identifiers,
            path=() if isinstance(found, Fault) else found,
            others=self.certificates,
            preference=None if preference is None else preference.raw,
        )

    def _check(self, info: SignerInfo, signer: Known, digests: Mapping[str, bytes]) -> Fault | None:
        name = oids.DIGESTS.get(info.digest)
        if self.content_inside:
            return verdict.CONTENT_INSIDE
        if self.content_type != oids.DATA:
            return verdict.WRONG_CONTENT_TYPE
        if name is None:
            return verdict.WEAK_DIGEST if info.digest in oids.WEAK_DIGESTS else verdict.UNKNOWN_DIGEST
        if info.signed is None:
            return verdict.NO_ATTRIBUTES
        if name not in digests:
            return verdict.DIGEST_NOT_ANNOUNCED
        # RFC 5652, 5.6: first that the attributes were signed, then what they say.
        return signature.check(signer.key, info, info.signed) or _attributes(info, signer, digests[name])


@dataclass(frozen=True, slots=True, kw_only=True)
class Opaque:
    """A SignedData that had its content inside, of `size` bytes with these digests."""

    signed: SignedData
    digests: Mapping[str, bytes]
    size: int

    def verify(self, anchors: trust.Anchors, at: datetime) -> Verdict:
        """Check the signature over the content that came with it."""
        return self.signed.verify(self.digests, anchors, at)


def parse(data: bytes) -> SignedData:
    """Read a SignedData that is whole in memory (a `.p7s`), in DER or BER.

    Raises MalformedError (`smime.malformed`), or LimitError (`smime.too-large`) over `MAX_DETACHED`.
    """
    if len(data) > MAX_DETACHED:
        raise faults.too_large(MAX_DETACHED)
    with faults.reading():
        kind, wrapped = ber.single(data, der.SEQUENCE).children()
        if signer_info.oid(kind) != oids.SIGNED_DATA or wrapped.tag != der.EXPLICIT:
            raise NotBerError("signed data was expected")
        version, digests, content, *rest = ber.single(wrapped.body, der.SEQUENCE).children()
        if (version.tag, digests.tag, content.tag) != (der.INTEGER, der.SET, der.SEQUENCE):
            raise NotBerError("signed data was expected")
        content_type, *inside = content.children()
        if len(inside) > 1:
            raise NotBerError("several contents")
        return _assemble(signer_info.oid(content_type), rest, inside=bool(inside))


async def read(
    pieces: AsyncIterator[bytes], write: Callable[[bytes], Awaitable[None]] | None = None
) -> Opaque:
    """Read a SignedData with its content inside (`smime-type=signed-data`, transfer encoding undone).

    The content is digested as it comes, and given to `write` in pieces. Raises MalformedError
    (`smime.malformed`), also when there is no content inside; LimitError (`smime.too-large`).
    """
    reader = Reader(pieces, MAX_DETACHED)
    content_type, names = await _go_to_content(reader)
    running = [(name, hashlib.new(name)) for name in names]
    size = 0
    async for piece in reader.octets():
        size += len(piece)
        for _, one in running:
            one.update(piece)
        if write is not None:
            await write(piece)
    await reader.leave()
    await reader.leave()
    rest = []
    while (tag := await reader.peek()) is not None:
        rest.append(await reader.element(tag))
    for _ in range(3):
        await reader.leave()
    await reader.finish()
    with faults.reading():
        signed = _assemble(content_type, rest, inside=False)
    return Opaque(signed=signed, digests={name: one.digest() for name, one in running}, size=size)


async def content_pieces(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yield the content inside a SignedData, verifying nothing. Raises as `read`."""
    reader = Reader(pieces, MAX_DETACHED)
    await _go_to_content(reader)
    async for piece in reader.octets():
        yield piece


async def _go_to_content(reader: Reader) -> tuple[bytes, list[str]]:
    """Go to the octet string inside; return its type and the announced digests that are ours."""
    await reader.enter(der.SEQUENCE)
    kind = await reader.element(oids.DATA[0])
    await reader.enter(der.EXPLICIT)
    await reader.enter(der.SEQUENCE)
    await reader.element(der.INTEGER)
    announced = await reader.element(der.SET)
    await reader.enter(der.SEQUENCE)
    content_type = await reader.element(oids.DATA[0])
    if await reader.peek() is None:
        raise faults.malformed("no content inside")
    await reader.enter(der.EXPLICIT)
    with faults.reading():
        if signer_info.oid(kind) != oids.SIGNED_DATA:
            raise NotBerError("signed data was expected")
        digests = {signer_info.algorithm(one)[0] for one in announced.children()}
        return signer_info.oid(content_type), [name for oid, name in oids.DIGESTS.items() if oid in digests]


def _assemble(content_type: bytes, rest: list[Element], *, inside: bool) -> SignedData:
    """Read what follows the content. Raises NotBerError, ValueError."""
    come = rest.pop(0).children() if rest and rest[0].tag == _CERTIFICATES else []
    if rest and rest[0].tag == _LISTS:
        rest.pop(0)
    if len(rest) != 1 or rest[0].tag != der.SET:
        raise NotBerError("a set of signers was expected")
    # Attribute certificates and other forms are tagged otherwise; nothing here needs them.
    plain = tuple(one.raw for one in come if one.tag == der.SEQUENCE)
    if len(plain) > MAX_CERTIFICATES:
        raise NotBerError("too many certificates")
    return SignedData(
        content_type=content_type,
        content_inside=inside,
        certificates=plain,
        signers=tuple(signer_info.read(one) for one in rest[0].children()),
    )


def _is_named(one: Known, info: SignerInfo) -> bool:
    return one.name == info.name if info.name is not None else one.key_identifier == info.key_identifier


def _attributes(info: SignerInfo, signer: Known, digest: bytes) -> Fault | None:
    """Check what the signed attributes say (RFC 5652, 11.1 and 11.2; RFC 5035, 4)."""
    content_type = info.attribute(oids.CONTENT_TYPE)
    message_digest = info.attribute(oids.MESSAGE_DIGEST)
    if content_type is None or message_digest is None:
        return verdict.NO_ATTRIBUTES
    if content_type.raw != oids.DATA:
        return verdict.WRONG_CONTENT_TYPE
    if message_digest.raw != der.tlv(der.OCTETS, digest):
        return verdict.ALTERED
    if oids.SIGNING_CERTIFICATE_V2 in info.attributes and not _is_essential(info, signer.der):
        return verdict.WRONG_CERTIFICATE
    return None


def _is_essential(info: SignerInfo, certificate: bytes) -> bool:
    """Whether the first ESSCertIDv2 is this certificate's."""
    value = info.attribute(oids.SIGNING_CERTIFICATE_V2)
    try:
        if value is None:
            return False
        first, *more = value.children()[0].children()[0].children()
        name = "sha256"
        if first.tag == der.SEQUENCE:
            name, first = oids.DIGESTS[signer_info.algorithm(first)[0]], more[0]
        return ber.octets(first) == hashlib.new(name, certificate).digest()
    except (NotBerError, ValueError, LookupError):
        return False
