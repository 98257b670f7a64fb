"""The code of a CDA document is a label: right when it is there, absent for everything else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub_eprescription.mail.coding import code_of
from tests.counterparts import shared

LOINC = 'codeSystem="2.16.840.1.113883.6.1"'


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("eDISP-MED_2024.01.xml", "60593-1"),
        ("eP-MED-DM_2024.01_PosoNonStruct.xml", "57833-6"),
        ("eP-MED-DM_2022.01_PosoStruct.xml", "57833-6"),
    ],
)
def test_of_the_french_examples(name: str, code: str) -> None:
    """Prescriptions and dispensings are labelled as their authority's own examples are."""
    data = (shared("cda-fr") / "ExemplesCDA" / name).read_bytes()
    assert code_of("text/xml", data) == code


@pytest.mark.parametrize(
    ("media_type", "text", "code"),
    [
        ("text/xml", f"<ClinicalDocument><code {LOINC} code='60593-1'/>", "60593-1"),
        ("application/xml", f'<h:ClinicalDocument ><h:code\n code="1-2" {LOINC}/>', "1-2"),
        ("application/pdf", f'<ClinicalDocument><code code="1-2" {LOINC}/>', None),
        ("text/xml", f'<Other><code code="1-2" {LOINC}/>', None),
        ("text/xml", '<ClinicalDocument><code code="1-2" codeSystem="1.2.3"/>', None),
        ("text/xml", f'<ClinicalDocument><code code="evil" {LOINC}/>', None),
        ("text/xml", f'<ClinicalDocument><code xcode="1-2" {LOINC}/>', None),
        ("text/xml", f'<code code="1-2" {LOINC}/><ClinicalDocument>', None),
        ("text/xml", "<ClinicalDocument>", None),
    ],
)
def test_what_is_labelled(media_type: str, text: str, code: str | None) -> None:
    """Only CDA documents, only by LOINC."""
    assert code_of(media_type, text.encode()) == code


@given(st.binary(max_size=3000))
def test_nothing_breaks_it(data: bytes) -> None:
    """Whatever the bytes, there is an answer."""
    assert code_of("text/xml", b"<ClinicalDocument>" + data) is None or b"code" in data
