"""Texts in XML: escaped, and only of characters that XML 1.0 has (2.2)."""

from __future__ import annotations

import re
from typing import Final

from hub_http.mapping.faults import UnfitError

_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# A bare CR would be read as LF, and white space in an attribute as one space (2.11, 3.3.3).
_ESCAPES: Final = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;", "\r": "&#13;"}
)


def escaped(text: str) -> str:
    """Escape a text for content and attributes alike. Raises UnfitError for what XML can't hold."""
    if _FORBIDDEN.search(text):
        raise UnfitError(
            "a text has characters that XML does not allow", "un texte a des caractères interdits en XML"
        )
    return text.translate(_ESCAPES)
