"""A CAdES signature written in DER, around a key that may be in a card (RFC 5652, 5035, 6211).

What depends on the signer alone is made once. pyHanko would build the same, but writes every part many
times over, which takes ten milliseconds; it is what verifies each signature before it leaves (`cades`).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from asn1crypto import algos, cms, core, parser, tsp  # type: ignore[import-untyped]  # ships no types
from asn1crypto import x509 as asn1

from hub.ports.signing import Mechanism, Signer

_HASH: Final = "sha256"
_SEQUENCE: Final = 16
_SET: Final = 17
_ALGORITHMS: Final = {
    Mechanism.ECDSA_SHA256: "sha256_ecdsa",
    Mechanism.RSA_PKCS1_SHA256: "sha256_rsa",
    Mechanism.RSA_PSS_SHA256: "rsassa_pss",
}
_LAST_SHORT_YEAR: Final = 2049


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frame:
    """The parts that a signer's signatures share, in DER."""

    identity: bytes
    certificates: bytes
    algorithm: bytes
    attributes: tuple[bytes, ...]


async def make(content: bytes, signer: Signer, mechanism: Mechanism, at: datetime) -> bytes:
    """Return the signature in DER. `at` has whole seconds. Raises what the signer raises."""
    frame = _frame(tuple(signer.chain), mechanism)
    attributes = _sorted(
        *frame.attributes,
        _attribute("message_digest", core.OctetString(hashlib.new(_HASH, content).digest())),
        _attribute("signing_time", _time(at)),
    )
    # What is signed is the SET itself (RFC 5652, 5.4).
    value = await signer.sign(_universal(_SET, attributes), mechanism)
    version = core.Integer(1).dump()
    info = _universal(
        _SEQUENCE,
        version,
        frame.identity,
        _DIGEST,
        _tagged(0, attributes),
        frame.algorithm,
        core.OctetString(value).dump(),
    )
    enveloped = _universal(_SEQUENCE, _DATA, _tagged(0, core.OctetString(content).dump()))
    data = _universal(
        _SEQUENCE,
        version,
        _universal(_SET, _DIGEST),
        enveloped,
        _tagged(0, frame.certificates),
        _universal(_SET, info),
    )
    return _universal(_SEQUENCE, _SIGNED_DATA, _tagged(0, data))


@lru_cache(maxsize=256)
def _frame(chain: tuple[bytes, ...], mechanism: Mechanism) -> _Frame:
    own = asn1.Certificate.load(chain[0], strict=True)
    algorithm: dict[str, Any] = {"algorithm": _ALGORITHMS[mechanism]}
    if mechanism is Mechanism.RSA_PSS_SHA256:
        algorithm["parameters"] = _pss()
    signs = algos.SignedDigestAlgorithm(algorithm)
    issuer = asn1.GeneralName("directory_name", own.issuer)
    reference = tsp.SigningCertificateV2(
        {
            "certs": [
                {
                    "hash_algorithm": {"algorithm": _HASH},
                    "cert_hash": hashlib.new(_HASH, chain[0]).digest(),
                    "issuer_serial": {"issuer": [issuer], "serial_number": own.serial_number},
                }
            ]
        }
    )
    protection = cms.CMSAlgorithmProtection(
        {"digest_algorithm": {"algorithm": _HASH}, "signature_algorithm": signs}
    )
    identity = cms.IssuerAndSerialNumber({"issuer": own.issuer, "serial_number": own.serial_number})
    return _Frame(
        identity=identity.dump(),
        certificates=_sorted(*chain),
        algorithm=signs.dump(),
        attributes=(
            _attribute("content_type", cms.ContentType("data")),
            _attribute("signing_certificate_v2", reference),
            _attribute("cms_algorithm_protection", protection),
        ),
    )


def _attribute(kind: str, value: Any) -> bytes:
    return _universal(_SEQUENCE, cms.CMSAttributeType(kind).dump(), _universal(_SET, value.dump()))


def _time(at: datetime) -> Any:
    """Return a time as RFC 5652, 11.3 wants it: UTCTime through 2049, then GeneralizedTime."""
    at = at.astimezone(UTC)
    return core.UTCTime(at) if at.year <= _LAST_SHORT_YEAR else core.GeneralizedTime(at)


def _pss() -> Any:
    """Return what `Mechanism.RSA_PSS_SHA256` is: SHA-256 throughout, a salt of 32 bytes (RFC 4055, 3.1)."""
    return algos.RSASSAPSSParams(
        {
            "hash_algorithm": algos.DigestAlgorithm({"algorithm": _HASH}),
            "mask_gen_algorithm": algos.MaskGenAlgorithm(
                {"algorithm": "mgf1", "parameters": algos.DigestAlgorithm({"algorithm": _HASH})}
            ),
            "salt_length": 32,
        }
    )


def _sorted(*parts: bytes) -> bytes:
    """Return the content of a SET OF in DER (X.690, 11.6)."""
    return b"".join(sorted(parts))


def _universal(tag: int, *parts: bytes) -> bytes:
    return bytes(parser.emit(0, 1, tag, b"".join(parts)))


def _tagged(tag: int, content: bytes) -> bytes:
    return bytes(parser.emit(2, 1, tag, content))


_DIGEST: Final = bytes(algos.DigestAlgorithm({"algorithm": _HASH}).dump())
_DATA: Final = bytes(cms.ContentType("data").dump())
_SIGNED_DATA: Final = bytes(cms.ContentType("signed_data").dump())
