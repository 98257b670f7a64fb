"""The header of a mail or of a part: its fields, unfolded (RFC 5322, 2.2.3; RFC 6532)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from hub_smtp.line_ends import only_crlf
from hub_smtp.mime.limits import Limits
from hub_smtp.mime.refusals import malformed, too_much

_NAME = re.compile(r"[!-9;-~]+")
_CONTROLS: Final = bytes((*range(9), 11, 12, *range(14, 32), 127))
ONCE: Final = frozenset(
    {
        "bcc", "cc", "content-disposition", "content-id", "content-language", "content-transfer-encoding",
        "content-type", "date", "disposition-notification-to", "from", "in-reply-to", "message-id",
        "mime-version", "references", "reply-to", "sender", "subject", "to",
    }
)  # fmt: skip
"""Fields that may stand once (RFC 5322, 3.6): of two, one reader would take the first, one the last."""


class Field(NamedTuple):
    """One field: name in lower case, value unfolded, and all of it as it came, without the last CRLF."""

    name: str
    value: str
    raw: str


class Headers:
    """The fields of one header, in order."""

    __slots__ = ("_first", "fields")

    def __init__(self, fields: Sequence[Field]) -> None:
        self.fields: Final = tuple(fields)
        self._first = {one.name: one.value for one in reversed(self.fields)}

    def get(self, name: str) -> str | None:
        """Return the value of the first field of this name (lower case), or None."""
        return self._first.get(name)

    def all(self, name: str) -> tuple[Field, ...]:
        """Return every field of this name (lower case)."""
        return tuple(one for one in self.fields if one.name == name)


def parse(block: bytes, limits: Limits, part: str = "") -> Headers:
    """Read a header, each of its lines with its CRLF. Raises MalformedError and LimitError."""
    text = _text(block, part)
    fields: list[Field] = []
    seen: set[str] = set()
    lines = text.split("\r\n")
    if lines.pop():
        raise malformed("its header does not end", "son en-tête ne finit pas", part)
    at, count = 0, len(lines)
    while at < count:
        line = lines[at]
        name, colon, value = line.partition(":")
        if not colon or not _NAME.fullmatch(name):
            raise malformed(
                f"line {at + 1} of its header is not a name, a colon and a value",
                f"la ligne {at + 1} de son en-tête n'est pas un nom, un deux-points et une valeur",
                part,
            )
        start = at
        at += 1
        while at < count and lines[at][:1] in {" ", "\t"}:
            value += lines[at]
            if lines[at].isspace():
                raise malformed(
                    f"line {at + 1} of its header holds nothing but spaces",
                    f"la ligne {at + 1} de son en-tête ne contient que des espaces",
                    part,
                )
            at += 1
        raw = line if at == start + 1 else "\r\n".join(lines[start:at])
        lowered = name.lower()
        if lowered in ONCE:
            if lowered in seen:
                raise malformed(f"it has more than one {name} field", f"il a plus d'un champ {name}", part)
            seen.add(lowered)
        fields.append(Field(lowered, value.strip(" \t"), raw))
    if len(fields) > limits.header_fields:
        raise too_much(
            "it has too many header fields", "il a trop de champs d'en-tête", limits.header_fields, part
        )
    return Headers(fields)


def _text(block: bytes, part: str) -> str:
    if not only_crlf(block):
        raise malformed(
            "its header holds a line end that is not CR LF",
            "son en-tête contient une fin de ligne autre que CR LF",
            part,
        )
    if len(block.translate(None, _CONTROLS)) != len(block):
        raise malformed(
            "its header holds a control character", "son en-tête contient un caractère de contrôle", part
        )
    try:
        return block.decode()
    except UnicodeDecodeError:
        raise malformed("its header is not in UTF-8", "son en-tête n'est pas en UTF-8", part) from None
