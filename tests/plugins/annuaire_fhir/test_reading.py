"""Resources → records: what is taken, and what is refused with its path."""

from __future__ import annotations

import contextlib
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.party import FINESS, RPPS, Identifier
from hub.ports.directory import Coded, MailboxKind
from hub_annuaire.fhir import joining, reading, records
from hub_annuaire.fhir import vocabulary as fr
from hub_annuaire.fhir.elements import Element, UnreadableError
from hub_annuaire.fhir.joining import Web
from hub_annuaire.fhir.records import Box, Record, Tenure
from hub_annuaire.fhir.vocabulary import Kind
from tests.plugins.annuaire_fhir import resources
from tests.plugins.annuaire_fhir.resources import mailbox, organization, practitioner, role

ADDRESS = "dr.aubepine@valbrume.mssante.example"

_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
_texts = st.text(max_size=10)
_coded = st.builds(Coded, _texts, _texts)
_tenures = st.builds(
    Tenure,
    active=st.none() | st.booleans(),
    ended=st.none() | st.dates(),
    died=st.booleans(),
    unregistered=st.booleans(),
)
_boxes = st.builds(
    Box,
    address=_texts,
    key=_texts,
    mailbox=st.sampled_from(MailboxKind),
    rank=st.none() | st.integers(1, 9),
    unlisted=st.booleans(),
    service=_texts,
    description=_texts,
    responsible=_texts,
)
_records = st.builds(
    Record,
    kind=st.sampled_from(Kind),
    id=_texts,
    tenure=_tenures,
    name=_texts,
    identifiers=st.lists(st.builds(Identifier, _texts, _texts), max_size=2).map(tuple),
    profession=st.none() | _coded,
    specialties=st.lists(_coded, max_size=2).map(tuple),
    practitioner=_texts,
    organization=_texts,
    town=_texts,
    postcode=_texts,
    boxes=st.lists(_boxes, max_size=2).map(tuple),
)


def _read(resource: Any) -> Record:
    record = reading.read(resource)
    assert record is not None
    return record


def test_a_mailbox_with_everything() -> None:
    """Type, liste rouge, rank, service, who answers for it."""
    box = _read(
        organization(
            "o", "670000001",
            mailbox(ADDRESS, "APP", rank=2, listeRouge=True, service="Radiologie",
                    description="Comptes rendus", responsible="Mme Cormier, 03 88 00 00 00"),
        )
    ).boxes[0]  # fmt: skip
    assert box.mailbox is MailboxKind.APPLICATION
    assert box.unlisted
    assert box.rank == 2
    assert (box.service, box.description) == ("Radiologie", "Comptes rendus")
    assert box.responsible.startswith("Mme Cormier")


def test_a_practitioner() -> None:
    """Title, names as the hub writes them, both forms of the RPPS as one, codes and labels."""
    record = _read(practitioner("p", "10000000017", mailbox(ADDRESS)))
    assert record.name == "Dr Élodie AUBEPINE"
    assert record.identifiers == (Identifier(RPPS, "810000000017"),)
    assert record.profession == Coded("10", "Médecin")
    assert record.specialties == (Coded("SM04", "Cardiologie"),)


@pytest.mark.parametrize(
    ("system", "value", "expected"),
    [
        (FINESS, "1670000001", "1670000001"),
        ("https://finess.esante.gouv.fr", "670000001", "1670000001"),
        ("https://sirene.fr", "12345678901234", "312345678901234"),
    ],
)
def test_the_number_of_a_structure_gets_its_type_digit(system: str, value: str, expected: str) -> None:
    """Whichever of its forms the server sends."""
    sent = organization("o", "1") | {"identifier": [{"system": system, "value": value}]}
    assert _read(sent).identifiers == (Identifier(FINESS, expected),)


def test_what_is_of_no_use_is_not_kept() -> None:
    """Private addresses, phones and birthdays don't come into the hub."""
    private = {"system": "email", "value": "elodie@famille.example"}
    sent = practitioner("p", "10000000017", private, birthDate="1980-01-01", gender="female")
    text = records.to_text(_read(sent))
    assert "famille" not in text
    assert "1980" not in text
    assert "female" not in text


