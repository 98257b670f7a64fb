"""What a directory asked by LDAP answers, asked of OpenLDAP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as how
from hypothesis import strategies as some

from hub.domain.address import Address
from hub.domain.party import FINESS, RPPS, Identifier
from hub.domain.target import Description
from hub.errors import MalformedError
from hub.ports.directory import Coded, MailboxKind, Standing
from hub.ports.looking import Describes, Searches
from hub.testing.fakes import FixedClock
from hub_annuaire.ldap import codec
from hub_annuaire.ldap.directory import LdapDirectory, open_directory
from hub_annuaire.ldap.shape import Attributes
from tests.plugins.annuaire_ldap import people
from tests.plugins.annuaire_ldap.slapd import Authority, Server


@pytest.fixture
async def directory(by: Authority, server: Server, folder: Path) -> AsyncIterator[LdapDirectory]:
    """Return the directory, on slapd."""
    async with open_directory(people.settings(by, folder, server.ldaps), people.host(folder)) as one:
        yield one


async def _addresses(directory: LdapDirectory, text: str, limit: int = 50) -> set[str]:
    return {str(one.address) for one in await directory.search(text, limit)}


async def test_every_field_is_read(directory: LdapDirectory) -> None:
    """Name, identifiers, profession, place of work and both certificates are the server's."""
    entry = await directory.by_address(Address.parse(people.DUPONT))
    assert entry is not None
    assert entry.name == "Dr Jeanne DUPONT"
    assert entry.identifiers == (Identifier(RPPS, people.RPPS_DUPONT),)
    assert entry.mailbox is MailboxKind.PERSONAL
    assert entry.standing is Standing.ACTIVE
    assert entry.profession == Coded("", "Médecin")
    assert {one.label for one in entry.specialties} == {"Cardiologie", "Échographie"}
    assert (entry.structure, entry.town, entry.rank) == ("Cabinet du Parc", "Valbrume", 2)
    assert len(entry.certificates) == 2
    assert entry.source.startswith("regional 20"), "the time of its last change is its version"


async def test_a_bearers_mailboxes_come_in_their_own_order(directory: LdapDirectory) -> None:
    """An RPPS is found whether the server holds it with its type digit or without."""
    found = await directory.by_identifier(Identifier(RPPS, people.RPPS_DUPONT))
    assert [str(one.address) for one in found] == [people.DUPONT_AT_WORK, people.DUPONT]


async def test_a_structures_mailboxes_are_found(directory: LdapDirectory) -> None:
    """A FINESS finds the structure's organisational mailbox."""
    found = await directory.by_identifier(Identifier(FINESS, people.FINESS_HAUTMONT))
    assert people.SERVICE in {str(one.address) for one in found}
    assert {one.mailbox for one in found} == {MailboxKind.ORGANISATIONAL, MailboxKind.PERSONAL}


async def test_standings_have_their_days(directory: LdapDirectory) -> None:
    """Suspended until a day, struck off since one, leaving at the end of the month."""
    suspended = await directory.by_address(Address.parse(people.SUSPENDED))
    struck_off = await directory.by_address(Address.parse(people.STRUCK_OFF))
    assert suspended is not None
    assert struck_off is not None
    assert (suspended.standing, suspended.since, suspended.until) == (
        Standing.SUSPENDED,
        date(2026, 8, 1),
        date(2026, 12, 31),
    )
    assert (struck_off.standing, struck_off.since) == (Standing.STRUCK_OFF, date(2026, 6, 15))


async def test_who_leaves_has_ceased_the_day_after(by: Authority, server: Server, folder: Path) -> None:
    """No import is needed for a date to be reached."""
    clock = FixedClock(people.NOON + timedelta(days=6))
    async with open_directory(
        people.settings(by, folder, server.ldaps), people.host(folder, clock=clock)
    ) as directory:
        entry = await directory.by_address(Address.parse(people.LEAVING))
    assert entry is not None
    assert (entry.standing, entry.since) == (Standing.CEASED, date(2026, 9, 1))


async def test_several_entries_for_one_address_are_one(directory: LdapDirectory) -> None:
    """Who is suspended at one place of work is not written to; all identifiers are kept."""
    entry = await directory.by_address(Address.parse("x.double@medecin.mssante.example"))
    assert entry is not None
    assert entry.standing is Standing.SUSPENDED
    assert {one.system for one in entry.identifiers} == {RPPS, FINESS}


async def test_search_is_by_beginnings_of_words(directory: LdapDirectory) -> None:
    """Order and case don't matter, what stands inside a word does not count, all words must be there."""
    assert isinstance(directory, Searches)
    both = {people.DUPONT, people.DUPONT_AT_WORK}
    assert await _addresses(directory, "DUP jeanne") == both
    assert await _addresses(directory, "dupont hautmont") == {people.DUPONT_AT_WORK}
    assert await _addresses(directory, "dupont 69003") == {people.DUPONT}
    assert await _addresses(directory, "cardio hautmont") == {people.DUPONT_AT_WORK, people.SERVICE}
    assert await _addresses(directory, "upont") == set()
    assert await _addresses(directory, "Élodie Dupré") == {people.DUPRE}
    assert await _addresses(directory, "dùpont jeanné") == both
    assert len(await directory.search("dupont", 1)) == 1


