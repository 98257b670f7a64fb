"""The guides' own examples, as the hub reads them."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.domain.party import FINESS, RPPS, Identifier
from hub.ports.directory import Coded, MailboxKind, Standing
from tests import counterparts
from tests.plugins.annuaire_fhir import fsh, resources
from tests.plugins.annuaire_fhir import place as places
from tests.plugins.annuaire_fhir.place import Place


def test_the_examples_are_those_of_the_guides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Made again from the guides' text, they are what stands in the assets."""
    guides = counterparts.shared("annuaire-fhir")
    held = (fsh.ASSETS / "examples.json").read_bytes()
    monkeypatch.setattr(fsh, "ASSETS", tmp_path)
    fsh.main(guides)
    assert held == (tmp_path / "examples.json").read_bytes()


async def test_a_pharmacist_with_a_personal_mailbox(place: Place) -> None:
    """Name, identifier with its type digit, profession, and where the activity is."""
    entry = await places.found(await place.asking(), "davidchatelier@pro.mssante.fr")
    assert entry.name == "M. David CHATELIER"
    assert entry.mailbox is MailboxKind.PERSONAL
    assert entry.identifiers == (Identifier(RPPS, "810102727017"),)
    assert entry.profession == Coded("21", "Pharmacien")
    assert entry.structure == "PHARMACIE NOLOT"
    assert entry.standing is Standing.ACTIVE
    assert not entry.unlisted


async def test_a_mailbox_whose_type_nobody_says(place: Place) -> None:
    """Open-access examples leave it out: on a practitioner it is personal, with its rank."""
    entry = await places.found(await place.asking(), "davidchatelier@xxx.mssante.fr")
    assert entry.mailbox is MailboxKind.PERSONAL
    assert entry.rank == 1


async def test_a_hospitals_mailbox(place: Place) -> None:
    """Its e-mail address of the open Internet is none of ours."""
    directory = await place.asking()
    entry = await places.found(directory, "exemple.address@address.mssante.fr")
    assert entry.mailbox is MailboxKind.ORGANISATIONAL
    assert entry.name == "CHRU NANCY - HOPITAUX DE BRABOIS (Description-mss)"
    assert entry.identifiers == (Identifier(FINESS, "1540002698"),)
    assert entry.town == "VANDOEUVRE LES NANCY CEDEX"
    by_number = await directory.by_identifier(Identifier(FINESS, "1540002698"))
    assert by_number == (entry,)


async def test_incomplete_examples_give_nobody_the_right_to_practise(place: Place) -> None:
    """An answer that was cut to a few elements does not say `active`: its bearer is not known to be."""
    cut = resources.examples()["mss-practitioner-bal-per-martin-elements"]
    place.server.remove("Practitioner", "mss-practitioner-bal-per-martin")
    place.server.put(cut)
    entry = await places.found(await place.asking(), "sophie.martin@medecin.mssante.fr")
    assert entry.standing is Standing.UNKNOWN
