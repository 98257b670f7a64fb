"""Whoever looks for somebody finds them while they type, the likeliest first."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from hub.ports.directory import MailboxKind
from hub_annuaire.looking.index import Index
from tests.plugins.annuaire_looking import made
from tests.plugins.annuaire_looking.made import locals_of, shown

DUPONT = shown(
    "camille.dupont", "Dr Camille DUPONT", specialties=made.CARDIOLOGY, town="LYON", postcode="69003"
)
DUPONTEL = shown("zoe.dupontel", "Dr Zoé DUPONTEL", specialties=made.GENERAL, town="LYON", postcode="69001")
WORKS_AT = shown(
    "alix.aubry", "Mme Alix AUBRY", profession="Infirmier", structure="Cabinet Dupont", town="Paris"
)
PRACTICE = shown(
    "dupont@cabinet.mssante.example", "Cabinet Dupont", mailbox=MailboxKind.ORGANISATIONAL, town="Lyon"
)


@pytest.fixture(scope="module")
def index() -> Index:
    """Return a few mailboxes."""
    return made.of(PRACTICE, WORKS_AT, DUPONTEL, DUPONT)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("dupont cardio lyon", ["camille.dupont"]),
        ("LYON Cardio Dupont", ["camille.dupont"]),
        ("camille-dupont", ["camille.dupont"]),
        ("dupont 69003", ["camille.dupont"]),
        ("dupontel", ["zoe.dupontel"]),
        ("zoé", ["zoe.dupontel"]),
        ("camille.dupont@medecin.mssante.example", ["camille.dupont"]),
        ("dupont zzz", []),
        ("ontel", []),
    ],
)
def test_each_word_begins_one_that_is_known(index: Index, typed: str, found: list[str]) -> None:
    """Words in any order, from name, profession, town, postcode, structure and address."""
    assert found == locals_of(index.search(typed, 10))


def test_a_whole_word_comes_before_a_beginning_and_a_name_before_a_structure(index: Index) -> None:
    """Dupont, who works at Dupont's, what is called Dupont, and only then Dupontel."""
    assert ["camille.dupont", "dupont", "alix.aubry", "zoe.dupontel"] == locals_of(index.search("dupont", 10))


def test_people_come_before_others_and_then_names_in_order() -> None:
    """As in a printed directory."""
    index = made.of(
        shown("martin@a.example", "MARTIN", mailbox=MailboxKind.ORGANISATIONAL),
        shown("b", "Dr Zoé MARTIN"),
        shown("a", "Dr Alix MARTIN"),
        shown("c", "Pr Bea MARTINEAU"),
    )
    assert ["a", "b", "martin", "c"] == locals_of(index.search("martin", 10))


@pytest.mark.parametrize(
    ("typed", "specialty"),
    [
        ("cardio", made.CARDIOLOGY),
        ("cardiologue", made.CARDIOLOGY),
        ("cardiologu", made.CARDIOLOGY),
        ("cardiologues", made.CARDIOLOGY),
        ("généraliste", made.GENERAL),
        ("generalist", made.GENERAL),
        ("pédiatre", "Pédiatrie"),
        ("chirurgien", "Chirurgie générale"),
        ("chirurgienne", "Chirurgie générale"),
        ("anesthésiste", "Anesthésie-réanimation"),
        ("ORL", "Oto-rhino-laryngologie"),
        ("urgentiste", "Médecine d'urgence"),
        ("kiné", "Masseur-Kinésithérapeute"),
        ("infirmière", "Infirmier"),
        ("sage femme", "Sage-Femme"),
        ("gynécologue", "Gynécologie-obstétrique"),
        ("biologiste", "Biologie médicale"),
        ("psychiatre", "Psychiatrie"),
        ("radiologue", "Radio-diagnostic"),
    ],
)
def test_people_s_words_for_specialties_are_understood(typed: str, specialty: str) -> None:
    """Nobody types the words of the nomenclature."""
    index = made.of(
        shown("a", "Dr Zoé VAL", specialties=specialty), shown("b", "Dr Zoé VAL", specialties="Urologie")
    )
    assert ["a"] == locals_of(index.search(typed, 10))


