"""The signature of a list in TOML: a detached JWS over the file's exact bytes (RFC 7515, appendix F).

It stands beside the list, in `<list>.jws`, in compact serialisation: header, two dots, signature. The
header has `alg` (EdDSA, ES256, RS256 or PS256), `typ` and the certificate chain `x5c`, and nothing else.
Strictness is the point: base64url must re-encode to itself, so that one changed byte anywhere is refused.
"""

from __future__ import annotations

import base64
import json
from datetime import datetime
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwk
from joserfc.errors import UnsupportedAlgorithmError
from joserfc.jws import JWSRegistry, deserialize_compact, serialize_compact

from hub_trust import certificates
from hub_trust.authorities import MAX_CHAIN, Authorities
from hub_trust.faults import Place

TYPE: Final = "caducee-trust-list+toml"
MAX_JWS: Final = 64 << 10
"""Bytes of a signature file: a chain of certificates, mostly."""


class _Registry(JWSRegistry):
    """The four algorithms, EdDSA by the name that RFC 8037 gave it and most verifiers know."""

    def get_alg(self, name: str) -> Any:
        """Return an algorithm. Raises UnsupportedAlgorithmError."""
        if name not in _KEYS:
            raise UnsupportedAlgorithmError(f"Algorithm of '{name}' is not allowed")
        return self.algorithms[name]


_KEYS: Final[dict[str, type]] = {
    "EdDSA": ed25519.Ed25519PublicKey,
    "ES256": ec.EllipticCurvePublicKey,
    "RS256": rsa.RSAPublicKey,
    "PS256": rsa.RSAPublicKey,
}


def verify(
    data: bytes, jws: bytes, authorities: Authorities | None, at: datetime, place: Place
) -> x509.Certificate:
    """Return who signed `data`. Raises MalformedError and TrustError.

    Without authorities any signer will do: then it is only known that nothing was changed.
    """
    # 1. The spelling.
    text = _text(jws, place)
    protected, signature = text.split("..")
    _decode(signature, place)
    # 2. The header.
    algorithm, chain = _header(_decode(protected, place), place)
    # 3. The signer.
    if authorities is not None:
        authorities.judge(chain, at, place)
    # 4. The signature.
    if not isinstance(chain[0].public_key(), _KEYS[algorithm]):
        raise _broken(place)
    try:
        deserialize_compact(text, _key(chain[0]), registry=_registry(len(data)), payload=data)
    except Exception as error:  # joserfc, cryptography: whatever a hostile signature raises
        raise _broken(place) from error
    return chain[0]


def sign(data: bytes, key: certificates.PrivateKey, chain: list[x509.Certificate]) -> bytes:
    """Return the detached JWS over `data`."""
    encoded = [base64.b64encode(one.public_bytes(Encoding.DER)).decode() for one in chain]
    header = {"alg": _algorithm_of(key), "typ": TYPE, "x5c": encoded}
    imported = jwk.import_key(_pem(key), _type_of(key))
    protected, _, signature = serialize_compact(header, data, imported, registry=_registry(len(data))).split(
        "."
    )
    return f"{protected}..{signature}\n".encode()


def _registry(size: int) -> _Registry:
    registry = _Registry()
    registry.max_header_length = MAX_JWS
    registry.max_payload_length = 2 * size + 4
    return registry


def _text(jws: bytes, place: Place) -> str:
    if len(jws) > MAX_JWS:
        raise place.limit(
            "jws_too_large",
            f"a signature has at most {MAX_JWS >> 10} KiB",
            f"une signature a au plus {MAX_JWS >> 10} Kio",
        )
    text = jws.removesuffix(b"\n").decode("ascii", "replace")
    if text.count(".") != 2 or ".." not in text:  # noqa: PLR2004 - RFC 7515, 7.1
        raise _malformed(
            place,
            "it has a header, two dots and a signature",
            "il faut un en-tête, deux points et une signature",
        )
    return text


def _header(data: bytes, place: Place) -> tuple[str, list[x509.Certificate]]:
    try:
        header = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise _malformed(place, "its header is not JSON", "son en-tête n'est pas du JSON") from error
    if not isinstance(header, dict) or set(header) != {"alg", "typ", "x5c"} or header["typ"] != TYPE:
        raise _malformed(
            place,
            f"its header has alg, typ {TYPE} and x5c, and nothing else",
            f"son en-tête porte alg, typ {TYPE} et x5c, rien d'autre",
        )
    encoded = header["x5c"]
    if not isinstance(encoded, list) or not 1 <= len(encoded) <= MAX_CHAIN:
        raise _malformed(
            place, f"x5c holds 1 to {MAX_CHAIN} certificates", f"x5c contient 1 à {MAX_CHAIN} certificats"
        )
    algorithm = header["alg"]
    if algorithm not in _KEYS:
        raise place.untrusted(
            "algorithm",
            f"lists are signed with {', '.join(_KEYS)}, not otherwise",
            f"les listes sont signées avec {', '.join(_KEYS)}, pas autrement",
        )
    return algorithm, [certificates.decode(str(one), place) for one in encoded]


def _decode(text: str, place: Place) -> bytes:
    """Decode base64url and insist that it is spelt as we would (no padding, no stray bits)."""
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        data = b""
    if not data or base64.urlsafe_b64encode(data).rstrip(b"=").decode() != text:
        raise _malformed(place, "it is not base64url", "ce n'est pas du base64url")
    return data


def _key(certificate: x509.Certificate) -> Any:
    key = certificate.public_key()
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return jwk.import_key(pem, _type_of(key))


def _pem(key: certificates.PrivateKey) -> bytes:
    from cryptography.hazmat.primitives.serialization import NoEncryption, PrivateFormat  # noqa: PLC0415

    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _type_of(key: object) -> Any:
    if isinstance(key, ed25519.Ed25519PrivateKey | ed25519.Ed25519PublicKey):
        return "OKP"
    return "EC" if isinstance(key, ec.EllipticCurvePrivateKey | ec.EllipticCurvePublicKey) else "RSA"


def _algorithm_of(key: certificates.PrivateKey) -> str:
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "EdDSA"
    return "ES256" if isinstance(key, ec.EllipticCurvePrivateKey) else "PS256"


def _broken(place: Place) -> Exception:
    return place.untrusted(
        "signature",
        "the signature does not hold: the list or the signature was changed",
        "la signature ne tient pas : la liste ou la signature a été modifiée",
    )


def _malformed(place: Place, en: str, fr: str) -> Exception:
    return place.malformed(
        "jws",
        f"this is not the detached JWS of a list: {en}",
        f"ce n'est pas le JWS détaché d'une liste : {fr}",
    )
