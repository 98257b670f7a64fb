"""Who a certificate speaks for: the names that `[operators.*].peers` and API clients are matched by.

Not checked here: that the certificate is trusted. TLS has done that before anybody asks for names.
"""

from __future__ import annotations

import hashlib

from cryptography import x509

from hub.plugin import pins


def names_of(certificate_der: bytes) -> tuple[str, ...]:
    """Return `sha256:<hex>`, `spki:<hex>`, then `dns:<name>` and `email:<address>`.

    The first is of the certificate, the second of its SubjectPublicKeyInfo, as it stands there: it stays
    when a certificate is renewed with the same key. The rest are its subject alternative names. All in
    lower case, each once. The common name is not read (RFC 9525, 6.3). Nothing raises: of a certificate
    that can't be read the fingerprint remains. A name with a wildcard stands as it is written: it
    matches itself only.
    """
    found = [f"sha256:{hashlib.sha256(certificate_der).hexdigest()}"]
    certificate = _certificate(certificate_der)
    if certificate is None:
        return tuple(found)
    if key := pins.public_key_info(certificate):
        found.append(f"spki:{hashlib.sha256(key).hexdigest()}")
    for name in _alternative_names(certificate):
        if isinstance(name, x509.DNSName) and pins.comparable(name.value):
            found.append(f"dns:{name.value.lower()}")
        elif isinstance(name, x509.RFC822Name) and pins.comparable(name.value):
            found.append(f"email:{name.value.lower()}")
    return tuple(dict.fromkeys(found))


def _certificate(certificate_der: bytes) -> x509.Certificate | None:
    try:
        return x509.load_der_x509_certificate(certificate_der)
    except Exception:  # noqa: BLE001 - whatever the parser says of bytes from outside: no names in them
        return None


def _alternative_names(certificate: x509.Certificate) -> tuple[x509.GeneralName, ...]:
    try:
        extensions = certificate.extensions
        return tuple(extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    except Exception:  # noqa: BLE001 - the same
        return ()