@pytest.mark.parametrize(
    ("sent", "path"),
    [
        ({"id": "p q"}, "Practitioner.id"),
        ({"active": "yes"}, "Practitioner.active"),
        ({"name": "Aubépine"}, "Practitioner.name"),
        ({"name": [{"family": ["A"]}]}, "Practitioner.name[0].family"),
        ({"telecom": [mailbox("nobody")]}, "Practitioner.telecom[0].value"),
        ({"telecom": [mailbox(ADDRESS, "NEW")]}, "Practitioner.telecom[0].extension.type"),
        ({"telecom": [mailbox(ADDRESS) | {"rank": 0}]}, "Practitioner.telecom[0].rank"),
        ({"identifier": [{"system": RPPS, "value": "8 1"}]}, "Practitioner.identifier[0].value"),
        ({"qualification": [{"code": {"coding": {}}}]}, "Practitioner.qualification[0].code.coding"),
    ],
)
def test_what_is_not_fhir_is_refused_by_its_path(sent: dict[str, Any], path: str) -> None:
    """The path says where, and never what: it goes to the log."""
    with pytest.raises(UnreadableError) as caught:
        reading.read(practitioner("p", "10000000017") | sent)
    assert caught.value.path == path


def test_a_reference_to_something_else_is_refused() -> None:
    """An activity is of a practitioner, in an organisation."""
    with pytest.raises(UnreadableError):
        reading.read(role("r", "p", "o") | {"practitioner": {"reference": "Patient/1"}})


def test_other_resources_are_passed_over() -> None:
    """A server may put its remarks beside what it found."""
    assert reading.read({"resourceType": "OperationOutcome"}) is None


@given(st.dictionaries(st.sampled_from(list(practitioner("p", "1"))), _json))
def test_no_json_breaks_the_reader(changed: dict[str, Any]) -> None:
    """Whatever a server sends is a record, or refused by its path."""
    with contextlib.suppress(UnreadableError):
        reading.read(practitioner("p", "10000000017", mailbox(ADDRESS)) | changed)


@given(_records)
def test_a_record_comes_back_as_it_was(record: Record) -> None:
    """A database loses nothing of it."""
    assert record == records.of_text(records.to_text(record))


@given(st.integers(1, 12))
def test_a_mailbox_comes_back_as_it_was(number: int) -> None:
    """The same for what is put together of several records."""
    web = Web()
    web.add(one for sent in resources.invented(number) if (one := reading.read(sent)) is not None)
    for key in {box.key for one in web.records.values() for box in one.boxes}:
        made = joining.bearing(key, web)
        assert made is not None
        assert made == joining.of_text(joining.to_text(made))
        assert key == made.key


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2026", date(2026, 12, 31)),
        ("2026-02", date(2026, 2, 28)),
        ("2026-12", date(2026, 12, 31)),
        ("2026-08-26", date(2026, 8, 26)),
        ("2026-08-26T12:00:00.000+02:00", date(2026, 8, 26)),
        ("9999", date(9999, 12, 31)),
    ],
)
def test_a_period_ends_with_its_last_day(written: str, expected: date) -> None:
    """A year or a month is a date too, to FHIR."""
    assert expected == Element({"end": written}, "period").last_day("end")


@pytest.mark.parametrize("written", ["26/08/2026", "2026-13", "2026-02-30", "0000", "soon"])
def test_a_date_that_is_none_is_refused(written: str) -> None:
    """Nobody's right to practise hangs on a guess."""
    with pytest.raises(UnreadableError):
        Element({"end": written}, "period").last_day("end")


def test_the_name_under_which_they_practise_may_be_on_the_activity() -> None:
    """Older versions of the server have it there."""
    name = {"url": fr.ROLE_NAME, "valueHumanName": {"family": "Bruyère", "given": ["Bastien"]}}
    web = Web()
    for sent in (
        practitioner("p", "10000000017", name=[]),
        role("r", "p", "o", mailbox(ADDRESS), extension=[name]),
    ):
        web.add([_read(sent)])
    made = joining.bearing(ADDRESS, web)
    assert made is not None
    assert made.name == "Bastien BRUYÈRE"
