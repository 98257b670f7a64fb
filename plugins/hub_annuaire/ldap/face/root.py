"""The entries that describe the server itself: root DSE, subschema, and the base of the tree."""

from __future__ import annotations

from typing import Final

from hub_annuaire.ldap.face.kinds import KINDS
from hub_annuaire.ldap.face.names import Name
from hub_annuaire.ldap.face.shown import SUBSCHEMA, Shown, filled
from hub_annuaire.ldap.messages import PAGED, START_TLS

OPERATIONAL: Final = frozenset(
    {
        "namingContexts", "subschemaSubentry", "supportedControl", "supportedExtension",
        "supportedLDAPVersion", "objectClasses", "attributeTypes", "structuralObjectClass", "entryDN",
        "supportedFeatures",
    }
)  # fmt: skip
"""Attributes that are given when `+` or their names are asked for, not by `*` (RFC 3673)."""

_CLASSES: Final = (
    "( 2.5.6.0 NAME 'top' ABSTRACT MUST objectClass )",
    (
        "( 2.5.6.6 NAME 'person' SUP top STRUCTURAL MUST ( sn $ cn ) "
        "MAY ( userPassword $ telephoneNumber $ seeAlso $ description ) )"
    ),
    (
        "( 2.5.6.7 NAME 'organizationalPerson' SUP person STRUCTURAL MAY ( title $ x121Address $ "
        "registeredAddress $ destinationIndicator $ preferredDeliveryMethod $ telexNumber $ "
        "teletexTerminalIdentifier $ telephoneNumber $ internationalISDNNumber $ facsimileTelephoneNumber $ "
        "street $ postOfficeBox $ postalCode $ postalAddress $ physicalDeliveryOfficeName $ ou $ st $ l ) )"
    ),
    (
        "( 2.16.840.1.113730.3.2.2 NAME 'inetOrgPerson' SUP organizationalPerson STRUCTURAL MAY ( audio $ "
        "businessCategory $ carLicense $ departmentNumber $ displayName $ employeeNumber $ employeeType $ "
        "givenName $ homePhone $ homePostalAddress $ initials $ jpegPhoto $ labeledURI $ mail $ manager $ "
        "mobile $ o $ pager $ photo $ roomNumber $ secretary $ uid $ userCertificate $ "
        "x500uniqueIdentifier $ preferredLanguage $ userSMIMECertificate $ userPKCS12 ) )"
    ),
)
"""As RFC 4512, 4519 and 2798 define them."""
_ALL_OPERATIONAL: Final = "1.3.6.1.4.1.4203.1.5.1"
"""The feature of `+` (RFC 3673)."""


def root(base: Name, *, tls: bool) -> Shown:
    """Return the root DSE (RFC 4512, 5.1)."""
    return Shown(
        dn="",
        values=filled(
            {
                "objectClass": ("top",),
                "namingContexts": (str(base),),
                "subschemaSubentry": (SUBSCHEMA,),
                "supportedControl": (PAGED,),
                "supportedExtension": (START_TLS,) if tls else (),
                "supportedFeatures": (_ALL_OPERATIONAL,),
                "supportedLDAPVersion": ("3",),
            }
        ),
    )


def subschema() -> Shown:
    """Return the subschema (RFC 4512, 4.2)."""
    return Shown(
        dn=SUBSCHEMA,
        values=filled(
            {
                "objectClass": ("top", "subschema", "extensibleObject"),
                "cn": ("Subschema",),
                "objectClasses": _CLASSES,
                "attributeTypes": (one.definition for one in KINDS),
                "subschemaSubentry": (SUBSCHEMA,),
            }
        ),
    )


def top(base: Name) -> Shown:
    """Return the entry at the base of the tree."""
    kind, value = base.parts[0]
    structural = {"ou": "organizationalUnit", "o": "organization"}.get(kind, "extensibleObject")
    return Shown(
        dn=str(base),
        values=filled(
            {
                "objectClass": ("top", structural),
                kind: (value,),
                "structuralObjectClass": (structural,),
                "subschemaSubentry": (SUBSCHEMA,),
                "entryDN": (str(base),),
            }
        ),
    )
