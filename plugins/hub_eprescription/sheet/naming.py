"""What the numbers of people and medicines are called on paper, by the URI of their system.

A number of a system that is not listed is not printed for people: nobody could tell what it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from hub.domain.party import Identifier

_PEOPLE: Final = {
    "urn:oid:1.2.250.1.213.1.4.8": "INS",
    "urn:oid:1.2.250.1.213.1.4.9": "INS",
    "urn:oid:1.2.250.1.213.1.4.10": "INS",
    "urn:oid:1.2.250.1.213.1.4.11": "INS",
    "http://fhir.de/sid/gkv/kvid-10": "KVNR",
    "http://fhir.de/sid/pkv/kvid-10": "KVNR",
    "https://fhir.kbv.de/NamingSystem/KBV_NS_Base_ANR": "LANR",
    "https://fhir.kbv.de/NamingSystem/KBV_NS_Base_BSNR": "BSNR",
    "https://fhir.nhs.uk/Id/nhs-number": "NHS",
    "https://fhir.nhs.uk/Id/ods-organization-code": "ODS",
    "https://fhir.hl7.org.uk/Id/gmc-number": "GMC",
    "https://fhir.hl7.org.uk/Id/gmp-number": "GMP",
    "https://fhir.hl7.org.uk/Id/gphc-number": "GPhC",
    "https://fhir.hl7.org.uk/Id/nmc-number": "NMC",
    "https://fhir.hl7.org.uk/Id/din-number": "DIN",
}
_PREFIXED: Final = {
    "urn:oid:1.2.250.1.71.4.2.1": re.compile(r"8?(?P<RPPS>[0-9]{11})|0(?P<ADELI>[0-9A-Z]{9})"),
    "urn:oid:1.2.250.1.71.4.2.2": re.compile(r"1?(?P<FINESS>[0-9A-Z]{9})|3(?P<SIRET>[0-9]{14})"),
}
"""French national identifiers of people and structures (CI-SIS): a digit in front says whose number it is."""
_MEDICINES: Final = {
    "http://fhir.de/CodeSystem/ifa/pzn": "PZN",
    "http://fhir.de/CodeSystem/ask": "ASK",
    "http://fhir.de/CodeSystem/bfarm/atc": "ATC",
    "http://fhir.de/CodeSystem/dimdi/atc": "ATC",
    "http://www.whocc.no/atc": "ATC",
    "http://snomed.info/sct": "SNOMED CT",
    "https://dmd.nhs.uk": "dm+d",
    "urn:oid:2.16.840.1.113883.6.73": "ATC",
    "urn:oid:2.16.840.1.113883.6.96": "SNOMED CT",
    "urn:oid:2.16.840.1.113883.3.6905.2": "SMS",
    "urn:oid:1.2.250.1.213.2.3.1": "CIS",
    "urn:oid:1.2.250.1.213.2.3.2": "CIP",
    "urn:oid:1.2.250.1.213.2.59": "MV",
    "urn:oid:1.2.250.1.213.2.61": "UCD",
    "urn:oid:1.2.250.1.213.2.68": "EMDN",
    "urn:oid:1.2.250.1.215.200.2.1": "LPP",
}


def of_person(identifiers: Sequence[Identifier]) -> tuple[str, ...]:
    """Return the numbers that people know, such as `RPPS 99900000011`, each once, in the order given."""
    named = (_named(one) for one in identifiers)
    return tuple(dict.fromkeys(one for one in named if one is not None))


def of_medicine(system: str | None, code: str) -> str:
    """Return a medicine's code with the name of its system, when that has one."""
    name = _MEDICINES.get(system or "")
    return code if name is None else f"{name} {code}"


def _named(one: Identifier) -> str | None:
    pattern = _PREFIXED.get(one.system)
    if pattern is not None:
        found = pattern.fullmatch(one.value)
        return None if found is None else f"{found.lastgroup} {found[found.lastgroup or 0]}"
    name = _PEOPLE.get(one.system)
    if name is None or not one.value:
        return None
    return f"{name} {_grouped(one.value) if name == 'NHS' else one.value}"


def _grouped(number: str) -> str:
    """Write an NHS number as people know it: 3, 3 and 4 digits."""
    return re.sub(r"\A([0-9]{3})([0-9]{3})([0-9]{4})\Z", r"\1 \2 \3", number)
