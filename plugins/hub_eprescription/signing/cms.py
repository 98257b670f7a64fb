"""One enveloping CMS signature taken apart, strictly (RFC 5652); nothing is verified here.

Taken is BER, as signers in the field write it, with one signer, their certificate, signed attributes that
each stand once, and content of the type `data`. Refused are all other forms, and bytes after the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from asn1crypto import cms, core, crl, ocsp, tsp  # type: ignore[import-untyped]  # ships no types
from asn1crypto import x509 as asn1

from hub.errors import HubError, LimitError, Words
from hub_eprescription.signing import faults

MAX_BYTES: Final = 2 << 20
"""Bytes of one signature with what it envelops."""
MAX_CERTIFICATES: Final = 16
MAX_OCSPS: Final = 8
T = TypeVar("T")
_REVOCATION_VALUES: Final = "1.2.840.113549.1.9.16.2.24"
_NEEDED: Final = {
    "content_type": "contentType",
    "message_digest": "messageDigest",
    "signing_time": "signingTime",
    "signing_certificate_v2": "signingCertificateV2",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What is in a signature. `certificate` is the one that the signer's info names."""

    content: bytes = field(repr=False)
    signer_info: Any = field(repr=False)
    certificate: Any = field(repr=False)
    others: tuple[bytes, ...] = field(repr=False)
    ocsps: tuple[bytes, ...] = field(repr=False)
    hash: str
    reference_hash: str
    signed_at: datetime


def content_of(signed: bytes) -> bytes:
    """Return what is enveloped. Raises MalformedError, LimitError."""
    return _guarded(lambda: _content(_signed_data(signed)))


def take_apart(signed: bytes) -> Parts:
    """Return the parts of a signature. Raises MalformedError, LimitError."""
    return _guarded(lambda: _parts(_signed_data(signed)))


class _OcspValues(core.SequenceOf):  # type: ignore[misc]  # asn1crypto ships no types
    _child_spec = ocsp.BasicOCSPResponse


class _Lists(core.SequenceOf):  # type: ignore[misc]  # asn1crypto ships no types
    _child_spec = crl.CertificateList


class _RevocationValues(core.Sequence):  # type: ignore[misc]  # asn1crypto ships no types
    """`id-aa-ets-revocationValues` (ETSI EN 319 122-1, A.1.4)."""

    _fields = (
        ("crl_vals", _Lists, {"explicit": 0, "optional": True}),
        ("ocsp_vals", _OcspValues, {"explicit": 1, "optional": True}),
        ("other", core.Sequence, {"explicit": 2, "optional": True}),
    )


def _signed_data(signed: bytes) -> Any:
    if len(signed) > MAX_BYTES:
        raise LimitError(
            "prescription.signature_size",
            Words(
                en=f"The signature can't be taken: it is larger than {MAX_BYTES >> 20} MiB.",
                fr=f"La signature ne peut être prise : elle dépasse {MAX_BYTES >> 20} Mio.",
            ),
        )
    info = cms.ContentInfo.load(signed, strict=True)
    if info["content_type"].native != "signed_data":
        raise faults.malformed(
            "it is CMS of another kind than SignedData", "c'est du CMS d'un autre type que SignedData"
        )
    return info["content"]


def _content(data: Any) -> bytes:
    encapsulated = data["encap_content_info"]
    if encapsulated["content_type"].native != "data":
        raise faults.malformed(
            "what it envelops is not of the type id-data", "son contenu n'est pas du type id-data"
        )
    content = encapsulated["content"]
    if not isinstance(content, core.OctetString | core.ParsableOctetString):
        raise faults.malformed(
            "it is detached: it must envelop what is signed",
            "elle est détachée : elle doit envelopper ce qui est signé",
        )
    return bytes(content)


def _parts(data: Any) -> Parts:
    content = _content(data)
    if len(data["signer_infos"]) != 1:
        raise faults.malformed(
            f"it has {len(data['signer_infos'])} signers where there must be one",
            f"elle a {len(data['signer_infos'])} signataires au lieu d'un seul",
        )
    info = data["signer_infos"][0]
    digest = info["digest_algorithm"]["algorithm"].native
    if digest not in {one["algorithm"].native for one in data["digest_algorithms"]}:
        raise faults.malformed(
            "its list of hashes lacks the signer's", "sa liste d'empreintes omet celle du signataire"
        )
    attributes = _attributes(info)
    certificate, others = _certificates(data, info["sid"])
    reference = attributes["signing_certificate_v2"]["certs"][0]["hash_algorithm"]["algorithm"].native
    return Parts(
        content=content,
        signer_info=info,
        certificate=certificate,
        others=others,
        ocsps=tuple(_ocsps(data, info)),
        hash=digest,
        reference_hash=reference,
        signed_at=_moment(attributes["signing_time"].native),
    )


