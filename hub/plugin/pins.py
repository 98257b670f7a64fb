"""The names by which a space of trust can pin a server's certificate, and whether one is named.

Not checked here: that the certificate is sound, of a configured authority and of the host's name. TLS has
refused every other before anybody asks.
"""

from __future__ import annotations

import hashlib
from typing import Final

from cryptography import x509

from hub.ports.trust import Admission

_VERSION: Final = 0xA0
"""Tag of the optional first field, [0] EXPLICIT."""
_BEFORE_THE_KEY: Final = 5
"""Fields of a certificate between its version and its key (RFC 5280, 4.1)."""
_LONG: Final = 0x80


def names(certificate: bytes) -> frozenset[str]:
    """Return the names by which a certificate in DER can be pinned: `sha256:`, `spki:` and `dns:`.

    In lower case. A name with a wildcard matches itself only. Of bytes that can't be read the
    fingerprint remains.
    """
    found = {f"sha256:{hashlib.sha256(certificate).hexdigest()}"}
    try:
        read = x509.load_der_x509_certificate(certificate)
        found.add(f"spki:{hashlib.sha256(public_key_info(read)).hexdigest()}")
        alternative = read.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        hosts = alternative.get_values_for_type(x509.DNSName)
        found.update(f"dns:{one.lower()}" for one in hosts if comparable(one))
    except Exception:  # noqa: BLE001 - whatever the parser says of it: it has no more names
        return frozenset(found)
    return frozenset(found)


def admits(shown: frozenset[str], admission: Admission | None) -> bool:
    """Whether a server of these names may get something: one pin is enough, none asks nothing."""
    return admission is None or not admission.pins or not admission.pins.isdisjoint(shown)


def public_key_info(certificate: x509.Certificate) -> bytes:
    """Return the SubjectPublicKeyInfo, byte for byte: re-encoding may spell it otherwise."""
    body = certificate.tbs_certificate_bytes
    at = _element(body, 0)[0]
    for _ in range(_BEFORE_THE_KEY + (body[at] == _VERSION)):
        at = _element(body, at)[1]
    return body[at : _element(body, at)[1]]


def _element(data: bytes, at: int) -> tuple[int, int]:
    """Return where the content of a DER element begins and where it ends; the parser has checked both."""
    size, start = data[at + 1], at + 2
    if size >= _LONG:
        start += size - _LONG
        size = int.from_bytes(data[at + 2 : start])
    return start, start + size


def comparable(text: str) -> bool:
    """Whether a name can be compared: no NUL, no blank, no letter that only looks like another."""
    return bool(text) and text.isascii() and text.isprintable() and " " not in text
