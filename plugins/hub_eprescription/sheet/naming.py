"""What the numbers of people and medicines are called on paper, by the URI of their system.

A number of a system that is not listed is not printed for people: nobody could tell what it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hub.domain.party import Identifier

_PEOPLE: Final = {
    "urn:oid:1.2.250.1.213.1.4.8": "INS",
    "urn:oid:1.2.250.1.213.1.4.9": "INS",
    "urn:oid:1.2.250.1.213.1.4.10": "INS",
    "urn:oid:1.2.250.1.213.1.4.11": "INS",
    "urn:oid:1.2.250.1.71.4.2.1": "RPPS",
    "urn:oid:1.2.250.1.71.4.2.2": "FINESS",
    "http://fhir.de/sid/gkv/kvid-10": "KVNR",
    "http://fhir.de/sid/pkv/kvid-10": "KVNR",
    "https://fhir.kbv.de/NamingSystem/KBV_NS_Base_ANR": "LANR",
    "https://fhir.kbv.de/NamingSystem/KBV_NS_Base_BSNR": "BSNR",
    "https://fhir.nhs.uk/Id/nhs-number": "NHS",
    "https://fhir.nhs.uk/Id/ods-organization-code": "ODS",
    "https://fhir.hl7.org.uk/Id/gmc-number": "GMC",
    "https://fhir.hl7.org.uk/Id/gmp-number": "GMP",
    "https://fhir.hl7.org.uk/Id/din-number": "DIN",
}
_MEDICINES: Final = {
    "http://fhir.de/CodeSystem/ifa/pzn": "PZN",
    "http://fhir.de/CodeSystem/bfarm/atc": "ATC",
    "http://www.whocc.no/atc": "ATC",
    "urn:oid:2.16.840.1.113883.6.73": "ATC",
    "http://snomed.info/sct": "SNOMED CT",
    "urn:oid:2.16.840.1.113883.6.96": "SNOMED CT",
    "https://dmd.nhs.uk": "dm+d",
    "urn:oid:1.2.250.1.213.2.3.1": "CIP",
    "urn:oid:1.2.250.1.213.2.3.2": "UCD",
    "urn:oid:1.2.250.1.215.300.1": "LPP",
}


def of_person(identifiers: Sequence[Identifier]) -> tuple[str, ...]:
    """Return the numbers that people know, such as `RPPS 99900000011`, in the order given."""
    return tuple(
        f"{_PEOPLE[one.system]} {one.value}" for one in identifiers if one.system in _PEOPLE and one.value
    )


def of_medicine(system: str | None, code: str) -> str:
    """Return a medicine's code with the name of its system, when that has one."""
    name = _MEDICINES.get(system or "")
    return code if name is None else f"{name} {code}"
