"""Whether a server shows a certificate that the space of trust names for a recipient's domain.

Not checked here: that the certificate is sound, of a configured authority and of the host's name. TLS has
refused every other before anybody asks.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, MutableMapping, Sequence
from typing import Final

from cryptography import x509

from hub.domain.ids import DeliveryId
from hub.domain.outcome import Deferred, Outcome
from hub.errors import Words
from hub.ports.connector import Addressee
from hub_smtp.cms import ber, der

_BEFORE_THE_KEY: Final = 5
"""Fields of a certificate between its version and its key (RFC 5280, 4.1)."""


def names(certificate: bytes) -> frozenset[str]:
    """Return the names by which a certificate in DER can be pinned: `sha256:`, `spki:` and `dns:`.

    In lower case. A name with a wildcard matches itself only. Of bytes that can't be read the
    fingerprint remains.
    """
    found = {f"sha256:{hashlib.sha256(certificate).hexdigest()}"}
    try:
        read = x509.load_der_x509_certificate(certificate)
        found.add(f"spki:{hashlib.sha256(_public_key_info(read)).hexdigest()}")
        alternative = read.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        hosts = alternative.get_values_for_type(x509.DNSName)
        found.update(f"dns:{one.lower()}" for one in hosts if _plain(one))
    except Exception:  # noqa: BLE001 - whatever the parser says of it: it has no more names
        return frozenset(found)
    return frozenset(found)


def admits(shown: frozenset[str], addressee: Addressee) -> bool:
    """Whether a server of these names may get mail for somebody: one pin is enough, none asks nothing."""
    admission = addressee.admission
    return admission is None or not admission.pins or not admission.pins.isdisjoint(shown)


def serves(shown: frozenset[str], addressees: Iterable[Addressee]) -> bool:
    """Whether a server of these names may get mail for one of them at least."""
    return any(admits(shown, one) for one in addressees)


def served(
    shown: frozenset[str],
    addressees: Sequence[Addressee],
    host: str,
    told: MutableMapping[DeliveryId, Outcome],
) -> Sequence[Addressee]:
    """Return those for whom the server may get mail; the others' outcome joins `told`."""
    allowed = [one for one in addressees if admits(shown, one)]
    told.update((one.delivery, _stranger(one, host)) for one in addressees if not admits(shown, one))
    return allowed


def _public_key_info(certificate: x509.Certificate) -> bytes:
    """Return the SubjectPublicKeyInfo, byte for byte: re-encoding may spell it otherwise."""
    fields = ber.single(certificate.tbs_certificate_bytes, der.SEQUENCE).children()
    return fields[_BEFORE_THE_KEY + (fields[0].tag == der.EXPLICIT)].raw


def _plain(text: str) -> bool:
    """Whether a name can be compared: no NUL, no blank, no letter that only looks like another."""
    return bool(text) and text.isascii() and text.isprintable() and " " not in text


def _stranger(addressee: Addressee, host: str) -> Deferred:
    """Wait: the list may be behind a renewed certificate, or the server be another's for a while."""
    domain = addressee.party.address.domain
    member = addressee.admission.member if addressee.admission is not None else ""
    return Deferred(
        code="smtp.pin",
        reason=Words(
            en=f"{host} shows a certificate that the space of trust does not name for {domain} ({member}); "
            "nothing was sent to it.",
            fr=f"{host} présente un certificat que l'espace de confiance ne nomme pas pour {domain} "
            f"({member}) ; rien ne lui a été envoyé.",
        ),
        operator_failed=True,
    )
