"""Looking around in an establishment's own directory."""

from __future__ import annotations

from datetime import timedelta

from hub.domain.address import Address
from hub.domain.target import Description
from tests.plugins.annuaire_local.house import AUBEPINE, SECRET, SURGERY, House


async def test_it_is_searched_as_one_types(house: House) -> None:
    """Accents and order don't matter; services are found like people."""
    directory = await house.open()
    assert {str(one.address) for one in await directory.search("cardio aubep", 10)} == {
        AUBEPINE,
        "e.aubepine@valbrume.example",
    }
    assert [str(one.address) for one in await directory.search("chir haut", 10)] == [SURGERY]


async def test_who_is_unlisted_is_not_shown(house: House) -> None:
    """Neither in a search, nor by description, nor as a suggestion."""
    directory = await house.open()
    assert list(await directory.search("genet", 10)) == []
    assert list(await directory.by_description(Description(name="Genêt"), 10)) == []
    assert list(await directory.near(Address.parse("ligne.rouges@hautmont.example"))) == []
    assert await directory.by_address(Address.parse(SECRET)) is not None


async def test_a_patient_is_not_shown(house: House) -> None:
    """Their address is their INS, and whoever may search would read who is treated here."""
    number, other = "255081416802538", "255081416802638"
    (house.folder / "services.toml").write_text(
        f'[[mailbox]]\naddress = "{number}@patient.example"\nmailbox = "patient"\n'
        f'name = "Claire Bruyère"\nins = "{number}"\n'
    )
    directory = await house.open()
    assert list(await directory.search("bruyere", 10)) == []
    assert list(await directory.by_description(Description(name="Claire Bruyère"), 10)) == []
    assert list(await directory.near(Address.parse(f"{other}@patient.example"))) == []
    found = await directory.by_address(Address.parse(f"{number}@patient.example"))
    assert found is not None
    assert await directory.by_identifier(found.identifiers[0]) == (found,)


async def test_who_is_suspended_is_shown_again_when_it_ends(house: House) -> None:
    """A search shows whom one can write to today, even if only one is asked for."""
    house.edit("people.csv", "Dr Rouge GENÊT;;;;;10 Médecin;;Hautmont;;oui", "Dr Zoé SORBIER;;;;;10;;;;")
    directory = await house.open()
    assert [one.name for one in await directory.search("sorbier", 1)] == ["Dr Zoé SORBIER"]
    assert [one.name for one in await directory.by_description(Description(name="Sorbier"), 9)] == [
        "Dr Zoé SORBIER"
    ]
    house.wait(timedelta(days=10))
    assert [one.name for one in await directory.search("sorbier", 9)] == ["Dr Jean SORBIER", "Dr Zoé SORBIER"]


async def test_a_slip_of_the_pen_is_answered_with_the_address(house: House) -> None:
    """The sender corrects it themselves."""
    directory = await house.open()
    assert [str(one) for one in await directory.near(Address.parse("elodie.aubpine@hautmont.example"))] == [
        AUBEPINE
    ]
