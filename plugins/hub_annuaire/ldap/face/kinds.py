"""The attributes that are served: their names, how their values compare, their definitions."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final


class Rule(Enum):
    """How values are compared."""

    TEXT = "text"
    """Without regard to case, accents, hyphens and runs of spaces."""
    EXACT = "exact"
    """Without regard to case only: addresses."""
    NUMBER = "number"
    """National identifiers, with their type digit or without."""
    CLASS = "class"
    """Names of classes."""
    BYTES = "bytes"
    """Certificates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One attribute type. `searched` says that the words of its values can be looked for."""

    name: str
    oid: str
    others: tuple[str, ...] = ()
    rule: Rule = Rule.TEXT
    searched: bool = False
    operational: bool = False
    option: str = ""

    @property
    def shown(self) -> str:
        """The name as answers write it."""
        return self.name + self.option

    @property
    def definition(self) -> str:
        """The type as the subschema states it (RFC 4512, 4.1.2)."""
        names = " ".join(f"'{one}'" for one in (self.name, *self.others))
        usage = " NO-USER-MODIFICATION USAGE directoryOperation" if self.operational else ""
        return f"( {self.oid} NAME ( {names} ) {_SYNTAXES[self.rule]}{usage} )"


_SYNTAXES: Final = {
    Rule.TEXT: "EQUALITY caseIgnoreMatch SUBSTR caseIgnoreSubstringsMatch "
    "SYNTAX 1.3.6.1.4.1.1466.115.121.1.15",
    Rule.EXACT: "EQUALITY caseIgnoreIA5Match SUBSTR caseIgnoreIA5SubstringsMatch "
    "SYNTAX 1.3.6.1.4.1.1466.115.121.1.26",
    Rule.NUMBER: "EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15",
    Rule.CLASS: "EQUALITY objectIdentifierMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.38",
    Rule.BYTES: "SYNTAX 1.3.6.1.4.1.1466.115.121.1.8",
}

KINDS: Final = (
    Kind(name="objectClass", oid="2.5.4.0", rule=Rule.CLASS),
    Kind(name="cn", oid="2.5.4.3", others=("commonName",), searched=True),
    Kind(name="sn", oid="2.5.4.4", others=("surname",), searched=True),
    Kind(name="givenName", oid="2.5.4.42", others=("gn",), searched=True),
    Kind(name="displayName", oid="2.16.840.1.113730.3.1.241", searched=True),
    Kind(
        name="mail",
        oid="0.9.2342.19200300.100.1.3",
        others=("rfc822Mailbox",),
        rule=Rule.EXACT,
        searched=True,
    ),
    Kind(name="title", oid="2.5.4.12", searched=True),
    Kind(name="description", oid="2.5.4.13", searched=True),
    Kind(name="o", oid="2.5.4.10", others=("organizationName",), searched=True),
    Kind(name="ou", oid="2.5.4.11", others=("organizationalUnitName",), searched=True),
    Kind(name="l", oid="2.5.4.7", others=("localityName",), searched=True),
    Kind(name="uid", oid="0.9.2342.19200300.100.1.1", others=("userid",), rule=Rule.NUMBER),
    Kind(name="employeeNumber", oid="2.16.840.1.113730.3.1.3", rule=Rule.NUMBER),
    Kind(name="departmentNumber", oid="2.16.840.1.113730.3.1.2", rule=Rule.NUMBER),
    Kind(name="businessCategory", oid="2.5.4.15"),
    Kind(name="userCertificate", oid="2.5.4.36", rule=Rule.BYTES, option=";binary"),
    Kind(name="structuralObjectClass", oid="2.5.21.9", rule=Rule.CLASS, operational=True),
    Kind(name="subschemaSubentry", oid="2.5.18.10", rule=Rule.EXACT, operational=True),
    Kind(name="entryDN", oid="1.3.6.1.1.20", rule=Rule.EXACT, operational=True),
)

_BY_NAME: Final = {name.lower(): kind for kind in KINDS for name in (kind.name, kind.oid, *kind.others)}


def known(description: str) -> Kind | None:
    """Return the type that an attribute description means, its options left aside; None: not served."""
    return _BY_NAME.get(description.partition(";")[0].lower())
