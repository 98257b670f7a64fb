"""FHIR XML and JSON are read into the same, and written again without loss; hostile input is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from hub_eprescription.simulator import fhir
from hub_eprescription.simulator.fhir import FhirError, Form
from tests.plugins.eprescription import scenarios
from tests.plugins.eprescription.scenarios import What


def canonical(content: bytes) -> bytes:
    """Return XML without the blanks between elements, in canonical form."""
    parser = etree.XMLParser(remove_blank_text=True, remove_comments=True)
    return etree.tostring(etree.fromstring(content, parser), method="c14n")


def recorded(suffix: str) -> list[Path]:
    """Return the recorded files of a scenario with every kind of resource that is common."""
    one = scenarios.scenario("Allgemein/e_rezept_verschreiben__via_dmc_zuweisen_und_erfolgreich_dispensieren")
    other = scenarios.scenario(
        "Arztpraxis/löschen_des_e_rezepts_nicht_möglich__weil_durch_apotheke_reserviert"
    )
    return [file.path for file in (*one.files, *other.files) if file.path.suffix == suffix]


def test_recorded_xml_comes_back() -> None:
    """Element for element, attribute for attribute, also by way of JSON."""
    paths = recorded(".xml")
    assert paths
    for path in paths:
        content = path.read_bytes()
        read = fhir.read(content, Form.XML)
        assert canonical(fhir.write(read, Form.XML)) == canonical(content), path
        again = fhir.read(fhir.write(read, Form.JSON), Form.JSON)
        assert canonical(fhir.write(again, Form.XML)) == canonical(content), path


def test_recorded_json_comes_back_by_way_of_xml() -> None:
    """What repeats stays a list, what is a number or a truth stays one."""
    paths = recorded(".json")
    assert paths
    for path in paths:
        read = fhir.read(path.read_bytes(), Form.JSON)
        assert fhir.read(fhir.write(read, Form.XML), Form.XML) == read, path


@pytest.mark.parametrize("name", scenarios.names())
def test_everything_recorded_comes_back(name: str) -> None:
    """The same for every recorded file that is here."""
    for file in scenarios.scenario(name).files:
        if file.what in {What.REQUEST, What.ANSWER, What.TO_SIGN} and not file.is_json:
            assert canonical(fhir.write(fhir.read(file.content, Form.XML), Form.XML)) == canonical(
                file.content
            )


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<Task",
        b"<Task/>",
        b'<!DOCTYPE Task [<!ENTITY e "x">]><Task xmlns="http://hl7.org/fhir"><id value="&e;"/></Task>',
        b'<Task xmlns="http://hl7.org/fhir">' + b"<a>" * 100 + b"</a>" * 100 + b"</Task>",
        b'<Task xmlns="http://hl7.org/fhir"><id xmlns="http://other.example/" value="1"/></Task>',
    ],
)
def test_xml_that_is_no_fhir_is_refused(content: bytes) -> None:
    """No entity is resolved, no depth followed."""
    with pytest.raises(FhirError):
        fhir.read(content, Form.XML)


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"resourceType": 1}', b"[" * 100_000])
def test_json_that_is_no_fhir_is_refused(content: bytes) -> None:
    """A resource says what it is."""
    with pytest.raises(FhirError):
        fhir.read(content, Form.JSON)
