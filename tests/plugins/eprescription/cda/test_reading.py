"""What people read of a CDA prescription is what stands in it; what can't be read is refused in words."""

from __future__ import annotations

import base64
from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.domain.party import INS_TEST, RPPS, Identifier
from hub.errors import InputError, LimitError, MalformedError
from hub_eprescription.cda import markup, products
from hub_eprescription.cda.limits import MAX_BYTES
from tests.plugins.eprescription.cda import papers
from tests.plugins.eprescription.cda.world import TYPE, World
from tests.plugins.eprescription.prescribers import CAMILLE

SERVICE = World().service


def why(content: bytes) -> InputError:
    """Return the error with which a document is refused; it says what is wrong in both languages."""
    with pytest.raises(InputError) as caught:
        SERVICE.read(TYPE, content)
    assert caught.value.words.en
    assert caught.value.words.fr
    return caught.value


def test_view() -> None:
    """Patient, prescriber, dates, number and lines are as the document says."""
    view = SERVICE.read(TYPE, papers.prescription())
    assert (view.number, view.authored_on, view.valid_until) == (
        papers.epu(1),
        date(2026, 3, 1),
        date(2026, 9, 30),
    )
    assert (view.patient, view.born) == (papers.PATIENT, date(1999, 12, 31))
    assert view.patient_identifiers == (Identifier(INS_TEST, papers.INS),)
    assert (view.prescriber, view.organisation) == ("Dr Camille LILAS", "Cabinet des Lilas")
    assert view.prescriber_identifiers == (Identifier(RPPS, CAMILLE),)
    medicine, device = view.medicines
    assert medicine.name == "VALBRUMINE 500 mg, comprimé"
    assert (medicine.code, medicine.system) == ("69999991", "urn:oid:1.2.250.1.213.2.3.1")
    assert (medicine.form, medicine.quantity, medicine.substitution) == ("Comprimé", "2 boîte(s)", False)
    assert medicine.dosage == (
        "1 comprimé matin et soir / puis 1 le soir ; Durée du traitement : du 01/03/2026 au 07/03/2026 ; "
        "À prendre au repas"
    )
    assert medicine.note == "à renouveler 2 fois ; en rapport avec une ALD"
    assert (device.code, device.system) == ("9999992", "urn:oid:1.2.250.1.215.200.2.1")
    assert (device.name, device.quantity, device.dosage) == ("lit médical", "1", "Durée : 60 jour(s)")


def test_open_end() -> None:
    """A validity that does not say when it ends has no end."""
    for high in (None, '<high nullFlavor="UNK"/>'):
        assert SERVICE.read(TYPE, papers.prescription(high=high)).valid_until is None


def test_preparation_without_code() -> None:
    """A preparation that has no code is called what the author wrote, its line breaks kept apart."""
    text = "Préparation :<br/>- 30 g de lilasone<br/>- 70 g de cérat"
    row, entry = papers.medicine(
        text, codes='<code nullFlavor="NA"><originalText><reference value="#med-001"/></originalText></code>'
    )
    entry = entry.replace(f"<name>{text}</name>", '<name nullFlavor="NA"/>')
    (medicine,) = SERVICE.read(TYPE, papers.prescription(body=papers.medicines((row, entry)))).medicines
    assert medicine.name == "Préparation : / - 30 g de lilasone / - 70 g de cérat"
    assert (medicine.code, medicine.system) == (None, None)


@pytest.mark.parametrize("code", ["G", "E"])
def test_substitution_allowed(code: str) -> None:
    """What is not forbidden is allowed."""
    body = papers.medicines(papers.medicine(substitution=code))
    assert SERVICE.read(TYPE, papers.prescription(body=body)).medicines[0].substitution is True


@pytest.mark.parametrize("system", products.SYSTEMS)
def test_known_code_systems(system: str) -> None:
    """Every system of the table is taken, for the medicine itself or as a translation."""
    for codes in (
        f'<code code="1" codeSystem="{system}"/>',
        f'<code nullFlavor="NA"><translation code="1" codeSystem="{system}"/></code>',
    ):
        body = papers.medicines(papers.medicine(codes=codes))
        (medicine,) = SERVICE.read(TYPE, papers.prescription(body=body)).medicines
        assert medicine.system == f"urn:oid:{system}"


@pytest.mark.parametrize(
    "codes",
    [
        '<code code="1" codeSystem="2.999.7"/>',
        '<code code="1"/>',
        f'<code code="1" codeSystem="{papers.CIP}"><translation code="2" codeSystem="2.999.7"/></code>',
        f'<code code="1" codeSystem="{papers.CIP}"/><pharm:kind><pharm:code code="2"/></pharm:kind>',
    ],
)
def test_unknown_code_system(codes: str) -> None:
    """The refusal names the line and the systems that are known, in both languages."""
    body = papers.medicines(papers.medicine(), papers.medicine("HAUTMONTINE", codes=codes))
    error = why(papers.prescription(body=body))
    assert error.code == "prescription.code_system"
    assert error.words.en.startswith("Line 2 of the medicines is coded in a system")
    assert error.words.fr.startswith("La ligne 2 des médicaments est codé")
    assert "CIP (1.2.250.1.213.2.3.2)" in error.words.en
    assert "HAUTMONTINE" not in str(error)


