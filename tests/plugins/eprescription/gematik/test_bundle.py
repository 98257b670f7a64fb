"""The number goes into the bundle, and nothing else changes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from hub.errors import InputError
from hub_eprescription.gematik import bundle, view
from tests.counterparts import shared
from tests.plugins.eprescription import scenarios
from tests.plugins.eprescription.gematik import practice
from tests.plugins.eprescription.scenarios import What

NUMBER = "160.000.239.761.373.38"
_DIGITS = some.text("0123456789.", min_size=1, max_size=24)
_WHITE = some.text(" \n\t", max_size=4)


@given(number=_DIGITS, other=_DIGITS)
def test_a_number_in_its_place_is_replaced_and_all_else_stays(number: str, other: str) -> None:
    """What stood before and after the number stands there still, byte for byte."""
    content = practice.bundle(number=number)
    changed = bundle.with_number(content, other)
    head, tail = content.split(number.encode() + b'"/></identifier>', 1)
    assert changed == head + other.encode() + b'"/></identifier>' + tail


@given(before=_WHITE, after=_WHITE, prefix=some.sampled_from(["", "f:", "fhir-4:"]))
def test_a_missing_identifier_is_put_where_fhir_wants_it(before: str, after: str, prefix: str) -> None:
    """Before the type, after id and meta, in the document's own prefix; all else stays."""
    p, xmlns = prefix, f"xmlns:{prefix[:-1]}" if prefix else "xmlns"
    profile = f'<{p}profile value="https://fhir.kbv.de/StructureDefinition/KBV_PR_ERP_Bundle|1.1.0"/>'
    meta = f"<{p}meta>{profile}</{p}meta>"
    head = f'<{p}Bundle {xmlns}="http://hl7.org/fhir"><{p}id value="a&gt;b"/>{meta}{before}'
    tail = f"<{p}type value='document'/>{after}</{p}Bundle>"
    changed = bundle.with_number((head + tail).encode(), NUMBER)
    assert changed.startswith(head.encode())
    assert changed.endswith(tail.encode())
    added = changed[len(head.encode()) : len(changed) - len(tail.encode())].decode()
    assert added.count(NUMBER) == 1
    assert added.startswith(f"<{p}identifier>")
    # The same again replaces: then nothing is added.
    assert bundle.with_number(changed, NUMBER) == changed


@pytest.mark.parametrize("name", scenarios.names())
def test_recorded_documents_are_read_and_get_a_number(name: str) -> None:
    """What practices really signed: patient, prescriber, medicine; and a number in, the old one back."""
    for one in scenarios.scenario(name).files:
        content = one.content
        if one.what is not What.TO_SIGN or b"KBV_PR_ERP_Bundle|" not in content[:400]:
            continue
        node = bundle.read(content)
        number = bundle.number(node)
        assert number
        changed = bundle.with_number(content, NUMBER[::-1])
        assert len(changed) == len(content)
        assert bundle.with_number(changed, number) == content
        assert not bundle.same(changed, content)
        seen = view.of(node)
        assert seen.number == number
        assert seen.patient
        assert seen.prescriber
        assert seen.organisation
        assert all(medicine.name and medicine.code for medicine in seen.medicines)
        assert seen.authored_on == bundle.authored_on(node)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"UTF-8"', b'"UTF-16"'),
        (b"KBV_PR_ERP_Bundle", b"Other_Bundle"),
        (b'type value="document"', b'type value="message"'),
        (b"MedicationRequest", b"ServiceRequest"),
        (b"</Bundle>", b""),
        (b"Zo\xc3\xa9", b"Zo\xe9"),
        (b'<Bundle xmlns="http://hl7.org/fhir"', b"<Bundle"),
    ],
)
def test_what_is_no_prescription_is_refused(old: bytes, new: bytes) -> None:
    """Another encoding, profile, type, or no prescription in it: words say so, and nothing is asked."""
    content = practice.bundle()
    assert old in content
    with pytest.raises(InputError) as caught:
        bundle.read(content.replace(old, new))
    assert caught.value.code == "prescription.malformed"


def test_entities_are_not_expanded() -> None:
    """A document type is refused before anything in it counts."""
    bomb = b'<!DOCTYPE Bundle [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
    content = practice.bundle().replace(b"<Bundle", bomb + b"<Bundle").replace(b"Valbrume", b"&b;")
    with pytest.raises(InputError):
        bundle.read(content)


