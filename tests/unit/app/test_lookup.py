"""Whom a person means on the command line."""

from __future__ import annotations

import pytest

from hub.app.lookup import read_target
from hub.domain.address import Address
from hub.domain.party import FINESS, RPPS, Identifier
from hub.errors import MalformedError


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("dr.martin@cabinet.example", Address("dr.martin", "cabinet.example")),
        ("rpps:10001234567", Identifier(RPPS, "810001234567")),
        ("RPPS:10001234567", Identifier(RPPS, "810001234567")),
        ("finess:750712184", Identifier(FINESS, "1750712184")),
    ],
)
def test_addresses_and_identifiers_are_told_apart(text: str, meant: Address | Identifier) -> None:
    """An identifier is written without its type digit, as on a prescription."""
    assert read_target(text) == meant


@pytest.mark.parametrize("text", ["rpps:1234", "finess:75071218", "adeli:123", "martin", ""])
def test_anything_else_is_refused(text: str) -> None:
    """The words show how it is written."""
    with pytest.raises(MalformedError):
        read_target(text)
