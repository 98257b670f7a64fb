"""RecipientInfo for reading: which of our keys is named, and the content key that it gives.

A key of ours that is named but does not open what it should gives a random content key, as if nothing
had happened: what fails then is the content, always in the same way (RFC 3218, 2.3.2).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.kdf.x963kdf import X963KDF
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap

from hub_smtp.cms import ber, der, faults, oids
from hub_smtp.cms.ber import Element, NotBerError
from hub_smtp.cms.recipients import shared_info
from hub_smtp.cms.signer_info import algorithm

Opener = Callable[[], bytes]
_KEY_IDENTIFIER: Final = der.CONTEXT | 0
_KEY_AGREEMENT: Final = der.EXPLICIT | 1
_PKCS1: Final = padding.PKCS1v15()
_SHA1: Final[hashes.HashAlgorithm] = hashes.SHA1()  # noqa: S303 - inside OAEP, RFC 3560's default
_OAEP_HASHES: Final = {oids.SHA1: _SHA1} | {oid: oids.HASHES[name] for oid, name in oids.DIGESTS.items()}


@dataclass(frozen=True, slots=True)
class Identity:
    """A certificate of ours and its private key."""

    certificate: x509.Certificate
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey = field(repr=False)


class Keys:
    """Our identities, prepared once for looking up."""

    def __init__(self, identities: Sequence[Identity]) -> None:
        """Prepare. Raises ValueError when a key is not its certificate's."""
        self._named: dict[bytes, Identity] = {}
        for one in identities:
            if one.certificate.public_key() != one.key.public_key():
                raise ValueError("a certificate must be the key's beside it")
            self._named[ber.issuer_and_serial(one.certificate.tbs_certificate_bytes)] = one
            self._named[der.tlv(_KEY_IDENTIFIER, der.subject_key_identifier(one.certificate))] = one

    def find(self, infos: Sequence[Element]) -> tuple[Identity, bytes, Element] | None:
        """Return the first identity of ours that is named, what is encrypted to it, and the whole info.

        Raises NotBerError, ValueError for what is no RecipientInfo.
        """
        for info in infos:
            if info.tag == der.SEQUENCE:
                _, name, _, encrypted = info.children()
                found = self._named.get(_name(name))
                if found is not None and isinstance(found.key, rsa.RSAPrivateKey):
                    return found, ber.octets(encrypted), info
            elif info.tag == _KEY_AGREEMENT:
                for one in ber.single(info.children()[-1].raw, der.SEQUENCE).children():
                    name, encrypted = one.children()
                    found = self._named.get(_name(name))
                    if found is not None and isinstance(found.key, ec.EllipticCurvePrivateKey):
                        return found, ber.octets(encrypted), info
        return None


def open_key(identity: Identity, encrypted: bytes, info: Element, size: int) -> bytes:
    """Return the content key of `size` bytes; a random one when `encrypted` does not open.

    Raises InputError for an algorithm that we don't have, NotBerError or ValueError for a malformed info.
    """
    if isinstance(identity.key, rsa.RSAPrivateKey):
        opener = _transport(identity.key, info, encrypted)
    else:
        opener = _agreement(identity.key, info, encrypted)
    instead = os.urandom(size)
    try:
        key = opener()
    except (ValueError, InvalidUnwrap, UnsupportedAlgorithm):
        return instead
    return key if len(key) == size else instead


def _name(element: Element) -> bytes:
    """Return how a recipient is named, in the form in which `Keys` holds it; empty when otherwise."""
    if element.tag == der.SEQUENCE:
        issuer, serial = element.children()
        return der.tlv(der.SEQUENCE, issuer.raw, serial.raw)
    if element.tag == der.EXPLICIT | 0 and (inner := element.children()) and inner[0].tag == der.OCTETS:
        return der.tlv(_KEY_IDENTIFIER, inner[0].body)
    return der.tlv(_KEY_IDENTIFIER, element.body) if element.tag == _KEY_IDENTIFIER else b""


def _transport(key: rsa.RSAPrivateKey, info: Element, encrypted: bytes) -> Opener:
    """KeyTransRecipientInfo (RFC 5652, 6.2.1; RFC 3560 for OAEP)."""
    kind, parameters = algorithm(info.children()[2])
    if kind == oids.RSA:
        return lambda: key.decrypt(encrypted, _PKCS1)
    if kind != oids.RSA_OAEP:
        raise faults.unknown_cipher()
    scheme = _oaep(parameters)
    return lambda: key.decrypt(encrypted, scheme)


def _oaep(parameters: bytes) -> padding.OAEP:
    fields: dict[int, bytes] = {}
    if parameters:
        fields = {one.tag: one.body for one in ber.single(parameters, der.SEQUENCE).children()}
    digest, mask, label = oids.SHA1, oids.SHA1, None
    if (body := fields.get(der.EXPLICIT | 0)) is not None:
        digest, _ = algorithm(ber.single(body, der.SEQUENCE))
    if (body := fields.get(der.EXPLICIT | 1)) is not None:
        kind, inner = algorithm(ber.single(body, der.SEQUENCE))
        mask = algorithm(ber.single(inner, der.SEQUENCE))[0] if kind == oids.MGF1 else kind
    if (body := fields.get(der.EXPLICIT | 2)) is not None:
        kind, inner = algorithm(ber.single(body, der.SEQUENCE))
        label = ber.single(inner, der.OCTETS).body or None
        mask = mask if kind == oids.P_SPECIFIED else kind
    if digest not in _OAEP_HASHES or mask not in _OAEP_HASHES:
        raise faults.unknown_cipher()
    return padding.OAEP(padding.MGF1(_OAEP_HASHES[mask]), _OAEP_HASHES[digest], label)


def _agreement(key: ec.EllipticCurvePrivateKey, info: Element, encrypted: bytes) -> Opener:
    """KeyAgreeRecipientInfo with an ephemeral key of the originator (RFC 5753, 3.1)."""
    _, originator, *optional, chosen, _ = info.children()
    kind, wrap = algorithm(chosen)
    (named,) = originator.children()
    material: Mapping[int, Element] = {one.tag: one for one in optional}
    if kind not in oids.ECDH or named.tag != der.EXPLICIT | 1 or material.keys() - {der.EXPLICIT | 1}:
        raise faults.unknown_cipher()
    curve, point = named.children()
    if algorithm(curve)[0] != oids.EC_PUBLIC_KEY:
        raise faults.unknown_cipher()
    if point.tag != der.BIT_STRING or point.body[:1] != b"\x00":
        raise NotBerError("a public key was expected")
    size = oids.WRAPS.get(algorithm(ber.single(wrap, der.SEQUENCE))[0]) if wrap else None
    if size is None:
        raise faults.unknown_cipher()
    ukm = ber.single(material[der.EXPLICIT | 1].body, der.OCTETS).raw if material else None
    shared, digest = shared_info(wrap, size, ukm), oids.ECDH[kind]

    def opened() -> bytes:
        public = ec.EllipticCurvePublicKey.from_encoded_point(key.curve, point.body[1:])
        wrapping = X963KDF(digest, size, shared).derive(key.exchange(ec.ECDH(), public))
        return aes_key_unwrap(wrapping, encrypted)

    return opened
