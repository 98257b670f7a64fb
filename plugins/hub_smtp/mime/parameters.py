"""Values with parameters: Content-Type and Content-Disposition (RFC 2045, 5.1; RFC 2183; RFC 2231)."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote_to_bytes

from hub_smtp.mime import charsets, words
from hub_smtp.mime.words import UnreadableError

_PARAMETER = re.compile(
    r';[ \t]*(?:([^\x00-\x20()<>@,;:\\"/\[\]?=]+)[ \t]*=[ \t]*("(?:[^"\\]|\\.)*"|[^\s;"]+)[ \t]*)?'
)
_QUOTED_PAIR = re.compile(r"\\(.)")
_SECTION = re.compile(r"(name|filename)\*(?:(\d{1,2})(\*)?)?")
_MAX_SECTIONS: Final = 50


def parse(value: str) -> tuple[str, dict[str, str]]:
    """Return what stands before the first semicolon, and the parameters, all names in lower case.

    `name` and `filename` are joined and decoded by RFC 2231, or by RFC 2047, which many writers use
    in its place. Raises UnreadableError: also for a parameter that comes twice.
    """
    end = value.find(";")
    if end < 0:
        return value.strip().lower(), {}
    found = _parameters(value, end)
    for name in ("name", "filename"):
        if name in found:
            found[name] = words.decode(found[name])
    if any("*" in name for name in found):
        found = _extended(found)
    return value[:end].strip().lower(), found


def _parameters(value: str, at: int) -> dict[str, str]:
    found: dict[str, str] = {}
    size = len(value)
    while at < size:
        match = _PARAMETER.match(value, at)
        if match is None:
            raise UnreadableError("a parameter is not name=value", "un paramètre n'est pas nom=valeur")
        at = match.end()
        # A semicolon with nothing behind it is common, and says nothing.
        if (name := match[1]) is None:
            continue
        text = match[2]
        if text[0] == '"':
            text = _QUOTED_PAIR.sub(r"\1", text[1:-1])
        name = name.lower()
        if name in found:
            raise UnreadableError(f"parameter {name} comes twice", f"le paramètre {name} vient deux fois")
        found[name] = text
    return found


def _extended(found: dict[str, str]) -> dict[str, str]:
    """Join and decode the sections of `name` and `filename` (RFC 2231, 3 and 4)."""
    plain = {name: text for name, text in found.items() if "*" not in name}
    sections: dict[str, dict[int, tuple[str, bool]]] = {}
    for name, text in found.items():
        if "*" not in name:
            continue
        match = _SECTION.fullmatch(name)
        if match is None:
            raise UnreadableError(
                f"parameter {name.partition('*')[0]} may not come in sections (RFC 2231) here",
                f"le paramètre {name.partition('*')[0]} ne peut venir par sections (RFC 2231) ici",
            )
        number = int(match[2] or 0)
        coded = bool(match[3]) or match[2] is None
        sections.setdefault(match[1], {})[number] = (text, coded)
    for name, parts in sections.items():
        if sorted(parts) != list(range(len(parts))) or len(parts) > _MAX_SECTIONS:
            raise UnreadableError(
                f"a section of parameter {name} is missing", f"une section du paramètre {name} manque"
            )
        plain[name] = _joined([parts[number] for number in range(len(parts))])
    return plain


def _joined(parts: list[tuple[str, bool]]) -> str:
    codec = "utf-8"
    first, coded = parts[0]
    if coded:
        pieces = first.split("'", 2)
        found = charsets.codec(pieces[0] or "us-ascii") if len(pieces) == 3 else None  # noqa: PLR2004 - charset'language'text
        if found is None:
            raise UnreadableError(
                "a file name's charset is not read here",
                "le jeu de caractères d'un nom de fichier n'est pas lu ici",
            )
        codec = found
        parts = [(pieces[2], True), *parts[1:]]
    data = b"".join(unquote_to_bytes(text) if is_coded else text.encode() for text, is_coded in parts)
    try:
        return data.decode(codec)
    except UnicodeDecodeError:
        raise UnreadableError(
            "a file name is not in the charset that it names",
            "un nom de fichier n'est pas dans le jeu de caractères qu'il annonce",
        ) from None
