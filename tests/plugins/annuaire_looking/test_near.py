"""A mistyped address is recognised: within a slip or two, and never another one for want of any."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from hub.domain.address import Address
from hub_annuaire.looking import distance
from hub_annuaire.looking.index import Index
from tests.plugins.annuaire_looking import made
from tests.plugins.annuaire_looking.made import MEDECIN, shown

LISTED = (
    "camille.martin", "camille.martinez", "jean-pierre.lhermitte", "elodie.aubepine", "zoe.val", "li",
    "dr.anne.roc@infirmier.mssante.example", "secretariat@ch-hautmont.mssante.example",
)  # fmt: skip
SIGNS = "abcdefghijklmnopqrstuvwxyz0123456789.-_"


@pytest.fixture(scope="module")
def index() -> Index:
    """Return a few addresses."""
    return made.of(*(shown(one, "Somebody") for one in LISTED))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (f"camile.martin@{MEDECIN}", f"camille.martin@{MEDECIN}"),
        (f"camillemartin@{MEDECIN}", f"camille.martin@{MEDECIN}"),
        (f"martin.camille@{MEDECIN}", f"camille.martin@{MEDECIN}"),
        (f"lhermitte.jean-pierre@{MEDECIN}", f"jean-pierre.lhermitte@{MEDECIN}"),
        (f"pierre-jean.lhermitte@{MEDECIN}", f"jean-pierre.lhermitte@{MEDECIN}"),
        (f"jaen-piere.lhermitte@{MEDECIN}", f"jean-pierre.lhermitte@{MEDECIN}"),
        (f"zoe.vale@{MEDECIN}", f"zoe.val@{MEDECIN}"),
        ("camille.martin@medecin.mssante.exampl", f"camille.martin@{MEDECIN}"),
        ("camille.martin@medcin.mssante.example", f"camille.martin@{MEDECIN}"),
        ("camille.martin@mssante.example", f"camille.martin@{MEDECIN}"),
        ("camille.martin@infirmier.mssante.example", f"camille.martin@{MEDECIN}"),
        ("camile.martin@medecin.mssante.exampl", f"camille.martin@{MEDECIN}"),
        ("secretariat@chhautmont.mssante.example", "secretariat@ch-hautmont.mssante.example"),
        ("dr.ane.roc@infirmier.mssante.example", "dr.anne.roc@infirmier.mssante.example"),
    ],
)
def test_what_was_meant_comes_first(index: Index, written: str, meant: str) -> None:
    """A sign too few or too many, words exchanged, the dot forgotten, another domain."""
    assert meant == index.near(Address.parse(written))[0]


@pytest.mark.parametrize(
    "written",
    [
        "camille.martin@elsewhere.example",
        f"somebody.else@{MEDECIN}",
        f"kamyl.martyn@{MEDECIN}",
        f"zoe.vaaals@{MEDECIN}",
        f"xx@{MEDECIN}",
    ],
)
def test_what_is_far_is_not_suggested(index: Index, written: str) -> None:
    """A wrong suggestion is worse than none."""
    assert index.near(Address.parse(written)) == []


def test_an_address_is_not_near_to_itself(index: Index) -> None:
    """Only others are suggested."""
    assert [f"camille.martin@{MEDECIN}"] != index.near(Address.parse(f"camille.martin@{MEDECIN}"))


def test_three_at_most_the_nearest_first() -> None:
    """Of many look-alikes."""
    index = made.of(*(shown(f"camille.martin{number}", "Somebody") for number in range(9)))
    assert [f"camille.martin{number}@{MEDECIN}" for number in range(3)] == index.near(
        Address.parse(f"camille.martin@{MEDECIN}")
    )


@settings(max_examples=500, deadline=None)
@given(some.data())
def test_every_slip_is_found(index: Index, data: some.DataObject) -> None:
    """One in any local part of three signs and more, two in a long one."""
    local = data.draw(some.sampled_from([one for one in LISTED if "@" not in one and len(one) > 3]))
    slipped = local
    for _ in range(data.draw(some.integers(1, 2 if len(local) > 9 else 1))):
        at = data.draw(some.integers(0, len(slipped) - 2))
        sign = data.draw(some.sampled_from(SIGNS))
        slipped = data.draw(
            some.sampled_from(
                [
                    slipped[:at] + slipped[at + 1 :],
                    slipped[:at] + sign + slipped[at:],
                    slipped[:at] + sign + slipped[at + 1 :],
                    slipped[:at] + slipped[at + 1] + slipped[at] + slipped[at + 2 :],
                ]
            )
        )
    slips = distance.within(local, slipped, 2)
    others = [distance.within(one, slipped, 2) for one in LISTED if one != local]
    nearer = any(one is not None and one < (slips or 0) for one in others)
    if slips and not nearer:
        assert f"{local}@{MEDECIN}" in index.near(Address(slipped, MEDECIN))


@settings(max_examples=300, deadline=None)
@given(some.text(SIGNS, max_size=7), some.text(SIGNS, max_size=7), some.integers(0, 3))
def test_distances_are_what_they_are_said_to_be(one: str, other: str, most: int) -> None:
    """The quick way agrees with the definition."""
    expected = _defined(one, other)
    assert (expected if expected <= most else None) == distance.within(one, other, most)


def _defined(one: str, other: str) -> int:
    table = [[row + column for column in range(len(other) + 1)] for row in range(len(one) + 1)]
    for row in range(1, len(one) + 1):
        for column in range(1, len(other) + 1):
            table[row][column] = min(
                table[row - 1][column] + 1,
                table[row][column - 1] + 1,
                table[row - 1][column - 1] + (one[row - 1] != other[column - 1]),
            )
            if row > 1 and column > 1 and one[row - 2 : row] == other[column - 2 : column][::-1]:
                table[row][column] = min(table[row][column], table[row - 2][column - 2] + 1)
    return table[-1][-1]
