"""The directory that asks: what it sends, what it keeps, and for how long."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from aiohttp import web

from hub.domain import target
from hub.domain.address import Address
from hub.domain.party import RPPS, Identifier
from hub.ports.directory import DirectoryUnavailableError, Standing
from tests.plugins.annuaire_fhir import faulty, resources
from tests.plugins.annuaire_fhir import place as places
from tests.plugins.annuaire_fhir.place import Place

LISTED = "dr3@valbrume.mssante.example"
ABSENT = Address.parse("nobody@valbrume.mssante.example")


async def test_an_answer_is_kept(place: Place) -> None:
    """Whoever writes to the same doctor again does not cost the server a question."""
    directory = await place.asking()
    before = await places.found(directory, LISTED)
    asked = len(place.server.asked)
    place.pass_time(minutes=4)
    assert before == await places.found(directory, LISTED)
    assert asked == len(place.server.asked)


async def test_a_kept_answer_ends(place: Place) -> None:
    """Who is struck off is known to be within `keep`."""
    directory = await place.asking()
    assert (await places.found(directory, LISTED)).standing is Standing.ACTIVE
    place.server.update("Practitioner", "p3", place.clock.now(), active=False)
    place.pass_time(minutes=6)
    entry = await places.found(directory, LISTED)
    assert entry.standing is Standing.CEASED
    assert entry.source == "fhir 2026-08-26T12:06:00Z"


async def test_what_is_unchanged_is_not_sent_again(place: Place) -> None:
    """The server says that its answers still hold, and they do for as long again."""
    directory = await place.asking()
    before = await places.found(directory, LISTED)
    asked = len(place.server.asked)
    place.pass_time(minutes=6)
    after = await places.found(directory, LISTED)
    assert len(place.server.etags) == len(place.server.asked) - asked == asked
    assert after.identifiers == before.identifiers
    assert after.source != before.source


async def test_a_no_is_kept_for_less_long(place: Place) -> None:
    """A mailbox that has just been opened is found soon."""
    directory = await place.asking()
    assert await directory.by_address(ABSENT) is None
    place.server.put(resources.practitioner("new", "10000000017", resources.mailbox(str(ABSENT))))
    place.pass_time(seconds=20)
    assert await directory.by_address(ABSENT) is None
    place.pass_time(seconds=20)
    assert await directory.by_address(ABSENT) is not None


@pytest.mark.parametrize("number", ["255081416802538", "2550814168025", "199052a01300195", "255081416802539"])
async def test_a_patient_s_number_is_in_no_url(number: str, place: Place) -> None:
    """Their address is made of it, and every directory of a chain is asked for every address."""
    directory = await place.asking()
    asked = len(place.server.asked)
    assert await directory.by_address(Address.parse(f"{number}@patient.mssante.example")) is None
    assert await directory.by_identifier(target.ins("255081416802538")) == ()
    assert place.server.asked[asked:] == []


async def test_only_so_many_answers_are_kept(place: Place) -> None:
    """Memory is bounded: the one that was not wanted for longest goes."""
    directory = await place.asking(remember=2)
    for number in (1, 2, 3, 1):
        await places.found(directory, f"dr{number}@valbrume.mssante.example")
    first = [one for one in place.server.asked if "dr1" in one]
    assert len(first) == 6


async def test_equal_questions_are_asked_once(place: Place) -> None:
    """A letter to fifty recipients, or fifty letters to one."""
    directory = await place.asking()
    answers = await asyncio.gather(*(places.found(directory, LISTED) for _ in range(50)))
    assert len(set(map(id, answers))) >= 1
    assert len([one for one in place.server.asked if "mailbox-mss" in one]) == 3


async def test_who_goes_away_takes_nothing_from_the_others(place: Place) -> None:
    """A sender who hangs up does not cancel the question that another waits for."""
    held = asyncio.Event()
    came = asyncio.Event()

    async def hold(_request: web.Request) -> None:
        came.set()
        await held.wait()

    place.server.constant = hold
    directory = await place.asking()
    first = asyncio.create_task(directory.by_address(Address.parse(LISTED)))
    second = asyncio.create_task(directory.by_address(Address.parse(LISTED)))
    await came.wait()
    first.cancel()
    held.set()
    assert await second is not None
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_a_failure_is_told_to_each_and_not_kept(place: Place) -> None:
    """The next question goes to the server again."""
    directory = await place.asking()
    place.server.constant = faulty.status(500)
    told = await asyncio.gather(
        *(directory.by_address(Address.parse(LISTED)) for _ in range(3)), return_exceptions=True
    )
    assert all(isinstance(one, DirectoryUnavailableError) for one in told)
    assert len({id(one) for one in told}) == 3
    place.server.constant = None
    assert await directory.by_address(Address.parse(LISTED)) is not None


async def test_without_grace_an_old_answer_is_none(place: Place) -> None:
    """By default nobody is believed to practise on yesterday's word."""
    directory = await place.asking()
    await places.found(directory, LISTED)
    place.pass_time(minutes=6)
    place.server.constant = faulty.status(500)
    with pytest.raises(DirectoryUnavailableError):
        await directory.by_address(Address.parse(LISTED))


