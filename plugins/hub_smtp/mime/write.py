"""Writing header fields (RFC 5322, 2.2): folded, non-ASCII in encoded words (RFC 2047), nothing injected."""

from __future__ import annotations

import re
import unicodedata
from base64 import b64encode
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote

from hub.domain.address import Address

_WIDTH: Final = 76
_WORD_BYTES: Final = 42
"""Bytes of UTF-8 in one encoded word: 56 base64 digits and 12 signs around them stay below 75."""
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")
_SAFE: Final = "!#$&+.^_`{|}~-"
"""What stands as it is in an extended parameter (RFC 5987, attr-char)."""
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`{|}~-]+")
_LONGEST: Final = 998
"""Octets in a line (RFC 5322, 2.1.1)."""
_SECTION: Final = 480
"""Octets of a parameter's value, or of one section of it: some readers know none, so there are few."""
_ENCODED = re.compile(r"(?:%[0-9A-F]{2}|[^%]){1,160}")
"""Signs that fill a section at most, none of them cut."""


def field(name: str, value: str) -> str:
    """Return `Name: value`, folded at its spaces so that lines stay within 78 characters, and CRLF.

    Raises ValueError for a line break or control character: whoever writes a text field goes through
    `text`, which has none left.
    """
    line = f"{name}: {value}"
    if not line.isprintable():
        raise ValueError(f"{name} would hold a character that can't stand in a header")
    if len(line) <= _WIDTH:
        return line + "\r\n"
    lines: list[str] = []
    current = ""
    for number, word in enumerate(line.split(" ")):
        # Never fold before the first word, if its line is not too long, nor where a line would be blank.
        width = _WIDTH if number > 1 else _LONGEST
        if current.strip() and len(current) + 1 + len(word) > width:
            lines.append(current)
            current = ""
        current = f"{current} {word}" if number else word
    lines.append(current)
    if not lines[-1].strip():
        lines[-2:] = ["".join(lines[-2:])]
    return "\r\n".join(lines) + "\r\n"


def text(value: str) -> str:
    """Return text fit for an unstructured field or a phrase: as it is, or in encoded words."""
    if _is_plain(value) and max(map(len, value.split(" "))) < _WIDTH:
        return value
    return _words(_flat(value))


def mailbox(name: str, address: Address) -> str:
    """Return a display name and an address, or the address alone when there is no name."""
    if not name:
        return str(address)
    if not _is_plain(name) or len(name) >= _WIDTH:
        return f"{_words(_flat(name))} <{address}>"
    return f"{name if _ATOMS.fullmatch(name) else quoted(name)} <{address}>"


def mailboxes(pairs: Iterable[tuple[str, Address]]) -> str:
    """Return a list of mailboxes."""
    return ", ".join(mailbox(name, address) for name, address in pairs)


def parameter(name: str, value: str) -> str:
    """Return `; name=value`, in UTF-8 by RFC 2231 when it must be, in sections when it is long.

    A value that looks like an encoded word must be: many readers decode those even in a parameter, and
    then see a text, such as a path, that nobody has checked.
    """
    if len(value) <= _SECTION and _TOKEN.fullmatch(value):
        return f"; {name}={value}"
    value = _flat(value)
    if value.isascii() and "=?" not in value and len(text := quoted(value)) <= _SECTION:
        return f"; {name}={text}"
    encoded = f"utf-8''{quote(value, safe=_SAFE)}"
    if len(encoded) <= _SECTION:
        return f"; {name}*={encoded}"
    sections = _ENCODED.findall(encoded)
    return "".join(f"; {name}*{number}*={section}" for number, section in enumerate(sections))


def quoted(value: str) -> str:
    """Return a quoted string (RFC 5322, 3.2.4) of a text that holds no control character."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _is_plain(value: str) -> bool:
    return value.isascii() and value.isprintable() and "=?" not in value and value == value.strip()


def _words(value: str) -> str:
    return " ".join(f"=?utf-8?B?{b64encode(piece.encode()).decode()}?=" for piece in _cut(value))


def _flat(value: str) -> str:
    """Return `value` with every control character and line break made a space."""
    if value.isprintable():
        return value
    return "".join(
        " " if unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} else character
        for character in value
    )


def _cut(value: str) -> list[str]:
    """Cut a text so that every piece fits an encoded word and no character is cut."""
    pieces, current, size = [], "", 0
    for character in value:
        weight = len(character.encode())
        if size + weight > _WORD_BYTES:
            pieces.append(current)
            current, size = "", 0
        current += character
        size += weight
    pieces.append(current)
    return pieces
