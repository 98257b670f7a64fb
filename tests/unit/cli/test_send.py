"""`hub send`: whom a person means on the command line is whom the API is told."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hub.cli import exit_codes
from hub.domain.address import Address
from hub.domain.outcome import Refused
from hub.domain.party import FINESS, INS_NIA, INS_NIR, RPPS, Identifier
from hub.domain.target import Description, Target
from hub.errors import Words
from tests.unit.adapters.http.serving import TOKEN, Served, serving
from tests.unit.cli.beside import beside
from tests.unit.cli.conftest import Hub, Said


@pytest.fixture
def served() -> Iterator[Served]:
    """Serve an API beside the program."""
    with beside(serving) as one:
        yield one


@pytest.fixture
def send(hub: Hub, served: Served, monkeypatch: pytest.MonkeyPatch) -> Hub:
    """Return a function that sends a letter to somebody."""

    def call(*who: str, language: str = "en") -> Said:
        monkeypatch.setenv("CADUCEE_TOKEN", TOKEN)
        letter = ("--from", "dr.martin@cabinet.example", "--subject", "Avis", "--text", "Cher confrère,")
        to = [part for one in who for part in ("--to", one)]
        return hub("send", "--url", served.url, *letter, *to, language=language)

    return call


@pytest.mark.parametrize(
    ("who", "target"),
    [
        ("dr.aubepine@valbrume.example", Address("dr.aubepine", "valbrume.example")),
        ("rpps:10001234565", Identifier(RPPS, "810001234565")),
        ("FINESS: 750712184", Identifier(FINESS, "1750712184")),
        ("ins:2 79 03 51 215 189 89", Identifier(INS_NIR, "279035121518989")),
        ("ins:779035121518933", Identifier(INS_NIA, "779035121518933")),
        ("Camille Lilas", Description(name="Camille Lilas")),
        ("Camille Lilas, cardiologie", Description(name="Camille Lilas", specialty="cardiologie")),
        ("Lilas,,Hautmont", Description(name="Lilas", town="Hautmont")),
    ],
)
def test_whom_one_means_arrives(send: Hub, served: Served, who: str, target: Target) -> None:
    """An address, a national identifier or a description, exactly as meant."""
    said = send(who)
    assert said.code == 0, said.err
    (submission,) = served.intake.submissions
    assert [one.target for one in submission.recipients] == [target]


@pytest.mark.parametrize(
    ("who", "words"),
    [
        ("rpps:10001234567", "hub: rpps:10001234567 : Ce RPPS est mal saisi"),
        ("ins:279035121518980", "Ce matricule INS est mal saisi"),
        ("a b@c.example", "nom@domaine"),
        ("adeli:123", "rpps:"),
    ],
)
def test_a_recipient_that_is_mistyped_is_named(send: Hub, served: Served, who: str, words: str) -> None:
    """Before anything is sent: among several recipients one sees which."""
    said = send("dr.aubepine@valbrume.example", who, language="fr")
    assert (said.code, said.out) == (exit_codes.REFUSED, "")
    assert words in said.err
    assert not served.intake.submissions


def test_who_is_refused_is_told_with_the_candidates(send: Hub, served: Served) -> None:
    """In the words of the hub; the others are on their way."""
    words = Words(en="May be several: a, b.", fr="Plusieurs : a, b.")
    served.intake.refused = {"Lilas": Refused(code="recipient.ambiguous", reason=words)}
    said = send("Lilas", "dr.aubepine@valbrume.example", language="fr")
    assert said.code == 0
    assert "refusé : Lilas : Plusieurs : a, b." in said.err