async def test_with_grace_an_old_answer_says_that_it_is(place: Place) -> None:
    """So does the evidence; and it ends."""
    directory = await place.asking(grace=timedelta(hours=1))
    await places.found(directory, LISTED)
    assert await directory.by_address(ABSENT) is None
    place.server.constant = faulty.status(500)
    place.pass_time(minutes=30)
    entry = await places.found(directory, LISTED)
    assert entry.source == "fhir 2026-08-26T12:00:00Z (stale)"
    with pytest.raises(DirectoryUnavailableError):
        await directory.by_address(ABSENT)
    place.pass_time(minutes=40)
    with pytest.raises(DirectoryUnavailableError):
        await directory.by_address(Address.parse(LISTED))


async def test_a_mailbox_is_found_however_it_is_spelt(place: Place) -> None:
    """`exact` minds capitals on the server; its no is checked before it is believed."""
    spelt = resources.mailbox("Élodie.AUBEPINE@Valbrume.mssante.example")
    place.server.put(resources.practitioner("new", "10000000017", spelt))
    directory = await place.asking()
    entry = await places.found(directory, "élodie.aubepine@valbrume.mssante.example")
    assert str(entry.address) == "Élodie.AUBEPINE@valbrume.mssante.example"


async def test_signs_that_mean_something_to_a_search_mean_nothing(place: Place) -> None:
    """An address with a bar or a dollar finds itself, and nobody else."""
    odd = "a|b$c&d=e#f@valbrume.mssante.example"
    place.server.put(resources.practitioner("new", "10000000017", resources.mailbox(odd)))
    directory = await place.asking()
    assert str((await places.found(directory, odd)).address) == odd
    assert await directory.by_address(Address("a|b$c", "valbrume.mssante.example")) is None


async def test_a_bearer_is_asked_for_by_the_national_number(place: Place) -> None:
    """Their own mailbox comes first, by its rank, then that of the hospital."""
    found = await (await place.asking()).by_identifier(Identifier(RPPS, "810000000003"))
    assert [str(one.address) for one in found] == [LISTED, "dr3@ch-0.mssante.example"]
    assert "identifier=urn:oid:1.2.250.1.71.4.2.1%7C810000000003" in place.server.asked[0].replace("%3A", ":")


async def test_answers_of_many_pages_are_read_to_the_end(place: Place) -> None:
    """A practice of thirty doctors, five to a page."""
    shared = resources.mailbox("cabinet@valbrume.mssante.example", "CAB")
    for number in range(30):
        place.server.put(resources.practitioner(f"c{number}", f"{10000001000 + number}", shared))
    place.server.page = 5
    entry = await places.found(await place.asking(), "cabinet@valbrume.mssante.example")
    assert len(entry.identifiers) == 30


async def test_an_answer_without_end_is_given_up(place: Place) -> None:
    """Each page has a new address, and none is the last."""
    directory = await place.asking()
    place.server.constant = faulty.endless(place.server)
    with pytest.raises(DirectoryUnavailableError) as caught:
        await directory.by_address(Address.parse(LISTED))
    assert caught.value.code == "fhir.endless"


async def test_a_server_that_knows_another_parameter(place: Place) -> None:
    """Its OperationOutcome is in the words."""
    directory = await place.asking()
    place.server.constant = faulty.status(400, "Unknown search parameter mailbox-mss")
    with pytest.raises(DirectoryUnavailableError) as caught:
        await directory.by_address(Address.parse(LISTED))
    assert "Unknown search parameter mailbox-mss" in caught.value.words.en
