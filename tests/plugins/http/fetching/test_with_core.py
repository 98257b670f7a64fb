"""What is fetched goes the hub's own way in: seals, directory, refusals, and what the sender hears."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest
from aiohttp import web

from hub.core.acknowledge import Acknowledger
from hub.core.notice import Notifier
from hub.core.people import People
from hub.core.receive import Reception
from hub.core.tell import Teller
from hub.domain.message import DocumentRole, Kind, Message
from hub.testing.fakes import NullLog
from hub_http.fetching.inbox import Inbox
from tests.plugins.http.fetching.far import NAME, Far, near, said
from tests.plugins.http.fetching.far import letter as any_letter
from tests.plugins.http.fetching.test_listing import ACKNOWLEDGE, described
from tests.unit.core.test_submit import World
from tests.unit.core.world import HOSPITAL, MARTIN, NOBODY, OWN, PETIT, STRUCK, operators, sealer

TEXT: Final = described(ACKNOWLEDGE)


def reception(world: World) -> Reception:
    """Make the way in."""
    notifier = Notifier(world.queue, operators(), sealer(world.clock, 3), OWN)
    return Reception(
        submitter=world.submitter,
        catalogue=People([world.directory]),
        acknowledger=Acknowledger(world.queue, notifier, world.clock),
        teller=Teller(world.queue, notifier, world.clock),
        names_of=lambda _: (),
        wake=lambda: None,
        log=NullLog(),
        observe=lambda _: None,
    )


def messages(world: World) -> list[Message]:
    """Return every message that is on its way, once."""
    return [one.envelope.message for one in world.sealed]


async def look(folder: Path, world: World, *letters: dict[str, Any], times: int = 1) -> tuple[Far, list[str]]:
    """Look at an inbox so many times; the operator forgets what it was told but the last time."""
    far = Far()

    async def listing(_: web.Request) -> web.StreamResponse:
        return web.json_response({"items": letters})

    far.routes["GET /list"] = listing
    async with near(far, TEXT, folder) as our, our.operator() as operator:
        inbox = our.described.inbox
        assert inbox is not None
        for _ in range(times):
            await Inbox(operator, inbox, "inbox", reception(world)).look()
        return far, our.log.events()


def from_hospital(number: int, *to: str, **more: Any) -> dict[str, Any]:
    """Say a letter of the hospital's."""
    return {**said(any_letter(number)), "from": HOSPITAL, "to": list(to), **more}


async def test_it_becomes_a_sealed_message_once(tmp_path: Path) -> None:
    """However often it is listed; its documents are byte-equal, and the original stands beside them."""
    world = World()
    one = from_hospital(1, MARTIN, PETIT)
    far, events = await look(tmp_path, world, one, times=3)
    (message,) = messages(world)
    assert [str(party.address) for party in message.recipients] == [MARTIN, PETIT]
    assert message.origin.connector == NAME
    assert message.origin.authenticated_as == f"operator:{NAME}"
    assert [(part.role, part.sha256) for part in message.documents][1:] == [
        (DocumentRole.ATTACHMENT, one["sha256"])
    ]
    assert message.documents[0].role is DocumentRole.ORIGINAL
    assert far.journal == [("acknowledged", "m-1")] * 3
    assert events == []


async def test_who_can_be_reached_gets_it_and_the_sender_hears_of_the_others(tmp_path: Path) -> None:
    """One notice for each who was refused, through the sender's operator, however often it is listed."""
    world = World()
    far, _ = await look(tmp_path, world, from_hospital(1, MARTIN, NOBODY, STRUCK), times=2)
    kinds = [message.kind for message in messages(world)]
    assert sorted(kinds) == [Kind.MESSAGE, Kind.NOTICE, Kind.NOTICE]
    for message in messages(world):
        to = [str(party.address) for party in message.recipients]
        assert to == ([MARTIN] if message.kind is Kind.MESSAGE else [HOSPITAL])
    assert world.queue.timeline().count("recipient.refused") == 2
    assert len(far.journal) == 2


@pytest.mark.parametrize(
    "one",
    [
        from_hospital(1, NOBODY),
        from_hospital(1, STRUCK, NOBODY),
        from_hospital(1, MARTIN, **{"from": MARTIN}),
        from_hospital(1, MARTIN, subject="a\nb"),
        from_hospital(1, MARTIN, id="x" * 999),
    ],
    ids=["unknown", "struck off", "another's sender", "two lines", "long id"],
)
async def test_what_nobody_may_get_stays_at_the_operator(tmp_path: Path, one: dict[str, Any]) -> None:
    """Its operator's own rules go on; others are taken."""
    world = World()
    far, events = await look(tmp_path, world, one, from_hospital(2, MARTIN))
    assert len(messages(world)) == 1
    assert far.journal == [("acknowledged", "m-2")]
    assert events == ["fetch.item_left"]


async def test_another_message_under_the_same_id_is_not_taken_for_the_first(tmp_path: Path) -> None:
    """It is left, and said."""
    world = World()
    first, second = from_hospital(1, MARTIN), from_hospital(1, MARTIN, subject="Autre chose")
    await look(tmp_path, world, first)
    far, events = await look(tmp_path, world, second)
    assert len(messages(world)) == 1
    assert far.journal == []
    assert events == ["fetch.item_left"]
