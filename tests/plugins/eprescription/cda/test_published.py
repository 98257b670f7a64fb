"""The published examples of French CDA documents (ANS) are recognised, read, and kept to the last byte."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.domain.outcome import Delivered
from hub.domain.party import RPPS, Identifier
from hub.domain.prescription import Handing
from hub.errors import InputError
from hub_eprescription.codes import reading
from tests.counterparts import SHARED, shared
from tests.plugins.eprescription.cda.world import LILAS, TYPE, World

FOLDER = SHARED / "cda-fr" / "ExemplesCDA"
NAMES = sorted(path.name for path in FOLDER.glob("*.xml"))
PRESCRIPTIONS = [name for name in NAMES if name.startswith("eP-MED-DM")]
OTHERS = [name for name in NAMES if not name.startswith("eP-MED-DM")]
WRITTEN = datetime(2021, 12, 2, 12, tzinfo=UTC)
"""A moment at which all of them are valid."""


@pytest.fixture
def folder() -> Path:
    """Return the examples, or skip."""
    return shared("cda-fr") / "ExemplesCDA"


def test_they_are_here(folder: Path) -> None:
    """Three versions, with structured dosage and without, and the dispensing document."""
    assert len(list(folder.glob("eP-MED-DM_*.xml"))) == 6
    assert (folder / "eDISP-MED_2024.01.xml").exists()


@pytest.mark.parametrize("name", PRESCRIPTIONS)
async def test_prescription(folder: Path, name: str) -> None:
    """It is issued by its author, and handed over byte for byte, with number and code as they are."""
    content = (folder / name).read_bytes()
    world = World()
    world.clock.jump(WRITTEN - world.clock.now())
    author = Identifier(RPPS, "801234567897")
    order, journal = world.order(content)
    view = world.service.read(TYPE, content)
    assert view.prescriber_identifiers == (author,)
    assert len(view.medicines) == 3
    assert all(one.name and one.dosage for one in view.medicines)
    assert "comprimé" in view.medicines[0].name
    assert view.medicines[0].code == "63107752"
    assert view.medicines[0].substitution is False
    assert view.medicines[1].code is None
    author_party = type(LILAS)(
        kind=LILAS.kind, name="Dr Romain Piou", address=LILAS.address, identifiers=(author,)
    )
    order = type(order)(id=order.id, prescriber=author_party, media_type=TYPE, content=content)
    assert isinstance(await world.service.issue(order, journal), Delivered)
    assert journal.record.number == view.number == "01S2TBPZ2JCNZZYGHZ"
    assert await journal.signed() == content
    code = world.service.code(journal.record, content)
    assert code is not None
    assert code.image is not None
    assert code.image_type == "image/png"
    assert reading.read(code.image).content == b"Hello :)"
    mail = await world.service.hand_over(journal.record, content, order, Handing.DOCUMENT, "fr")
    assert mail.enclosures[1].content == content


@pytest.mark.parametrize("name", PRESCRIPTIONS)
def test_past(folder: Path, name: str) -> None:
    """Today their validity is past, and that is said."""
    world = World()
    order, _ = world.order((folder / name).read_bytes())
    with pytest.raises(InputError) as caught:
        world.service.check(order)
    assert caught.value.code == "prescription.expired"


@pytest.mark.parametrize("name", OTHERS)
def test_other_documents(folder: Path, name: str) -> None:
    """Reports, letters and the dispensing document are no prescriptions."""
    with pytest.raises(InputError) as caught:
        World().service.read(TYPE, (folder / name).read_bytes())
    assert caught.value.code == "prescription.document_type"


@pytest.mark.parametrize("name", NAMES)
def test_dispensing(folder: Path, name: str) -> None:
    """Only the dispensing document is one, and it names its prescription."""
    content = (folder / name).read_bytes()
    found = World().service.dispensings("text/xml", content)
    if name.startswith("eDISP"):
        (event,) = found
        assert event.number == "1.2.250.1.213.1.1.1.39.1.1"
        assert event.at == datetime(2024, 12, 25, 8, tzinfo=UTC)
        assert event.document == content
    else:
        assert list(found) == []
