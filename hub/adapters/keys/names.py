"""Who a certificate speaks for: the names that `[operators.*].peers` and API clients are matched by.

Not checked here: that the certificate is trusted. TLS has done that before anybody asks for names.
"""

from __future__ import annotations

import hashlib

from cryptography import x509


def names_of(certificate_der: bytes) -> tuple[str, ...]:
    """Return `sha256:<hex>`, then `dns:<name>` and `email:<address>` of the subject alternative names.

    All in lower case, each once. The common name is not read (RFC 9525, 6.3). Nothing raises: of a
    certificate that can't be read the fingerprint remains. A name with a wildcard stands as it is
    written: it matches itself only.
    """
    found = [f"sha256:{hashlib.sha256(certificate_der).hexdigest()}"]
    for name in _alternative_names(certificate_der):
        if isinstance(name, x509.DNSName) and _plain(name.value):
            found.append(f"dns:{name.value.lower()}")
        elif isinstance(name, x509.RFC822Name) and _plain(name.value):
            found.append(f"email:{name.value.lower()}")
    return tuple(dict.fromkeys(found))


def _alternative_names(certificate_der: bytes) -> tuple[x509.GeneralName, ...]:
    try:
        extensions = x509.load_der_x509_certificate(certificate_der).extensions
        return tuple(extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    except Exception:  # noqa: BLE001 - whatever the parser says of bytes from outside: no names in them
        return ()


def _plain(text: str) -> bool:
    """Whether a name can be compared: no NUL, no blank, no letter that only looks like another."""
    return bool(text) and text.isascii() and text.isprintable() and " " not in text
