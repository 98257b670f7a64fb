"""Makes sure that no secret is shown: by the names of places that hold secrets, and by their values.

By value means in every form in which a secret travels: as it is, in a URL, in JSON or XML, in hexadecimal,
and in base64, also in the middle of something longer.
"""

from __future__ import annotations

import base64
import html
import json
import re
from typing import Final
from urllib.parse import quote, quote_plus

VEIL: Final = "•••"
SHORTEST: Final = 3
"""Characters of a value that can be sought in a text; what is shorter is veiled by its place alone."""
_LINE: Final = 16
"""Characters of one line of a secret of many lines, from which the line is sought alone."""
_PLACE: Final = re.compile(
    r"auth(?!or(?!i[sz]))|cookie|password|passwd|passphrase|secret|token|assertion|api-?_?key|credential|private|signature"
    r"|(?:^|[-_])(?:key|sig|pin|otp|jwt|hmac)(?:$|[-_])",
    re.IGNORECASE,
)
_PLAIN: Final = frozenset(
    {"token_type", "token_endpoint", "www-authenticate", "proxy-authenticate", "idempotency-key"}
)
_IN_QUERY: Final = re.compile(r"([?&;])([^=&;\s\"'<>]+)=([^&;\s\"'<>]+)")
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]* (?=\S)")


class Veil:
    """The secrets of one operator."""

    def __init__(self) -> None:
        self._known: set[str] = set()
        self._sought: re.Pattern[str] | None = None

    def add(self, *values: str) -> None:
        """Never show these values."""
        for value in values:
            for one in {value, value.strip(), *(line.strip() for line in value.splitlines())}:
                if len(one) >= (SHORTEST if one in {value, value.strip()} else _LINE):
                    self._known.update(_forms(one))
        longest_first = sorted(self._known, key=len, reverse=True)
        self._sought = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def text(self, text: str) -> str:
        """Return a text without secrets."""
        if self._sought is not None:
            text = self._sought.sub(VEIL, text)
        return _IN_QUERY.sub(
            lambda found: f"{found[1]}{found[2]}={VEIL if secret(found[2]) else found[3]}", text
        )

    def header(self, name: str, value: str, veiled: frozenset[str] = frozenset()) -> str:
        """Return the value of a header as it may be shown; the scheme of an Authorization stays."""
        if name.lower() in veiled or secret(name):
            scheme = _SCHEME.match(value) if "auth" in name.lower() else None
            return f"{scheme[0] if scheme else ''}{VEIL}"
        return self.text(value)

    def url(self, url: str, veiled: frozenset[str] = frozenset()) -> str:
        """Return a URL as it may be shown."""

        def one(found: re.Match[str]) -> str:
            return f"{found[1]}{found[2]}={VEIL if found[2].lower() in veiled else found[3]}"

        return self.text(_IN_QUERY.sub(one, url))


def secret(name: str) -> bool:
    """Whether a header, a parameter or a field of this name holds a secret."""
    return name.lower() not in _PLAIN and bool(_PLACE.search(name))


def _forms(value: str) -> set[str]:
    data = value.encode()
    found = {
        value,
        quote(value, safe=""),
        quote(value),
        quote_plus(value),
        html.escape(value),
        json.dumps(value)[1:-1],
        json.dumps(value, ensure_ascii=False)[1:-1],
        data.hex(),
        data.hex().upper(),
    }
    for before in range(3):
        # base64 of something that holds the value: the signs that depend on the value alone
        spelt = base64.b64encode(bytes(before) + data).decode().rstrip("=")
        first = -(-before * 8 // 6)
        inner = spelt[first : (before + len(data)) * 8 // 6]
        if len(inner) >= SHORTEST + 1:
            found |= {inner, inner.replace("+", "-").replace("/", "_")}
    return {one for one in found if len(one) >= SHORTEST}