def test_unknown_code_system_of_a_device() -> None:
    """Devices are looked at too; what is no OID is not repeated."""
    error = why(papers.prescription(body=papers.device("<Iris>".replace("<", "").replace(">", ""))))
    assert error.words.en.startswith("Line 1 of the devices is coded in a system that is not known here: ?.")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (papers.prescription(model="2031.01"), "prescription.document_type"),
        (papers.prescription(loinc="34112-3"), "prescription.malformed"),
        (papers.prescription(body=""), "prescription.malformed"),
        (papers.prescription(high='<high value="20261301"/>'), "prescription.malformed"),
        (papers.prescription(high='<high value="30 septembre"/>'), "prescription.malformed"),
        (papers.prescription(epu_number="12 34"), "prescription.malformed"),
        (papers.prescription(code=papers.code_section(b"GIF89a")), "prescription.code_image"),
        (papers.prescription(code=papers.code_section(papers.image()[:60])), "prescription.code_image"),
        (papers.prescription().replace(b'B64">', b'B64">*'), "prescription.code_image"),
        (papers.prescription().replace(b"serviceEvent", b"otherEvent"), "prescription.malformed"),
        (papers.prescription().replace(b"<versionNumber value=", b"<versionNumber v="), None),
        (papers.prescription().replace(b'Number value="1"', b'Number value="x"'), "prescription.malformed"),
        (papers.prescription().replace(b"recordTarget>", b"targetRecord>"), "prescription.malformed"),
        (papers.prescription().replace(b'  <id root="2.999.39.1.1"/>', b""), "prescription.malformed"),
        (papers.prescription().replace(b'moodCode="INT"', b'negationInd="true"'), "prescription.malformed"),
        (papers.prescription().replace(b"substanceAdministration", b"supply"), "prescription.malformed"),
        (papers.prescription().replace(b"<entry><supply", b"<entry><act/><supply"), "prescription.malformed"),
        (papers.prescription().replace(b"VALBRUMINE 500 mg, comprim\xc3\xa9", b""), "prescription.malformed"),
    ],
)  # fmt: skip
def test_refused(content: bytes, code: str | None) -> None:
    """What is missing or wrong is refused with a code of its own, and never with the patient's name."""
    if code is None:
        SERVICE.read(TYPE, content)
        return
    error = why(content)
    assert error.code == code
    assert papers.PATIENT not in str(error)


def test_nothing_active() -> None:
    """Document types, entities and files from elsewhere are refused; nothing is fetched or expanded."""
    plain = papers.prescription()
    at = plain.index(b"<ClinicalDocument")
    for doctype in (
        b"<!DOCTYPE ClinicalDocument>",
        b'<!DOCTYPE c [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        b'<!DOCTYPE c SYSTEM "http://127.0.0.1/x.dtd">',
        b'<!DOCTYPE c [<!ENTITY a "x"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>',
    ):
        assert why(plain[:at] + doctype + plain[at:]).code == "prescription.malformed"
    assert why(plain.replace(b"VALBRUMINE", b"&unknown;")).code == "prescription.malformed"


def test_limits() -> None:
    """Too large, too many and too deep are refused."""
    with pytest.raises(LimitError):
        markup.parse(b" " * (MAX_BYTES + 1))
    many = papers.prescription(body="<a/>" * 50_001)
    assert why(many).code == "prescription.too_large"
    lines = papers.prescription(body=papers.medicines(*[papers.medicine()] * 201))
    assert why(lines).words.en == "A CDA prescription has at most 200 lines."
    long = papers.prescription(body=papers.medicines(papers.medicine(posology="x" * 10_001)))
    assert why(long).code == "prescription.too_large"
    deep = papers.prescription(body="<a>" * 300 + "</a>" * 300)
    assert why(deep).code == "prescription.malformed"


def test_large_picture() -> None:
    """A small file that unpacks to a huge picture is refused before it is unpacked."""
    header = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAw1AAAMNQAQAAAAA=")
    assert why(papers.prescription(code=papers.code_section(header))).code == "prescription.code_image"


def test_other_encodings() -> None:
    """A document in another encoding than UTF-8 is read as it says."""
    text = papers.prescription().decode("utf-8-sig")
    latin = text.replace('encoding="UTF-8"', 'encoding="ISO-8859-1"').encode("iso-8859-1")
    assert SERVICE.read(TYPE, latin) == SERVICE.read(TYPE, papers.prescription())


@settings(max_examples=150, deadline=None)
@given(cut=st.integers(0, 6000), noise=st.binary(max_size=8))
def test_torn(cut: int, noise: bytes) -> None:
    """Bytes that were torn or filled with noise are read or refused, never anything else."""
    content = papers.prescription(epu_number=None)
    torn = content[:cut] + noise + content[cut + len(noise) :]
    with suppress(InputError):
        SERVICE.read(TYPE, torn)
    with pytest.raises(MalformedError):
        SERVICE.read(TYPE, content[: min(cut, len(content) - 30)])
