"""What the other hub tells of a message of ours is a receipt for our delivery, not a message."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from hub.core.notice import Action
from hub.domain.envelope import SealedEnvelope
from hub.domain.ids import DeliveryId, OperatorName
from hub.domain.outcome import Delivered, Refused
from hub.errors import MalformedError
from hub.ports.connector import Parcel
from hub.ports.intake import Peer
from hub.testing.fakes import RecordingIntake
from hub_http.hubs import link
from hub_http.sending import lines
from tests.plugins.http.hubs.world import Answered, World, body_of

HUB_B = Peer(name="operator:hub_b", operator=OperatorName("hub_b"), domains=frozenset({"ville.example"}))


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Make both hubs."""
    return World(tmp_path)


@pytest.fixture
def intake() -> RecordingIntake:
    """Return hub A's way in."""
    return RecordingIntake(operators={"hub_b": HUB_B})


async def sent(world: World, made: Parcel) -> SealedEnvelope:
    """Send a message from hub A to hub B and return hub B's envelope."""
    reply = await world.take(await body_of(made))
    (envelope,) = world.envelopes(reply)
    return SealedEnvelope(envelope=envelope, jws=json.loads(reply.body)["envelopes"][0].encode())


async def test_a_failure_at_the_far_side_becomes_a_receipt(world: World, intake: RecordingIntake) -> None:
    """It names our delivery by what both hubs know: the id under which it came in, and the recipient."""
    made = world.parcel()
    notice = await world.notice_of_b(await sent(world, made), Action.FAILED)
    reply = await world.handed(world.at_a, intake, await body_of(notice))
    ((peer, told),) = intake.acknowledgements
    assert peer is HUB_B
    assert told.native_id == made.sealed.envelope.message.origin.native_id
    assert told.recipient == made.addressees[0].party.address
    assert (told.event, told.delivery) == ("acknowledgement.failed", None)
    assert isinstance(told.outcome, Refused)
    assert (told.outcome.code, told.outcome.reason.fr) == ("smtp.5.2.2", "La boîte est pleine.")
    assert not intake.submissions
    # and hub B knows that it was heard
    (outcome,) = (await link.read(world.at_b, notice, Answered(body=reply.body))).values()
    assert isinstance(outcome, Delivered)


async def test_the_send_has_learnt_which_envelope_is_meant(world: World, intake: RecordingIntake) -> None:
    """By the other hub's id of its envelope, our delivery is found exactly."""
    made = world.parcel()
    theirs = await sent(world, made)
    (addressee,) = made.addressees
    line = lines.line_of(
        lines.key_of(addressee.delivery),
        lines.Sent(
            call=addressee.delivery,
            recipients={addressee.party.address.key: addressee.delivery},
            remote=theirs.envelope.id,
        ),
        world.clock.now() + timedelta(days=1),
    )
    await world.at_a.host.ledger.put(line)
    notice = await world.notice_of_b(theirs, Action.FAILED)
    await world.handed(world.at_a, intake, await body_of(notice))
    ((_, told),) = intake.acknowledgements
    assert told.delivery == DeliveryId(addressee.delivery)


async def test_a_notice_about_nothing_of_ours_is_a_message(world: World, intake: RecordingIntake) -> None:
    """It goes the way of every message, and is judged like one."""
    notice = await world.notice_of_b(await sent(world, world.parcel()), Action.FAILED)
    intake.matches = False
    await world.handed(world.at_a, intake, await body_of(notice))
    assert [one.kind for one in intake.submissions] == ["notice"]


@pytest.mark.parametrize(
    "said",
    [
        b"{}",
        b"[]",
        b"\xff",
        b'{"action":"eaten","envelope":"x","native_id":"x","recipient":"a@b.example","code":"x"}',
        b'{"action":"failed","envelope":"x","native_id":"x","recipient":"nobody","code":"x"}',
        b'{"action":[],"envelope":"x","native_id":"x","recipient":"a@b.example","code":"x"}',
    ],
)
async def test_a_notice_that_can_not_be_read_is_refused(
    world: World, intake: RecordingIntake, said: bytes
) -> None:
    """Though its hub has sealed it."""
    notice = await world.resealed(
        await world.notice_of_b(await sent(world, world.parcel()), Action.FAILED), said
    )
    with pytest.raises(MalformedError) as caught:
        await world.handed(world.at_a, intake, await body_of(notice))
    assert caught.value.code == "hubs.notice"
