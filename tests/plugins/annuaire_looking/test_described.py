"""A description finds who fits it in whole words, and nobody else."""

from __future__ import annotations

import pytest

from hub.domain.target import Description
from hub.ports.directory import MailboxKind
from hub_annuaire.looking.index import Index
from tests.plugins.annuaire_looking import made
from tests.plugins.annuaire_looking.made import locals_of, shown

EVERYBODY = (
    shown(
        "camille.dupont",
        "Dr Camille DUPONT",
        specialties=made.CARDIOLOGY,
        town="LYON CEDEX 03",
        postcode="69003",
    ),
    shown("anne.dupont", "Dr Anne DUPONT", specialties=made.GENERAL, town="69007 LYON"),
    shown("foret.dupont", "Dr Paul DUPONT", specialties=made.GENERAL, town="Lyons-la-Forêt"),
    shown("foy.dupont", "Dr Lise DUPONT", specialties=made.GENERAL, town="Sainte-Foy-lès-Lyon"),
    shown("havre.duval", "Dr Noé DUVAL", specialties="Chirurgie générale", town="LE HAVRE"),
    shown(
        "etienne.duval",
        "Dr Léa DUVAL",
        specialties="Gynécologie-obstétrique",
        town="ST ETIENNE",
        postcode="42000",
    ),
    shown("zoe.dupontel", "Dr Zoé DUPONTEL", specialties=made.CARDIOLOGY, town="LYON"),
    shown("jp.lhermitte", "M. Jean-Pierre L'HERMITTE", profession="Infirmier", town="Hautmont"),
    shown("works.at", "Mme Alix AUBRY", structure="Cabinet Dupont", town="Lyon", profession="Infirmier"),
    shown("roc@cabinet.example", "Cabinet du Dr Roc", mailbox=MailboxKind.ORGANISATIONAL, town="Lyon"),
    shown("lyon@cabinet.example", "Cabinet Dupont", mailbox=MailboxKind.ORGANISATIONAL, town="Lyon"),
)


@pytest.fixture(scope="module")
def index() -> Index:
    """Return a few people, many of them called Dupont."""
    return made.of(*EVERYBODY)


@pytest.mark.parametrize(
    ("name", "specialty", "town", "fits"),
    [
        ("Dupont", "", "Lyon", ["anne.dupont", "camille.dupont"]),
        ("Camille Dupont", "", "", ["camille.dupont"]),
        ("DUPONT, Camille", "", "", ["camille.dupont"]),
        ("Dr Dupont", "cardiologue", "lyon", ["camille.dupont"]),
        ("Dupont", "cardio", "", ["camille.dupont"]),
        ("Dupont", "Médecin généraliste", "Lyon", ["anne.dupont"]),
        ("Dupont", "", "Lyon 3", ["camille.dupont"]),
        ("Dupont", "", "Lyon cedex 03", ["camille.dupont"]),
        ("Dupont", "", "Lyon 7e", []),
        ("Dupont", "", "69007", ["anne.dupont"]),
        ("Dupont", "", "69007 Lyon", ["anne.dupont"]),
        ("Dupont", "", "Lyons-la-Forêt", ["foret.dupont"]),
        ("Dupont", "", "Lyons", ["foret.dupont"]),
        ("Dupont", "", "Ste Foy lès Lyon", ["foy.dupont"]),
        ("Duval", "", "Havre", ["havre.duval"]),
        ("Duval", "chirurgien", "", ["havre.duval"]),
        ("Duval", "gynécologue", "Saint-Étienne", ["etienne.duval"]),
        ("Duval", "gynécologue", "Le Havre", []),
        ("L'Hermitte", "infirmier", "", ["jp.lhermitte"]),
        ("Jean Pierre Lhermitte", "", "", ["jp.lhermitte"]),
        ("Dupon", "", "", []),
        ("Dupont Zoé", "", "", []),
        ("Dupont Camille Marie", "", "", []),
        ("Cabinet Dupont", "", "", ["lyon"]),
        ("Cabinet du Dr Roc", "", "", ["roc"]),
        ("Roc", "", "", []),
        ("Cabinet", "", "", []),
        ("Dr", "", "", []),
        ("'", "", "", []),
        ("Dupont", "'", "", []),
        ("Dupont", "", "'", []),
    ],
)
def test_who_fits(index: Index, name: str, specialty: str, town: str, fits: list[str]) -> None:
    """All words of the name, the specialty in people's words, the town from its beginning."""
    found = index.described(Description(name=name, specialty=specialty, town=town), 10)
    assert fits == locals_of(found)


def test_no_more_than_asked_for(index: Index) -> None:
    """Two are enough to know that a name is ambiguous."""
    assert 2 == len(index.described(Description(name="Dupont"), 2))