@pytest.mark.parametrize("depth", [200, 5000])
def test_depth_has_an_end(depth: int) -> None:
    """A document deeper than any prescription is refused."""
    inner = b"<extension>" * depth + b"</extension>" * depth
    with pytest.raises(InputError) as caught:
        bundle.read(practice.bundle().replace(b"<type", inner + b"<type"))
    assert caught.value.code == "prescription.too_large"


def test_white_space_between_elements_does_not_count() -> None:
    """A workstation may indent; one changed letter is another content."""
    content = practice.bundle()
    indented = content.replace(b"><", b">\n   <")
    assert bundle.same(content, indented)
    assert not bundle.same(content, content.replace(b"1-0-1-0", b"1-0-1-1"))
    assert not bundle.same(content, content.replace(b'"true"', b'"false"'))


def test_a_private_patient_is_known() -> None:
    """So that the kind of prescription needs no option."""
    assert bundle.insured_privately(bundle.read(practice.bundle(insurance="PKV")))
    assert not bundle.insured_privately(bundle.read(practice.bundle()))


def test_published_negative_examples_go_to_the_service_as_they_are() -> None:
    """What breaks a profile is the service's to refuse: the hub puts the number in, or says why it can't."""
    folder = shared("gematik-erezept") / "Negative-Examples"
    files = sorted(folder.rglob("*.xml"))
    taken = 0
    for path in files:
        content = path.read_bytes()
        try:
            node = bundle.read(content)
            seen = view.of(node)
            changed = bundle.with_number(content, NUMBER)
        except InputError:
            continue
        taken += 1
        assert bundle.number(bundle.read(changed)) == NUMBER, path.name
        assert seen.medicines, path.name
        number = bundle.number(node)
        assert number is None or bundle.with_number(changed, number) == content, path.name
    assert len(files) >= 75
    # Those of 2022 name the number in a system that is gone.
    assert taken >= 40


def test_a_document_type_is_refused_wherever_bytes_are_read() -> None:
    """Also in what a workstation signed, before it is compared."""
    content = practice.bundle()
    hostile = content.replace(b"<Bundle", b"<!DOCTYPE Bundle [<!ENTITY a 'b'>]><Bundle")
    for read in (lambda: bundle.same(hostile, content), lambda: bundle.with_number(hostile, NUMBER)):
        with pytest.raises(InputError):
            read()


@pytest.mark.parametrize(
    "before",
    [b'id="a>b" ', b"id='\">' ", b"extension=\" value='1'\" ", b"a = ' value=\"2\"'\n", b"value2='' "],
)
def test_signs_in_other_attributes_lead_nobody_astray(before: bytes) -> None:
    """The number goes into the attribute `value`, and into nothing that looks like it."""
    head, tail = practice.bundle(number="1").split(b'<value value="1"', 1)
    content = head + b"<value " + before + b'value="1"' + tail
    changed = bundle.with_number(content, NUMBER)
    assert changed == head + b"<value " + before + f'value="{NUMBER}"'.encode() + tail
    assert bundle.number(bundle.read(changed)) == NUMBER


SYSTEM = b'<system value="https://gematik.de/fhir/erp/NamingSystem/GEM_ERP_NS_PrescriptionId"/>'


@pytest.mark.parametrize(
    "inside",
    [
        SYSTEM + b'<value value="1"/></identifier><identifier>' + SYSTEM + b'<value value="2"/>',
        SYSTEM + b'</identifier><identifier><system value="urn:other"/><value value="2"/>',
        SYSTEM + b'<value value="1"/><value value="2"/>',
        b'<system value="urn:other"/>' + SYSTEM + b'<value value="1"/>',
    ],
    ids=["two-identifiers", "value-of-another", "two-values", "two-systems"],
)
def test_no_reader_finds_another_number(inside: bytes) -> None:
    """What would be signed under one number, and could be read under another, is refused."""
    start, rest = practice.bundle(number="9").split(b"<identifier>", 1)
    content = start + b"<identifier>" + inside + rest[rest.index(b"</identifier>") :]
    with pytest.raises(InputError, match=r"prescription\.malformed"):
        bundle.with_number(content, NUMBER)


def test_an_encoding_that_is_declared_late_counts() -> None:
    """A declaration may be long; a service that reads it to its end would read other letters."""
    content = practice.bundle()
    body = content[content.index(b"<Bundle") :]
    with pytest.raises(InputError, match=r"UTF-8"):
        bundle.read(b'<?xml version="1.0"' + b" " * 300 + b'encoding="ISO-8859-1"?>' + body)