async def test_search_shows_nobody_who_is_not_to_be_shown(directory: LdapDirectory) -> None:
    """Neither who is unlisted, nor who may not be written to today."""
    assert people.UNLISTED not in await _addresses(directory, "dupont")
    assert await _addresses(directory, "durand") == set()
    assert await _addresses(directory, "radié") == set()


@pytest.mark.parametrize("text", ["", "  ", "*", "()", "&|!", "-"])
async def test_search_for_nothing_finds_nothing(directory: LdapDirectory, text: str) -> None:
    """Signs without a letter are no words, and never everybody."""
    assert await directory.search(text, 50) == ()


async def test_somebody_is_found_by_description(directory: LdapDirectory) -> None:
    """Name, specialty and town, by whole words."""
    assert isinstance(directory, Describes)
    found = await directory.by_description(
        Description(name="jeanne dupont", specialty="cardiologie", town="valbrume"), 10
    )
    assert [str(one.address) for one in found] == [people.DUPONT]
    assert await directory.by_description(Description(name="jean dupont"), 10) == ()


@pytest.mark.parametrize(
    "hostile",
    [
        "*)(mail=*",
        "*",
        "x)(|(mail=*)",
        "jeanne.dupont@medecin.mssante.example)(objectClass=*",
        "\\2a",
        "*)(uid=*))(|(uid=*",
        "\x00",
    ],
)
async def test_nothing_that_is_asked_changes_the_question(directory: LdapDirectory, hostile: str) -> None:
    """What would be a filter elsewhere is a value here, and nobody's."""
    assert await directory.by_identifier(Identifier(RPPS, hostile)) == ()
    assert await directory.by_identifier(Identifier("urn:oid:2.999.1", hostile)) == ()
    assert await directory.by_address(Address("*", "medecin.mssante.example")) is None
    for one in await directory.search(hostile, 50):
        assert "dupont" in str(one.address), "only the words in it were looked for"


@given(text=some.text(max_size=40))
@example("*)(mail=*")
@how(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
async def test_no_text_finds_what_it_does_not_name(directory: LdapDirectory, text: str) -> None:
    """Whatever is given as an address or an identifier finds that one, or nobody."""
    found = await directory.by_identifier(Identifier(RPPS, text))
    assert all(Identifier(RPPS, text) in one.identifiers for one in found) or text.endswith("10001234565")
    try:
        address = Address.parse(f"{text}@medecin.mssante.example")
    except MalformedError:
        return
    entry = await directory.by_address(address)
    assert entry is None or entry.address.key == address.key


async def test_answers_are_kept_for_a_while(by: Authority, server: Server, folder: Path) -> None:
    """A second question within the time costs nothing; after it the server is asked again."""
    clock = FixedClock(people.NOON)
    settings = people.settings(by, folder, server.ldaps, cache=timedelta(seconds=30))
    async with open_directory(settings, people.host(folder, clock=clock)) as directory:
        address = Address.parse(people.DUPONT)
        first = await directory.by_address(address)
        assert await directory.by_address(address) is first
        clock.advance(timedelta(seconds=30))
        again = await directory.by_address(address)
    assert again == first
    assert again is not first


async def test_many_answers_come_in_pages(by: Authority, server: Server, folder: Path) -> None:
    """A page of two is fetched as often as it takes, on few connections, many searches at once."""
    settings = people.settings(by, folder, server.ldaps, page=2, connections=2, pipeline=4)
    async with open_directory(settings, people.host(folder)) as directory:
        searches = [directory.search("mssante", 50) for _ in range(20)]
        answers = await asyncio.gather(*searches)
    assert {len(one) for one in answers} == {6}


async def test_a_filter_of_the_administrators_bounds_all(by: Authority, server: Server, folder: Path) -> None:
    """Only entries that fit it are mailboxes."""
    only = codec.parse_filter("(&(objectClass=mssBal)(l=Hautmont))")
    settings = people.settings(by, folder, server.ldaps, filter=only)
    async with open_directory(settings, people.host(folder)) as directory:
        assert await directory.by_address(Address.parse(people.DUPONT)) is None
        assert await directory.by_address(Address.parse(people.DUPONT_AT_WORK)) is not None


async def test_without_an_attribute_for_it_who_is_listed_may_practise(
    by: Authority, server: Server, folder: Path
) -> None:
    """Many directories hold only those who may."""
    settings = people.settings(by, folder, server.ldaps, attributes=Attributes())
    async with open_directory(settings, people.host(folder)) as directory:
        entry = await directory.by_address(Address.parse(people.DUPONT))
    assert entry is not None
    assert entry.standing is Standing.ACTIVE


async def test_a_standing_that_means_nothing_is_unknown(by: Authority, server: Server, folder: Path) -> None:
    """It is never taken for active."""
    shape = replace(people.SHAPE, standing="title")
    settings = people.settings(by, folder, server.ldaps, attributes=shape)
    async with open_directory(settings, people.host(folder)) as directory:
        entry = await directory.by_address(Address.parse(people.DUPONT))
    assert entry is not None
    assert entry.standing is Standing.UNKNOWN