def _attributes(info: Any) -> dict[str, Any]:
    """Return the signed attributes by name. Each stands once, with one value; those needed are there."""
    signed = info["signed_attrs"]
    if not isinstance(signed, cms.CMSAttributes):
        raise faults.malformed("it has no signed attributes", "elle n'a pas d'attributs signés")
    found: dict[str, Any] = {}
    for one in signed:
        name = one["type"].native
        if name in found or len(one["values"]) != 1:
            raise faults.malformed(
                "a signed attribute stands there twice", "un attribut signé y figure deux fois"
            )
        found[name] = one["values"][0]
    for name, shown in _NEEDED.items():
        if name not in found:
            raise faults.malformed(
                f"the signed attribute {shown} is missing (CAdES)",
                f"l'attribut signé {shown} manque (CAdES)",
            )
    # loaded anew: reading must leave what was signed as it came
    found["signing_certificate_v2"] = tsp.SigningCertificateV2.load(
        found["signing_certificate_v2"].dump(), strict=True
    )
    return found


def _certificates(data: Any, sid: Any) -> tuple[Any, tuple[bytes, ...]]:
    """Return the certificate that `sid` names, and the others."""
    choices = data["certificates"]
    held = [one.chosen for one in choices if one.name == "certificate"] if choices else []
    if len(held) > MAX_CERTIFICATES:
        raise faults.malformed(
            f"it holds more than {MAX_CERTIFICATES} certificates",
            f"elle contient plus de {MAX_CERTIFICATES} certificats",
        )
    named = [one for one in held if _is_named(one, sid)]
    if len({one.dump() for one in named}) != 1:
        raise faults.malformed(
            "it does not hold the one certificate that its signer names",
            "elle ne contient pas l'unique certificat que nomme son signataire",
        )
    return named[0], tuple(one.dump() for one in held if one is not named[0])


def _is_named(certificate: asn1.Certificate, sid: Any) -> bool:
    if sid.name == "subject_key_identifier":
        return bool(certificate.key_identifier == sid.chosen.native)
    # byte for byte, as every signer copies it: RFC 5280's comparison of names would let bytes change
    wanted = sid.chosen
    return bool(
        certificate.issuer.dump() == wanted["issuer"].dump()
        and certificate["tbs_certificate"]["serial_number"].dump() == wanted["serial_number"].dump()
    )


def _ocsps(data: Any, info: Any) -> Iterator[bytes]:
    """Return embedded OCSP answers: beside the certificates (RFC 5940), or as revocation-values."""
    for one in [*(data["crls"] or ())][:MAX_OCSPS]:
        if one.name == "other" and one.chosen["other_rev_info_format"].native == "ocsp_response":
            yield one.chosen["other_rev_info"].dump()
    for attribute in info["unsigned_attrs"] or ():
        if attribute["type"].dotted != _REVOCATION_VALUES:
            continue
        for value in attribute["values"]:
            answers = _RevocationValues.load(value.dump(), strict=True)["ocsp_vals"]
            for basic in [*(answers or ())][:MAX_OCSPS]:
                yield _whole(basic)


def _whole(basic: Any) -> bytes:
    """Put a basic answer into the frame that a responder sends it in (RFC 6960, 4.2.1)."""
    answer = ocsp.OCSPResponse(
        {
            "response_status": "successful",
            "response_bytes": {
                "response_type": "basic_ocsp_response",
                "response": core.ParsableOctetString(basic.dump()),
            },
        }
    )
    return bytes(answer.dump())


def _moment(value: object) -> datetime:
    if not isinstance(value, datetime):
        raise TypeError(type(value).__name__)
    return value.astimezone(UTC)


def _guarded(take: Callable[[], T]) -> T:
    try:
        return take()
    except HubError:
        raise
    except Exception as error:  # asn1crypto documents no list of what hostile bytes raise
        raise faults.malformed(
            "it is not CMS that can be read (RFC 5652)", "ce n'est pas du CMS lisible (RFC 5652)"
        ) from error
