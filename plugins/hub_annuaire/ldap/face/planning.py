"""A filter → the questions to the hub's directory that find everything it could fit.

The directory finds by address, by identifier, and by the beginnings of words. So a piece of text inside
a word (`*upont*`) finds only where it begins one; and a filter that names nothing (`(objectClass=*)`)
can't be asked at all: nobody gets the whole country.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from hub.domain.address import Address
from hub.domain.party import FINESS, RPPS, Identifier
from hub.errors import MalformedError
from hub_annuaire.ldap.face.kinds import Kind, Rule, known
from hub_annuaire.ldap.face.matching import plain
from hub_annuaire.ldap.face.shown import CLASSES
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

MAX_QUESTIONS: Final = 16
"""Questions that one filter may come to."""
MAX_IDENTIFIER: Final = 64
"""Signs of an identifier; nobody has a longer one, and directories remember what they were asked."""
_SYSTEMS: Final = {"employeeNumber": (RPPS,), "departmentNumber": (FINESS,), "uid": (RPPS, FINESS)}
_CLASSES: Final = frozenset(one.lower().encode() for one in CLASSES)


@dataclass(frozen=True, slots=True)
class Words:
    """Ask for entries with words that begin so."""

    words: tuple[str, ...]


Question = Address | Identifier | Words
Plan = tuple[Question, ...] | None
"""What is to be asked: nothing can fit when it is empty; None: everything could."""


class TooManyError(Exception):
    """The filter comes to more questions than may be asked."""


def plan(given: Filter, least: int) -> Plan:  # noqa: PLR0911 - one return for each kind
    """Return the questions; a word shorter than `least` signs names nothing. Raises TooManyError."""
    match given:
        case All(parts):
            return _both(_plans(parts, least))
        case Some(parts):
            return _either([plan(one, least) for one in parts])
        case Not() | Ordered():
            return None
        case Present(attribute):
            return () if known(attribute) is None else None
        case Pieces(attribute, first, middle, last):
            kind = known(attribute)
            if kind is None:
                return ()
            return _words(kind, (one for one in (first, *middle, last) if one is not None), least)
        case Like(attribute, value) | Equal(attribute, value):
            kind = known(attribute)
            return () if kind is None else _value(kind, value, least, like=isinstance(given, Like))
        case Extensible(attribute, _, value):
            kind = known(attribute) if attribute else None
            return () if kind is None else _value(kind, value, least, like=False)


def _plans(parts: Iterable[Filter], least: int) -> Sequence[Plan]:
    """Plan parts that must all hold: one that comes to too many questions need not be asked."""
    plans: list[Plan] = []
    too_many: TooManyError | None = None
    for one in parts:
        try:
            plans.append(plan(one, least))
        except TooManyError as error:
            too_many = error
    if too_many is not None and not any(one is not None for one in plans):
        raise too_many
    return plans


def _value(kind: Kind, value: bytes, least: int, *, like: bool) -> Plan:
    if kind.rule is Rule.CLASS:
        return None if plain(kind, value) in _CLASSES else ()
    text = value.decode("utf-8", "replace")
    if kind.name == "mail" and not like:
        try:
            return (Address.parse(text.strip()),)
        except MalformedError:
            return ()
    if kind.name in _SYSTEMS:
        if len(text) > MAX_IDENTIFIER:
            return ()
        return tuple(Identifier(one, national(one, text)) for one in _SYSTEMS[kind.name] if text.strip())
    return _words(kind, (value,), least)


def _words(kind: Kind, pieces: Iterable[bytes], least: int) -> Plan:
    if not kind.searched:
        return None
    found = dict.fromkeys(word for one in pieces for word in folding.typed(one.decode("utf-8", "replace")))
    return (Words(tuple(found)),) if any(len(one) >= least for one in found) else None


def _both(plans: Sequence[Plan]) -> Plan:
    named = [one for one in plans if one is not None]
    if not named or () in named:
        return () if named else None
    # what is asked by address or identifier finds least
    exact = [one for one in named if not any(isinstance(each, Words) for each in one)]
    if exact:
        return min(exact, key=len)
    named.sort(key=len)
    joined: tuple[Question, ...] = named[0]
    for other in named[1:]:
        if len(joined) * len(other) > MAX_QUESTIONS:
            break
        if any(not isinstance(one, Words) for one in (*joined, *other)):
            continue
        joined = tuple(
            dict.fromkeys(
                Words(tuple(dict.fromkeys((*left.words, *right.words))))
                for left in joined
                for right in other
                if isinstance(left, Words) and isinstance(right, Words)
            )
        )
    return joined


def _either(plans: Sequence[Plan]) -> Plan:
    if None in plans:
        return None
    found = tuple(dict.fromkeys(question for one in plans if one is not None for question in one))
    if len(found) > MAX_QUESTIONS:
        raise TooManyError
    return found
