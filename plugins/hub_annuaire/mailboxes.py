"""Lines of the mailbox extraction → one row for each line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from hub.domain.address import MAX_ADDRESS, MAX_LOCAL, Address
from hub.errors import MalformedError
from hub_annuaire import identifiers, names
from hub_annuaire.coded import Codes
from hub_annuaire.comparing import Compared
from hub_annuaire.formats import Header
from hub_annuaire.lines import Lines

TYPES: Final = ("PER", "CAB", "ORG", "APP")
"""Types of mailboxes, the preferred first."""

Row = tuple[int, str, int, str, str, str, str, str, str, str, int, int, int, str, str]
"""Line, key, digest, address, type, person, structure, name, place, service, paperless (0 is yes),

profession, specialty, town, postcode.
"""

_ATEXT: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]"
_PLAIN: Final = re.compile(rf"({_ATEXT}+(?:\.{_ATEXT}+)*)@([a-z0-9.-]+)")
_YES: Final = frozenset({"O", "OUI", "TRUE", "1", "Y"})


def read(lines: Lines, header: Header, compared: Compared, codes: Codes) -> Iterator[Row]:
    """Yield one row for every line that is not held. Raises MalformedError and LimitError.

    Both name line and column.
    """
    (
        kind, address, own, person, id_type, structure, service, title, family, given, profession,
        profession_label, skill, skill_label, paperless, legal, sign, last_line, postcode,
    ) = header.at  # fmt: skip
    keys = _Keys()
    for fields in lines.rows(header.separator, max(header.at) + 1, compared):
        type_ = fields[kind].strip()
        if type_ not in TYPES:
            raise lines.place(kind).malformed(
                "mailbox_type",
                f"not a type of mailbox ({', '.join(TYPES)})",
                f"pas un type de boîte aux lettres ({', '.join(TYPES)})",
            )
        written = fields[address].strip()
        try:
            key = keys.of(written)
        except MalformedError:
            raise lines.place(address).malformed(
                "address",
                "not an address, which is written name@domain",
                "pas une adresse, qui s'écrit nom@domaine",
            ) from None
        place = names.of_structure(fields[legal], fields[sign])
        code, town = names.town(fields[last_line])
        yield (
            lines.number,
            key,
            compared.digest,
            written,
            type_,
            _person(lines, fields, own, person),
            _structure(lines, fields, id_type, structure),
            names.of_person(fields[title], fields[given], fields[family]) if type_ == "PER" else place,
            place,
            names.clean(fields[service]),
            0 if fields[paperless].strip().upper() in _YES else 1,
            codes.of(fields[profession], fields[profession_label]),
            codes.of(fields[skill], fields[skill_label]),
            town,
            names.clean(fields[postcode]) or code,
        )


def _person(lines: Lines, fields: list[str], own: int, person: int) -> str:
    national, number = fields[person].strip(), fields[own].strip()
    if not national and not number:
        return ""
    if not national:
        raise lines.place(person).malformed(
            "identifier_missing",
            "empty, though the line gives an identifier",
            "vide, alors que la ligne donne un identifiant",
        )
    if (wrong := identifiers.wrong_person(national)) is not None:
        raise lines.place(person).malformed("identifier", *wrong)
    if number and national[1:] != number:
        raise lines.place(own).malformed("identifiers_differ", *identifiers.DIFFER)
    return national


def _structure(lines: Lines, fields: list[str], id_type: int, structure: int) -> str:
    value = fields[structure].strip()
    if not value:
        return ""
    found = identifiers.structure(fields[id_type], value)
    if found is None:
        named = lines.place(id_type).column
        raise lines.place(structure).malformed(
            "structure",
            f"not an identifier of the type in “{named}”",
            f"pas un identifiant du type donné par « {named} »",
        )
    return found


class _Keys:
    """`Address.parse(text).key`, fast for the plain addresses that nearly all are."""

    def __init__(self) -> None:
        self._domains: set[str] = set()

    def of(self, text: str) -> str:
        """Return the key. Raises MalformedError."""
        plain = _PLAIN.fullmatch(text)
        if plain and plain[2] in self._domains and len(plain[1]) <= MAX_LOCAL and len(text) <= MAX_ADDRESS:
            return text.lower()
        address = Address.parse(text)
        if plain:
            self._domains.add(address.domain)
        return address.key
