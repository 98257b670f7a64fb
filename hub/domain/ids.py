"""The names that things carry through the hub."""

from __future__ import annotations

import re
from typing import NewType

from hub.errors import MalformedError, Words

EnvelopeId = NewType("EnvelopeId", str)
DeliveryId = NewType("DeliveryId", str)
DocumentId = NewType("DocumentId", str)
OperatorName = NewType("OperatorName", str)

_UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_RANDOM_BYTES = 10


def uuid7(unix_ms: int, randomness: bytes) -> str:
    """Make a UUIDv7 (RFC 9562, 5.7) from a time in milliseconds and ten random bytes."""
    if not 0 <= unix_ms < 1 << 48 or len(randomness) != _RANDOM_BYTES:
        raise ValueError("a UUIDv7 takes a 48-bit time and ten random bytes")
    bits = int.from_bytes(randomness)
    value = unix_ms << 80 | 0x7 << 76 | (bits >> 68 & 0xFFF) << 64 | 0b10 << 62 | bits & (1 << 62) - 1
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def check_uuid7(text: str) -> str:
    """Return `text` when it is a UUIDv7 in its one canonical spelling, or raise MalformedError."""
    if not _UUID7.fullmatch(text):
        raise MalformedError(
            "id.malformed",
            Words(
                en="An id is a UUIDv7 in lower case (0190163d-8694-739b-aea5-966c26f8ad91).",
                fr="Un identifiant est un UUIDv7 en minuscules (0190163d-8694-739b-aea5-966c26f8ad91).",
            ),
        )
    return text