def test_endings_widen_nothing_but_specialties() -> None:
    """Who looks for Baptiste does not get Baptine."""
    index = made.of(shown("a", "M. Jean BAPTISTE"), shown("b", "M. Jean BAPTINE"))
    assert ["a"] == locals_of(index.search("baptiste", 10))


def test_a_generalist_is_not_a_general_surgeon() -> None:
    """The two words that are meant go together."""
    index = made.of(
        shown("a", "Dr Zoé VAL", specialties=made.GENERAL, profession="Médecin"),
        shown("b", "Dr Zoé VAL", specialties="Chirurgie générale", profession="Médecin"),
    )
    assert ["a"] == locals_of(index.search("généraliste", 10))


@pytest.mark.parametrize("typed", ["st etienne", "saint-étienne", "Saint Etienne", "ST-ETIENNE"])
def test_saint_is_found_however_it_is_written(typed: str) -> None:
    """And Stéphane still is, by the same two letters."""
    index = made.of(
        shown("a", "Dr Zoé VAL", town="ST ETIENNE"),
        shown("b", "Dr Zoé VAL", town="Saint-Étienne"),
        shown("c", "Dr Stéphane ROC", town="Hautmont"),
    )
    assert ["a", "b"] == locals_of(index.search(typed, 10))
    assert ["c"] == locals_of(index.search("st roc", 10))


@pytest.mark.parametrize(
    "typed", ["l'hermitte", "lhermitte", "hermitte", "L HERMITTE", "l’hermitte", "jeanpierre"]
)
def test_apostrophes_and_hyphens_do_not_matter(typed: str) -> None:
    """Left out, or put in."""
    index = made.of(shown("jp", "M. Jean-Pierre L'HERMITTE"))
    assert ["jp"] == locals_of(index.search(typed, 10))


def test_other_scripts_are_words_too() -> None:
    """A name in Greek is found by its letters."""
    index = made.of(shown("a", "Νίκος ΠΑΠΠΑΣ"), shown("b", "Straße GROSS"))
    assert ["a"] == locals_of(index.search("παππας νικ", 10))
    assert ["b"] == locals_of(index.search("strasse", 10))


def test_many_answers_are_the_first_of_all() -> None:
    """A single letter that fits thousands is answered with the first by name."""
    index = made.of(*(shown(f"m{number:04d}", f"M. Zoé M{number:04d}") for number in range(3000)))
    assert [f"m{number:04d}" for number in range(20)] == locals_of(index.search("m", 20))
    assert ["m2000"] == locals_of(index.search("z m2000", 20))


@settings(max_examples=300, deadline=None)
@given(some.text(max_size=60), some.integers(-1, 5))
def test_whatever_is_typed_is_answered(index: Index, text: str, limit: int) -> None:
    """No sign means anything to the search itself, not even half a surrogate pair."""
    assert len(index.search(text, limit)) <= max(limit, 0)


@settings(max_examples=300, deadline=None)
@given(
    some.lists(
        some.sampled_from(
            [
                "dupont",
                "lyon",
                '"',
                "*",
                "^",
                "NEAR(",
                ")",
                "AND",
                "OR",
                "NOT",
                "words:",
                "§",
                "\0",
                "\ud800",
                "-",
            ]
        ),
        max_size=8,
    )
)
def test_no_query_language_shows_through(index: Index, parts: list[str]) -> None:
    """Signs between words change nothing but where a word ends."""
    words = re.findall("[a-z]+", " ".join(parts).lower())
    known = {"dupont", "lyon"}
    found = index.search(" ".join(parts), 10)
    if words and set(words) <= known:
        assert found == index.search(" ".join(words), 10)
    if {"and", "or", "not"} & set(words):
        assert found == []
