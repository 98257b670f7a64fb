"""An entry of the hub's directory, as an entry of LDAP (inetOrgPerson, RFC 2798)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from hub.domain.party import FINESS, RPPS
from hub.ports.directory import Entry, MailboxKind, Standing
from hub_annuaire.ldap.face.names import Name

CLASSES: Final = ("top", "person", "organizationalPerson", "inetOrgPerson")
SUBSCHEMA: Final = "cn=Subschema"
_TITLES: Final = frozenset({"dr", "pr", "m.", "mme", "mlle"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An entry with its name. `values` are by the names of `kinds.KINDS`, none of them empty."""

    dn: str
    values: Mapping[str, Sequence[bytes]]


def may_be_shown(entry: Entry) -> bool:
    """Whether an entry is for the eyes of who may search.

    Who is unlisted is not, nor who can't be written to today; a patient's address is their INS.
    """
    return (
        not entry.unlisted and entry.standing is Standing.ACTIVE and entry.mailbox is not MailboxKind.PATIENT
    )


def show(entry: Entry, base: Name) -> Shown:
    """Make the LDAP entry."""
    address = str(entry.address)
    name = entry.name or address
    given, family = _split(entry, name)
    turned = (f"{given} {family}", f"{family} {given}") if given else (family,)
    people = [one.value for one in entry.identifiers if one.system == RPPS]
    structures = [one.value for one in entry.identifiers if one.system == FINESS]
    dn = str(base.below("mail", address))
    texts: dict[str, Iterable[str]] = {
        "objectClass": CLASSES,
        "cn": dict.fromkeys((*turned, name)),
        "sn": (family,),
        "givenName": (given,),
        "displayName": (name,),
        "mail": (address,),
        "title": (entry.profession.label if entry.profession else "",),
        "description": (one.label for one in entry.specialties),
        "o": (entry.structure,),
        "ou": (entry.service,),
        "l": (entry.town,),
        "uid": (*people, *structures),
        "employeeNumber": people[:1],
        "departmentNumber": structures,
        "businessCategory": (entry.mailbox.value,),
        "structuralObjectClass": CLASSES[-1:],
        "subschemaSubentry": (SUBSCHEMA,),
        "entryDN": (dn,),
    }
    values = filled(texts)
    if entry.certificates:
        values["userCertificate"] = entry.certificates
    return Shown(dn=dn, values=values)


def filled(texts: Mapping[str, Iterable[str]]) -> dict[str, Sequence[bytes]]:
    """Return the attributes that have a value, encoded."""
    encoded = {
        name: tuple(one.encode("utf-8", "replace") for one in held if one) for name, held in texts.items()
    }
    return {name: held for name, held in encoded.items() if held}


def _split(entry: Entry, name: str) -> tuple[str, str]:
    """Return given and family name. Directories write the family name in capitals, and last."""
    if entry.mailbox is not MailboxKind.PERSONAL:
        return "", name
    parts = name.split()
    while len(parts) > 1 and parts[0].lower() in _TITLES:
        del parts[0]
    at = len(parts)
    while at and parts[at - 1] == parts[at - 1].upper() and any(map(str.isalpha, parts[at - 1])):
        at -= 1
    if at == len(parts):
        at -= 1
    return " ".join(parts[:at]), " ".join(parts[at:])
