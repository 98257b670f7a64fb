"""Whom a person means: an address, a national identifier, or a description."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.address import Address
from hub.domain.party import FINESS, INS_NIA, INS_NIR, RPPS, Identifier
from hub.domain.target import Description, Target, ins_key, luhn, read_target
from hub.errors import MalformedError

FEMALE = "2990299999001"
CORSICAN = "199022A999002"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("dr.martin@cabinet.example", Address("dr.martin", "cabinet.example")),
        ("rpps:10001234565", Identifier(RPPS, "810001234565")),
        (" RPPS: 10001234565", Identifier(RPPS, "810001234565")),
        ("finess:750712184", Identifier(FINESS, "1750712184")),
        ("martin", Description(name="martin")),
        (
            "Camille  Martin, cardiologie,Lyon",
            Description(name="Camille Martin", specialty="cardiologie", town="Lyon"),
        ),
        ("Martin,,Lyon", Description(name="Martin", town="Lyon")),
    ],
)
def test_addresses_identifiers_and_descriptions_are_told_apart(text: str, meant: Target) -> None:
    """An identifier is written without its type digit, as on a prescription."""
    assert read_target(text) == meant


@pytest.mark.parametrize(
    "text", ["rpps:1234", "finess:75071218", "ins:1", "adeli:123", "", ",cardio", "a,b,c,d", "x" * 201]
)
def test_anything_else_is_refused(text: str) -> None:
    """The words show how it is written."""
    with pytest.raises(MalformedError) as caught:
        read_target(text)
    assert caught.value.words.en
    assert caught.value.words.fr != caught.value.words.en


@given(st.integers(0, 10**10 - 1), st.integers(0, 10), st.integers(1, 9))
def test_a_slip_in_an_rpps_number_is_seen(number: int, place: int, by: int) -> None:
    """One digit that differs never makes another professional's number."""
    digits = f"{number:010d}"
    right = next(digits + last for last in "0123456789" if luhn(digits + last) == 0)
    assert read_target(f"rpps:{right}") == Identifier(RPPS, f"8{right}")
    slip = right[:place] + str((int(right[place]) + by) % 10) + right[place + 1 :]
    with pytest.raises(MalformedError, match="mistyped"):
        read_target(f"rpps:{slip}")


@pytest.mark.parametrize(
    ("number", "system"),
    [(FEMALE, INS_NIR), ("1990299999002", INS_NIR), ("7990299999002", INS_NIA), (CORSICAN, INS_NIR)],
)
def test_an_ins_matricule_is_read_with_its_key(number: str, system: str) -> None:
    """Corsica's letters included; spaces don't matter. A number in waiting is of its own series."""
    full = f"{number}{ins_key(number):02d}"
    assert read_target(f"ins:{full}") == Identifier(system, full)
    assert read_target(f"ins:{number[0]} {full[1:]}") == Identifier(system, full)
    wrong = f"{number}{(ins_key(number) % 97) + 1:02d}"
    with pytest.raises(MalformedError, match="mistyped"):
        read_target(f"ins:{wrong}")
