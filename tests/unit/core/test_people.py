"""The directories as one: the first that knows answers, and silence is never 'not listed'."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from typing import Any

import pytest

from hub.core import people
from hub.core.people import People
from hub.domain.address import Address
from hub.domain.party import RPPS, Identifier, Role
from hub.domain.target import Description
from hub.ports.directory import Directory, DirectoryUnavailableError, Entry, MailboxKind, Standing
from hub.ports.filling import Held
from hub.testing.fakes import NOON, TinyDirectory, entry
from tests.unit.core.world import MARTIN, MARTIN_RPPS, NOBODY, PETIT, VILLE

ADDRESS = Address.parse(MARTIN)


class BrokenDirectory(TinyDirectory):
    """One with a fault of its own."""

    async def by_address(self, address: Address) -> Entry | None:
        """Fail."""
        raise KeyError(address)


class AbruptDirectory(TinyDirectory):
    """One that fails before it can be awaited."""

    def by_address(self, address: Address) -> Awaitable[Entry | None]:  # type: ignore[override]
        """Fail at once."""
        raise KeyError(address)


class NonsenseDirectory(TinyDirectory):
    """One that answers with anything."""

    async def by_address(self, address: Address) -> Entry | None:
        """Answer with a text."""
        return "yes"  # type: ignore[return-value]


class SilentDirectory(TinyDirectory):
    """One that never answers."""

    async def by_address(self, address: Address) -> Entry | None:
        """Hang."""
        await asyncio.Event().wait()
        return None


@pytest.mark.parametrize(
    "change",
    [
        {"address": Address.parse(PETIT)},
        {"address": MARTIN},
        {"standing": "active"},
        {"mailbox": "doctor"},
        {"name": None},
        {"source": None},
        {"identifiers": None},
        {"identifiers": ("899900000011",)},
    ],
)
async def test_an_entry_that_can_t_be_believed_is_a_failure(change: dict[str, Any]) -> None:
    """Somebody else's mailbox would get the letter, and an unknown standing end the worker."""

    class Odd(TinyDirectory):
        async def by_address(self, address: Address) -> Entry | None:
            return replace(entry(MARTIN), **change)

    with pytest.raises(DirectoryUnavailableError) as raised:
        await People([Odd()]).by_address(ADDRESS)
    assert raised.value.code == "directory.failed"


async def test_the_first_that_knows_answers() -> None:
    """An establishment's own list may say more than the national one, and is asked first."""
    own = TinyDirectory(entry(MARTIN, standing=Standing.SUSPENDED))
    national = TinyDirectory(entry(MARTIN, identifiers=[MARTIN_RPPS]))
    both = People([own, national])
    found = await both.by_address(ADDRESS)
    assert found is not None
    assert found.standing is Standing.SUSPENDED
    assert [one.address for one in await both.by_identifier(MARTIN_RPPS)] == [ADDRESS]
    assert await both.by_address(Address.parse(NOBODY)) is None
    assert await both.by_identifier(Identifier(RPPS, "0")) == ()


@pytest.mark.parametrize(
    "broken", [BrokenDirectory, AbruptDirectory, NonsenseDirectory, SilentDirectory, TinyDirectory]
)
async def test_one_that_can_t_answer_makes_wait(
    broken: type[TinyDirectory], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Down, faulty or silent: it might bar whom another lists, and nobody is said to be unknown."""
    monkeypatch.setattr(people, "PATIENCE", 0.01)
    first = broken()
    first.available = False
    directories: list[Directory] = [first, TinyDirectory(entry(MARTIN))]
    for text in (MARTIN, NOBODY):
        with pytest.raises(DirectoryUnavailableError) as caught:
            await People(directories).by_address(Address.parse(text))
        assert caught.value.code.startswith("directory.")
        assert text not in str(caught.value)
    assert await People(directories[::-1]).by_address(ADDRESS) is not None


async def test_no_directory_knows_nobody() -> None:
    """A hub without a directory accepts nobody."""
    assert await People([]).by_address(ADDRESS) is None


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Dr E\u0301lodie", "Dr Élodie"),
        ("  Dr \t Petit\r\nBcc: x ", "Dr Petit Bcc: x"),
        ("", MARTIN),
        (" \u2028 ", MARTIN),
        ("Cabinet\xa0médical", "Cabinet médical"),
    ],
)
def test_a_name_becomes_one_that_an_envelope_takes(name: str, written: str) -> None:
    """Whatever a directory's file holds: normal form, one line, never empty."""
    assert people.party(entry(MARTIN, name=name), VILLE, Role.CC).name == written


class Listing(TinyDirectory):
    """One that can be looked around in (`Searches`, `Describes`, `Suggests`, `Dated`)."""

    version = "listing 1"

    async def search(self, text: str, limit: int) -> list[Entry]:
        """Find everybody."""
        del text
        self._answer()
        return list(self._entries.values())[:limit]

    async def by_description(self, sought: Description, limit: int) -> list[Entry]:
        """Find those of that name."""
        self._answer()
        return [one for one in self._entries.values() if sought.name in one.name][:limit]

    async def near(self, address: Address) -> list[Address]:
        """Suggest everybody."""
        del address
        self._answer()
        return [one.address for one in self._entries.values()]

    def held(self) -> Held:
        """Say what is held."""
        self._answer()
        return Held(version=self.version, at=NOON)


async def test_a_search_goes_over_all_directories() -> None:
    """Each address once, as the first directory knows it; neither who is unlisted nor a patient."""
    hidden = entry("dr.rouge@ville.example", unlisted=True)
    patient = entry("255081416802538@patient.example", mailbox=MailboxKind.PATIENT)
    own = Listing(entry(MARTIN, name="Dr Martin, ici"), hidden, patient)
    national = Listing(entry(MARTIN), entry(PETIT))
    found = await People([own, TinyDirectory(), national]).search("d", 10)
    assert [str(one.address) for one in found] == [MARTIN, PETIT]
    assert found[0].name == "Dr Martin, ici"


async def test_a_search_bears_that_one_directory_is_down() -> None:
    """What the others know is shown; with all of them down, the search says so."""
    down, up = Listing(), Listing(entry(PETIT))
    down.available = False
    assert len(await People([down, up]).search("d", 10)) == 1
    with pytest.raises(DirectoryUnavailableError):
        await People([down]).search("d", 10)


async def test_a_description_needs_every_directory() -> None:
    """One that is down might know a second person of that name."""
    down, up = Listing(), Listing(entry(PETIT, name="Dr Petit"))
    both = People([down, up])
    assert len(await both.by_description(Description(name="Petit"), 10)) == 1
    down.available = False
    with pytest.raises(DirectoryUnavailableError):
        await both.by_description(Description(name="Petit"), 10)


async def test_suggestions_are_few_and_never_needed() -> None:
    """Three at most, each once; a directory that is down only has none."""
    down, up = Listing(), Listing(*(entry(f"dr.{one}@ville.example") for one in "abcde"))
    down.available = False
    both = People([down, up, up])
    assert [one.local for one in await both.near(ADDRESS)] == ["dr.a", "dr.b", "dr.c"]


def test_the_versions_of_all_are_named() -> None:
    """The evidence of a 'not listed' is what was asked."""
    other = Listing()
    other.version = "other 2"
    assert People([Listing(), TinyDirectory(), other]).held().version == "listing 1; other 2"
