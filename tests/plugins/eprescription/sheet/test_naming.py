"""Numbers on the sheet: by the names that people know."""

from __future__ import annotations

import pytest

from hub.domain.party import Identifier
from hub_eprescription.sheet import naming

PEOPLE = "urn:oid:1.2.250.1.71.4.2.1"
STRUCTURES = "urn:oid:1.2.250.1.71.4.2.2"


@pytest.mark.parametrize(
    ("system", "value", "shown"),
    [
        (PEOPLE, "99900000011", "RPPS 99900000011"),
        (PEOPLE, "899900000011", "RPPS 99900000011"),
        (PEOPLE, "0991234567", "ADELI 991234567"),
        (STRUCTURES, "990000001", "FINESS 990000001"),
        (STRUCTURES, "1990000001", "FINESS 990000001"),
        (STRUCTURES, "399900000100011", "SIRET 99900000100011"),
        ("https://fhir.nhs.uk/Id/nhs-number", "9999999999", "NHS 999 999 9999"),
        ("http://fhir.de/sid/gkv/kvid-10", "X110614233", "KVNR X110614233"),
        ("urn:oid:1.2.250.1.213.1.4.8", "261057812345634", "INS 261057812345634"),
    ],
)
def test_people(system: str, value: str, shown: str) -> None:
    """A number is printed by its name, as people know it."""
    assert (shown,) == naming.of_person([Identifier(system, value), Identifier(system, value)])


@pytest.mark.parametrize(
    ("system", "value"),
    [(PEOPLE, "1"), (STRUCTURES, ""), ("https://fhir.nhs.uk/Id/sds-user-id", "1"), ("urn:oid:1.2.3", "4")],
)
def test_unknown(system: str, value: str) -> None:
    """A number that nobody could place is left out."""
    assert () == naming.of_person([Identifier(system, value)])


def test_medicines() -> None:
    """A medicine's code is named after its system, and stands alone where the system has no name."""
    assert "PZN 12345678" == naming.of_medicine("http://fhir.de/CodeSystem/ifa/pzn", "12345678")
    assert "CIP 3400930000001" == naming.of_medicine("urn:oid:1.2.250.1.213.2.3.2", "3400930000001")
    assert "X1" == naming.of_medicine("urn:oid:1.2.3", "X1")
    assert "X1" == naming.of_medicine(None, "X1")
