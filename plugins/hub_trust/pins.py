"""Pins: names of the TLS certificates that an operator's servers show, as the list writes them."""

from __future__ import annotations

import re
from typing import Final

from hub.domain.address import parse_domain
from hub.errors import MalformedError
from hub_trust.faults import Place

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


def parse(text: str, place: Place) -> str:
    """Return a pin in its one spelling. Raises MalformedError.

    Digests may be written in capitals and with colons between bytes, as openssl does.
    """
    scheme, _, value = text.partition(":")
    value = value.lower()
    if scheme in {"sha256", "spki"}:
        value = value.replace(":", "")
        sound = bool(_DIGEST.fullmatch(value))
    else:
        sound = scheme == "dns" and _is_domain(value)
    if not sound:
        raise place.malformed(
            "pin",
            f"“{text[:100]}” is no pin: sha256: and 64 hexadecimal digits, spki: and 64, or dns: and a host",
            f"« {text[:100]} » n'est pas une empreinte : sha256: et 64 chiffres hexadécimaux, spki: et 64, "
            "ou dns: et un hôte",
        )
    return f"{scheme}:{value}"


def _is_domain(value: str) -> bool:
    try:
        return parse_domain(value) == value
    except MalformedError:
        return False
