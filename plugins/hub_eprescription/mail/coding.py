"""The code of a CDA document, by which mail operators label it (`X-MSS-CODECDA`, XDM). A label, no proof."""

from __future__ import annotations

import re
from typing import Final

_ROOT: Final = re.compile(rb"<(?:[A-Za-z][\w.-]{0,40}:)?ClinicalDocument[\s>]")
_CODE: Final = re.compile(rb"<(?:[A-Za-z][\w.-]{0,40}:)?code\s([^<>]{0,2000})>")
_VALUE: Final = re.compile(rb"""(?:^|\s)code\s*=\s*["']([0-9]{1,7}-[0-9])["']""")
_LOINC: Final = b"2.16.840.1.113883.6.1"
_START: Final = 64 << 10
"""Bytes of a document within which its own code stands; it comes before anything clinical."""


def code_of(media_type: str, content: bytes) -> str | None:
    """Return the LOINC code of a CDA document; None for anything else."""
    start = content[:_START]
    if not media_type.endswith("xml") or not (root := _ROOT.search(start)):
        return None
    found = _CODE.search(start, root.end())
    if found is None or _LOINC not in found[1]:
        return None
    value = _VALUE.search(found[1])
    return None if value is None else value[1].decode("ascii")
