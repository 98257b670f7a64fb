"""The directories as one: the first that knows answers, and silence is never 'not listed'."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

import pytest

from hub.core import people
from hub.core.people import People
from hub.domain.address import Address
from hub.domain.party import RPPS, Identifier, Role
from hub.ports.directory import Directory, DirectoryUnavailableError, Entry, Standing
from hub.testing.fakes import TinyDirectory, entry
from tests.unit.core.world import MARTIN, MARTIN_RPPS, NOBODY, VILLE

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
    """Down, faulty or silent: who is listed elsewhere is found, nobody is said to be unknown."""
    monkeypatch.setattr(people, "PATIENCE", 0.01)
    first = broken()
    first.available = False
    directories: list[Directory] = [first, TinyDirectory(entry(MARTIN))]
    assert await People(directories).by_address(ADDRESS) is not None
    with pytest.raises(DirectoryUnavailableError) as caught:
        await People(directories).by_address(Address.parse(NOBODY))
    assert caught.value.code.startswith("directory.")
    assert NOBODY not in str(caught.value)


async def test_no_directory_knows_nobody() -> None:
    """A hub without a directory accepts nobody."""
    assert await People([]).by_address(ADDRESS) is None


@pytest.mark.parametrize("standing", list(Standing))
def test_only_the_active_may_exchange(standing: Standing) -> None:
    """Every other standing has a code of its own and words in both languages."""
    why = people.barred(entry(MARTIN, standing=standing), "recipient")
    if standing is Standing.ACTIVE:
        assert why is None
        return
    assert why is not None
    assert why.code == f"recipient.{standing.value}"
    assert MARTIN in why.reason.en
    assert MARTIN in why.reason.fr


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
