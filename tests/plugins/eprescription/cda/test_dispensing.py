"""A pharmacy's dispensing document says of which prescription something was handed over, and when."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hub.domain.prescription import PrescriptionState
from hub.errors import InputError
from hub.ports.prescription import ReadsDispensing
from tests.plugins.eprescription.cda import papers
from tests.plugins.eprescription.cda.world import World

SERVICE = World().service


def order(root: str, extension: str = "") -> str:
    """Return a reference to a prescription."""
    more = f' extension="{extension}"' if extension else ""
    return f'<inFulfillmentOf><order><id root="{root}"{more}/></order></inFulfillmentOf>'


def test_read() -> None:
    """The event names the prescription's document, the moment, and carries the document as it came."""
    content = papers.dispensing(7)
    assert isinstance(SERVICE, ReadsDispensing)
    (event,) = SERVICE.dispensings("text/xml", content)
    assert event.number == "2.999.39.1.1"
    assert event.id == "eDISP-MED:2.999.54.7:2.999.39.1.1"
    assert event.state is PrescriptionState.PARTLY_DISPENSED
    assert event.at == datetime(2026, 3, 2, 16, tzinfo=UTC)
    assert (event.document, event.media_type) == (content, "text/xml")
    assert "2 March 2026 (2 lines)" in event.text.en
    assert "2 mars 2026 (2 lignes)" in event.text.fr
    assert event == SERVICE.dispensings("application/hl7-cda+xml", content)[0]


def test_several_prescriptions() -> None:
    """One document for two prescriptions tells both prescribers."""
    content = papers.dispensing(orders=order("2.999.39.1.1") + order("2.999.39", "2"))
    assert [one.number for one in SERVICE.dispensings("text/xml", content)] == ["2.999.39.1.1", "2.999.39^2"]


def test_named_twice() -> None:
    """A prescription that is named by its document and by its number is told of once."""
    content = papers.dispensing(orders=order("2.999.39.1.1") + order(papers.EPU, papers.epu(1)))
    assert [one.number for one in SERVICE.dispensings("text/xml", content)] == ["2.999.39.1.1"]


def test_named_by_number_alone() -> None:
    """The number (EPU) alone finds it too."""
    content = papers.dispensing(orders=order(papers.EPU, papers.epu(1)))
    assert [one.number for one in SERVICE.dispensings("text/xml", content)] == [papers.epu(1)]


def test_named_by_its_lines() -> None:
    """A document whose header names none is read by what its lines refer to."""
    line = '<reference><externalDocument><id root="2.999.39.5.1"/></externalDocument></reference>'
    content = papers.dispensing(orders="", references=line)
    assert [one.number for one in SERVICE.dispensings("text/xml", content)] == ["2.999.39.5.1"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (papers.dispensing(orders=""), "prescription.dispensing_unlinked"),
        (papers.dispensing(low="yesterday"), "prescription.malformed"),
        (papers.dispensing().replace(b'<id root="2.999.54.1"/>', b""), "prescription.dispensing_malformed"),
        (papers.dispensing()[:-20], "prescription.malformed"),
        (papers.dispensing().replace(b"60593-1", b"60593-2"), "prescription.malformed"),
    ],
)
def test_refused(content: bytes, code: str) -> None:
    """An eDISP-MED that can't be read is refused in words."""
    with pytest.raises(InputError) as caught:
        SERVICE.dispensings("text/xml", content)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("media_type", "content"),
    [
        ("text/xml", papers.prescription()),
        ("text/xml", b"<a/>"),
        ("text/xml", b"<ClinicalDocument xmlns='urn:hl7-org:v3'/>"),
        ("application/xml", b"no xml"),
        ("application/pdf", papers.dispensing()),
    ],
)
def test_other_documents(media_type: str, content: bytes) -> None:
    """Another document says nothing."""
    assert list(SERVICE.dispensings(media_type, content)) == []
