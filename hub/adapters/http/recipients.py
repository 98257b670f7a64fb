"""Whom a message names in JSON: an address, a national identifier, or a description of a person.

Check digits are verified here, so that a slip of the pen is told of the field that holds it. Not
checked here: whether somebody is listed; the core does that.
"""

from __future__ import annotations

import re
from typing import Any, Final

from hub.adapters.http.fields import MAX_LINE, Faults, Fields
from hub.domain import target
from hub.domain.address import Address
from hub.domain.party import Identifier, Role
from hub.domain.target import MAX_DESCRIPTION, Target
from hub.errors import MalformedError, Words
from hub.ports.intake import To

MAX_VALUE: Final = 255
FORMS: Final = "rpps; finess; ins; name with specialty and town; system with value"
"""What an object that names a recipient may hold, as errors list it."""

_SYSTEM: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"\\^`{|}]+")
_NATIONAL: Final = {"rpps": target.rpps, "finess": target.finess, "ins": target.ins}


def recipient(value: Any, pointer: str, role: Role, found: Faults, *, blind: bool) -> To | None:
    """Read one recipient; what is wrong goes to `found`, and then there is none."""
    meant = who(value, pointer, found)
    return None if meant is None else To(target=meant, role=role, blind=blind)


def who(value: Any, pointer: str, found: Faults) -> Target | None:
    """Read whom somebody means; what is wrong goes to `found`, and then there is nobody."""
    if isinstance(value, str):
        try:
            return Address.parse(value[: MAX_LINE + 1])
        except MalformedError as error:
            found.add(pointer, error.words.en, error.words.fr)
            return None
    if isinstance(value, dict):
        return _object(Fields(value, pointer, found))
    found.add(
        pointer,
        f"Must be an address, or an object with {FORMS}.",
        f"Doit être une adresse, ou un objet avec {FORMS}.",
    )
    return None


def identifiers(root: Fields, name: str, found: Faults, *, most: int) -> tuple[Identifier, ...]:
    """Read a list of identifiers, such as a patient's."""
    given = root.items(name, most=most)
    read = (identifier(Fields(value, pointer, found)) for value, pointer in given)
    return tuple(one for one in read if one is not None)


def identifier(fields: Fields, known: str = "system, value") -> Identifier | None:
    """Read `{"system": …, "value": …}`."""
    system = fields.parsed("system", _system, required=True)
    value = fields.text("value", required=True, most=MAX_VALUE)
    fields.finish(known)
    return Identifier(system, value) if system and value else None


def _object(fields: Fields) -> Target | None:
    meant: Target | None
    for name, read in _NATIONAL.items():
        if fields.has(name):
            meant = fields.parsed(name, read)
            break
    else:
        if not fields.has("name"):
            return identifier(fields, FORMS)
        meant = _description(fields)
    fields.finish(FORMS)
    return meant


def _description(fields: Fields) -> Target | None:
    name, specialty, town = (
        fields.text(part, required=part == "name", most=MAX_DESCRIPTION)
        for part in ("name", "specialty", "town")
    )
    return None if name is None else target.description(name, specialty or "", town or "")


def _system(text: str) -> str:
    if not _SYSTEM.fullmatch(text):
        raise MalformedError(
            "http.fields",
            Words(
                en="Must be a URI, such as urn:oid:1.2.250.1.213.1.4.8.",
                fr="Doit être un URI, comme urn:oid:1.2.250.1.213.1.4.8.",
            ),
        )
    return text
