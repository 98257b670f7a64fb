"""JSON Web Signatures in flattened serialisation (RFC 7515, 7.2.2), in exactly one spelling.

The certificate chain travels in the protected header (`x5c`), so that anyone can verify offline.
Strictness is the point: base64url must re-encode to itself, the JSON must be canonical, and no
header but those below is understood. One changed byte anywhere is refused.
An unprotected `header` is kept for time-stamps to come; today there is none, so it is refused.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding

from hub.adapters.keys import algorithms, chain
from hub.domain import canonical
from hub.domain.envelope import MAX_BYTES
from hub.errors import MalformedError, TrustError, Words
from hub.ports.keyring import Verified

TYPE: Final = "caducee-envelope+json"
MAX_JWS_BYTES: Final = 2 * MAX_BYTES
_HEADER_BYTES: Final = 64 << 10
_MAX_CHAIN: Final = 8


class Seal:
    """Signs with one key and its certificate chain (`Seals`)."""

    def __init__(self, key: algorithms.SigningKey, certificates: Sequence[x509.Certificate]) -> None:
        if not certificates or certificates[0].public_key() != key.public_key():
            raise ValueError("the first certificate must be the signing key's")
        self._key = key
        header = {
            "alg": algorithms.algorithm_of(key),
            "typ": TYPE,
            "x5c": [base64.b64encode(one.public_bytes(Encoding.DER)).decode() for one in certificates],
        }
        self._protected = _encode(canonical.encode(header))

    def seal(self, payload: bytes) -> bytes:
        """Return the JWS over `payload`."""
        body = _encode(payload)
        signature = _encode(algorithms.sign(self._key, f"{self._protected}.{body}".encode()))
        return f'{{"payload":"{body}","protected":"{self._protected}","signature":"{signature}"}}'.encode()


class Opener:
    """Verifies against a set of authorities (`Opens`)."""

    def __init__(self, anchors: Sequence[x509.Certificate]) -> None:
        self._anchors = tuple(anchors)

    def open(self, jws: bytes, at: datetime) -> Verified:
        """Verify in this order: 1 the spelling, 2 the header, 3 the signature, 4 the chain."""
        # 1. The spelling.
        fields = canonical.decode(jws.removesuffix(b"\n"), MAX_JWS_BYTES)
        if not isinstance(fields, dict) or set(fields) != {"payload", "protected", "signature"}:
            raise _malformed("it has payload, protected and signature, and nothing else")
        payload = _decode(fields["payload"], "payload")
        signature = _decode(fields["signature"], "signature")
        # 2. The header.
        algorithm, certificates = _read_header(_decode(fields["protected"], "protected"))
        # 3. The signature.
        signed = f"{fields['protected']}.{fields['payload']}".encode()
        if not algorithms.verify(algorithm, certificates[0].public_key(), signature, signed):
            raise TrustError(
                "jws.signature",
                Words(
                    en="The signature does not hold: the content or the signature was changed.",
                    fr="La signature ne tient pas : le contenu ou la signature a été modifié.",
                ),
            )
        # 4. The chain.
        return Verified(
            payload=payload,
            algorithm=algorithm,
            signer=certificates[0].subject.rfc4514_string(),
            chain=tuple(one.public_bytes(Encoding.DER) for one in certificates),
            trusted=chain.leads_to(self._anchors, certificates, at),
        )


def _read_header(data: bytes) -> tuple[str, list[x509.Certificate]]:
    header = canonical.decode(data, _HEADER_BYTES)
    if not isinstance(header, dict) or set(header) != {"alg", "typ", "x5c"} or header["typ"] != TYPE:
        raise _malformed(f"its header has alg, typ {TYPE} and x5c, and nothing else")
    encoded = header["x5c"]
    if not isinstance(encoded, list) or not 1 <= len(encoded) <= _MAX_CHAIN:
        raise _malformed(f"x5c holds 1 to {_MAX_CHAIN} certificates")
    return str(header["alg"]), [_certificate(one) for one in encoded]


def _certificate(text: Any) -> x509.Certificate:
    try:
        data = base64.b64decode(text, validate=True)
        if base64.b64encode(data).decode() != text:
            raise ValueError
        certificate = x509.load_der_x509_certificate(data)
        certificate.public_key()
        certificate.subject.rfc4514_string()
    except (TypeError, ValueError, binascii.Error, x509.InvalidVersion, UnsupportedAlgorithm):
        raise _malformed("x5c holds something that is not a certificate that we can read") from None
    return certificate


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: Any, field: str) -> bytes:
    """Decode base64url and insist that it is spelt as we would (no padding, no stray bits)."""
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (TypeError, ValueError):
        data = None
    if data is None or _encode(data) != text:
        raise _malformed(f"{field} is not base64url")
    return data


def _malformed(what: str) -> MalformedError:
    return MalformedError(
        "jws.malformed",
        Words(
            en=f"This is not a sealed envelope: {what}.",
            fr=f"Ceci n'est pas une enveloppe scellée : {what}.",
        ),
    )
