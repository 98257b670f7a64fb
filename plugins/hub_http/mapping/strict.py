"""Bytes of strangers → JSON, XML, text: read strictly, or refused as `http.answer_malformed`.

JSON (RFC 8259) is UTF-8, perhaps with a byte order mark; a name twice in one object, NaN, infinities and
nesting beyond `limits.MAX_NESTED` are refused. XML has no document type, so no entities: nothing is fetched,
nothing grows. How large the bytes are was bounded before they came here; of how many things they are is here,
before they are read (`limits.MAX_VALUES`).
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, Final, NoReturn

from lxml import etree

from hub.errors import MalformedError, Words
from hub_http.mapping.limits import MAX_NESTED, MAX_VALUES

_BOM: Final = b"\xef\xbb\xbf"
_STRING: Final = re.compile(rb'"[^"\\]*+(?:\\.?[^"\\]*+)*+(?:"|\Z)', re.DOTALL)
"""A text, to its end or to that of the bytes: nothing is tried twice."""
_DOCTYPE: Final = re.compile(rb"<!DOCTYPE", re.IGNORECASE)
_DECLARED: Final = re.compile(rb"^<\?xml[^>]*?encoding\s*=\s*[\"']([^\"']*)[\"']")
_ENCODINGS: Final = frozenset(
    {b"utf-8", b"us-ascii", b"ascii", b"iso-8859-1", b"iso-8859-15", b"windows-1252"}
)
_CHARSETS: Final = frozenset({"utf-8", "us-ascii", "ascii", "iso-8859-1", "iso-8859-15", "windows-1252"})


def json_of(data: bytes) -> Any:
    """Read JSON. Raises MalformedError."""
    if len(data) > MAX_VALUES and _many_values(data):
        raise malformed(f"JSON of more than {MAX_VALUES} values", f"du JSON de plus de {MAX_VALUES} valeurs")
    try:
        text = data.removeprefix(_BOM).decode()
    except UnicodeDecodeError:
        raise malformed("JSON that is not in UTF-8", "du JSON qui n'est pas en UTF-8") from None
    try:
        value = _decode(text)
    except (ValueError, RecursionError):
        raise malformed("no JSON", "autre chose que du JSON") from None
    if data.count(b"[") + data.count(b"{") > MAX_NESTED:
        _check_depth(value)
    return value


def xml_of(data: bytes) -> etree._Element:
    """Read XML and return its root. Raises MalformedError."""
    start = data[:200]
    declared = _DECLARED.match(start.removeprefix(_BOM))
    if b"\x00" in start or (declared and declared[1].lower() not in _ENCODINGS):
        raise malformed("XML that is not in UTF-8", "du XML qui n'est pas en UTF-8")
    if _DOCTYPE.search(data):
        raise malformed("XML with a document type", "du XML avec un type de document")
    if data.count(b"<") + data.count(b'="') + data.count(b"='") > MAX_VALUES:
        raise malformed(f"XML of more than {MAX_VALUES} tags", f"du XML de plus de {MAX_VALUES} balises")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise malformed("no XML", "autre chose que du XML") from None
    if root.getroottree().docinfo.doctype:  # type: ignore[union-attr]  # the stubs miss it
        raise malformed("XML with a document type", "du XML avec un type de document")
    return root


def text_of(data: bytes, charset: str) -> str:
    """Read text. Raises MalformedError."""
    try:
        if charset.lower() in _CHARSETS:
            return data.removeprefix(_BOM).decode(charset)
    except UnicodeDecodeError:
        pass
    raise malformed(
        "text in another charset than it says", "du texte dans un autre jeu de caractères que dit"
    )


def malformed(en: str, fr: str) -> MalformedError:
    """Make the error for bytes that are not what they should be; the sentence ends with what they are."""
    return MalformedError(
        "http.answer_malformed",
        Words(en=f"What the operator says is {en}.", fr=f"Ce que dit l'opérateur est {fr}."),
    )


def _many_values(data: bytes) -> bool:
    """Whether there are more than `MAX_VALUES`; what stands inside of texts is none."""

    def count(signs: bytes) -> int:
        return signs.count(b",") + signs.count(b"[") + signs.count(b"{")

    return count(data) > MAX_VALUES and count(_STRING.sub(b"", data)) > MAX_VALUES


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) != len(pairs):
        raise ValueError("a name twice")
    return table


def _constant(name: str) -> NoReturn:
    raise ValueError(name)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("infinite")
    return number


_decode: Final = json.JSONDecoder(
    object_pairs_hook=_object, parse_constant=_constant, parse_float=_finite
).decode


def _check_depth(value: Any) -> None:
    level = [value]
    for _ in range(MAX_NESTED + 1):
        level = [
            child
            for one in level
            if isinstance(one, dict | list)
            for child in (one.values() if isinstance(one, dict) else one)
        ]
        if not level:
            return
    raise malformed("JSON that is nested too deeply", "du JSON trop imbriqué")
