"""SignerInfo (RFC 5652, 5.3): who signed, how, and which attributes with it. Nothing is verified here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from hub_smtp.cms import ber, der, oids
from hub_smtp.cms.ber import Element, NotBerError

_SUBJECT_KEY_IDENTIFIER = der.CONTEXT | 0
_SIGNED_ATTRIBUTES = der.EXPLICIT | 0
_UNSIGNED_ATTRIBUTES = der.EXPLICIT | 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SignerInfo:
    """One signer. `name` is IssuerAndSerialNumber in DER, or None when `key_identifier` names it.

    `signed` is what the signature is over: the attributes' bytes as they came, under SET OF's tag; None
    when no attributes are signed. `attributes` holds the values of each, in DER or BER.
    """

    name: bytes | None
    key_identifier: bytes | None
    digest: bytes
    algorithm: bytes
    parameters: bytes
    signature: bytes = field(repr=False)
    signed: bytes | None = field(repr=False)
    attributes: Mapping[bytes, tuple[Element, ...]] = field(repr=False)

    def attribute(self, kind: bytes) -> Element | None:
        """Return the one value of a signed attribute; None when it is absent or has not just one."""
        values = self.attributes.get(kind, ())
        return values[0] if len(values) == 1 else None

    @property
    def signed_at(self) -> datetime | None:
        """When the signer says that it signed; None when it says nothing that can be read."""
        value = self.attribute(oids.SIGNING_TIME)
        return None if value is None else _time(value)


def oid(element: Element) -> bytes:
    """Return an object identifier in DER. Raises NotBerError."""
    if element.tag != oids.DATA[0]:
        raise NotBerError("an object identifier was expected")
    return der.tlv(element.tag, element.body)


def algorithm(element: Element) -> tuple[bytes, bytes]:
    """Return an AlgorithmIdentifier's object identifier, and its parameters as they came (or empty)."""
    if element.tag != der.SEQUENCE:
        raise NotBerError("an algorithm was expected")
    kind, *parameters = element.children()
    return oid(kind), parameters[0].raw if parameters else b""


def read(element: Element) -> SignerInfo:
    """Read a SignerInfo. Raises NotBerError (or ValueError for too few elements)."""
    if element.tag != der.SEQUENCE:
        raise NotBerError("a signer was expected")
    version, signer, digest, *rest = element.children()
    if version.tag != der.INTEGER:
        raise NotBerError("a version was expected")
    attributes = rest.pop(0) if rest and rest[0].tag == _SIGNED_ATTRIBUTES else None
    if len(rest) == 3 and rest[2].tag == _UNSIGNED_ATTRIBUTES:  # noqa: PLR2004 - algorithm, signature, these
        rest.pop()
    signature_algorithm, signature = rest
    kind, parameters = algorithm(signature_algorithm)
    return SignerInfo(
        name=_name(signer),
        key_identifier=ber.octets(signer, _SUBJECT_KEY_IDENTIFIER) if signer.tag != der.SEQUENCE else None,
        digest=algorithm(digest)[0],
        algorithm=kind,
        parameters=parameters,
        signature=ber.octets(signature),
        signed=None if attributes is None else der.tlv(der.SET, attributes.body),
        attributes={} if attributes is None else _attributes(attributes),
    )


def _name(signer: Element) -> bytes | None:
    if signer.tag != der.SEQUENCE:
        return None
    issuer, serial = signer.children()
    return der.tlv(der.SEQUENCE, issuer.raw, serial.raw)


def _attributes(element: Element) -> dict[bytes, tuple[Element, ...]]:
    found: dict[bytes, tuple[Element, ...]] = {}
    for one in element.children():
        if one.tag != der.SEQUENCE:
            raise NotBerError("an attribute was expected")
        kind, values = one.children()
        if values.tag != der.SET or oid(kind) in found:
            raise NotBerError("an attribute stands twice, or has no set of values")
        found[oid(kind)] = tuple(values.children())
    return found


def _time(value: Element) -> datetime | None:
    forms = {0x17: "%y%m%d%H%M%SZ", 0x18: "%Y%m%d%H%M%SZ"}
    sizes = {0x17: 13, 0x18: 15}
    if sizes.get(value.tag) != len(value.body):
        return None
    try:
        moment = datetime.strptime(value.body.decode("ascii"), forms[value.tag]).replace(tzinfo=UTC)
    except ValueError:
        return None
    # RFC 5280, 4.1.2.5.1: two digits from 50 on are of the last century; strptime splits at 69.
    early = value.tag == 0x17 and moment.year >= 2050  # noqa: PLR2004
    return moment.replace(year=moment.year - 100) if early else moment
