"""Whether an entry fits a filter (RFC 4511, 4.5.1.7): true, false, or undefined (None).

More generous than the rules of the standard schema in one way: accents and hyphens don't count in
names and labels, as nowhere in the hub's directory. Ordering is by that same form.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Final

from hub.domain.party import FINESS, RPPS
from hub_annuaire.ldap.face.kinds import Kind, Rule, known
from hub_annuaire.ldap.face.shown import Shown
from hub_annuaire.ldap.filters import (
    All,
    Equal,
    Extensible,
    Filter,
    Like,
    Not,
    Ordered,
    Pieces,
    Present,
    Some,
)
from hub_annuaire.ldap.reading import national
from hub_annuaire.looking import folding

_APART: Final = str.maketrans(dict.fromkeys("-‐‑'’ʼ.", " "))
_LONGEST: Final = 1024
"""Bytes of a name or label."""
_RULES: Final = frozenset({"caseignorematch", "2.5.13.2", "caseignoreia5match", "1.3.6.1.4.1.1466.109.114.2"})
_CLASS_OIDS: Final = {
    b"2.5.6.0": b"top",
    b"2.5.6.6": b"person",
    b"2.5.6.7": b"organizationalperson",
    b"2.16.840.1.113730.3.2.2": b"inetorgperson",
}


def fits(given: Filter, entry: Shown) -> bool | None:  # noqa: PLR0911 - one return for each kind
    """Evaluate a filter. Its depth has been bounded."""
    match given:
        case All(parts):
            return _all([fits(one, entry) for one in parts])
        case Some(parts):
            return _some([fits(one, entry) for one in parts])
        case Not(part):
            inner = fits(part, entry)
            return None if inner is None else not inner
        case Present(attribute):
            kind = known(attribute)
            return None if kind is None else kind.name in entry.values
        case Pieces(attribute):
            return _held(attribute, entry, lambda kind, held: _pieces(given, kind, held))
        case Equal(attribute, value):
            return _held(attribute, entry, lambda kind, held: plain(kind, held) == plain(kind, value))
        case Like(attribute, value):
            return _held(attribute, entry, lambda kind, held: _like(kind, held, value))
        case Ordered():
            return _ordered(given, entry)
        case Extensible():
            return _extensible(given, entry)


def plain(kind: Kind, value: bytes) -> bytes | str:
    """Return a value in the form in which equal values are the same."""
    if kind.rule is Rule.TEXT:
        return " ".join(_levelled(value).split())
    if kind.rule is Rule.CLASS:
        return _CLASS_OIDS.get(value, value.lower())
    if kind.rule is Rule.NUMBER:
        return national(FINESS, national(RPPS, _lower(value)))
    return value if kind.rule is Rule.BYTES else _lower(value)


def _held(attribute: str, entry: Shown, test: Callable[[Kind, bytes], bool]) -> bool | None:
    kind = known(attribute)
    if kind is None:
        return None
    return any(test(kind, one) for one in entry.values.get(kind.name, ()))


def _pieces(given: Pieces, kind: Kind, held: bytes) -> bool:
    if kind.rule in {Rule.BYTES, Rule.CLASS}:
        return False
    form = _levelled if kind.rule is Rule.TEXT else _lower
    text, end = form(held), len(form(held))
    at = 0
    if given.first is not None:
        first = form(given.first)
        if not text.startswith(first):
            return False
        at = len(first)
    if given.last is not None:
        last = form(given.last)
        end -= len(last)
        if end < at or not text.endswith(last):
            return False
    for one in given.middle:
        piece = form(one)
        found = text.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return True


def _like(kind: Kind, held: bytes, value: bytes) -> bool:
    """Approximate: each word of the value begins a word that is held."""
    if kind.rule is not Rule.TEXT:
        return plain(kind, held) == plain(kind, value)
    words = folding.fold(held.decode("utf-8", "replace"))
    sought = folding.typed(value.decode("utf-8", "replace"))
    return bool(sought) and all(any(word.startswith(one) for word in words) for one in sought)


def _ordered(given: Ordered, entry: Shown) -> bool | None:
    kind = known(given.attribute)
    if kind is None or kind.rule in {Rule.BYTES, Rule.CLASS}:
        return None
    limit = str(plain(kind, given.value))
    held = (str(plain(kind, one)) for one in entry.values.get(kind.name, ()))
    return any(one <= limit if given.most else one >= limit for one in held)


def _extensible(given: Extensible, entry: Shown) -> bool | None:
    kind = known(given.attribute) if given.attribute else None
    if kind is None or (given.rule and given.rule.lower() not in _RULES):
        return None
    # the names of entries have no attribute but mail and those of the base, so `:dn` adds nothing
    return fits(Equal(kind.name, given.value), entry)


def _all(parts: Sequence[bool | None]) -> bool | None:
    return False if False in parts else None if None in parts else True


def _some(parts: Iterable[bool | None]) -> bool | None:
    held = tuple(parts)
    return True if True in held else None if None in held else False


def _levelled(value: bytes) -> str:
    # names come again and again; what is longer than any comes from a client, and fits nothing
    return _remembered(value) if len(value) <= _LONGEST else _lower(value)


def _level(value: bytes) -> str:
    text = value.decode("utf-8", "replace").casefold().replace("œ", "oe").replace("æ", "ae")
    if not text.isascii():
        decomposed = unicodedata.normalize("NFKD", text)
        text = "".join(one for one in decomposed if not unicodedata.combining(one))
    return text.translate(_APART)


_remembered: Final = lru_cache(1 << 12)(_level)


def _lower(value: bytes) -> str:
    return value.decode("utf-8", "replace").lower()
