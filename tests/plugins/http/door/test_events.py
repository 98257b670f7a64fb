"""What a call says is taken once, when it is durable; early, late and batched ones each have an end."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from hub.domain.outcome import Delivered, Refused
from hub.errors import HubError, InputError, StoreError, TrustError, Words
from hub.plugin.ledger import EphemeralLedger
from hub.testing.fakes import RecordingIntake
from tests.plugins.http.door.world import DELIVERY, OTHER, PEER, described, message, opened, receipt

WORDS = Words(en="Not now.", fr="Pas maintenant.")
BATCH = {"each": {"json": "$.events[*]", "many": True}, "answer": None}


def batch(*events: Any) -> dict[str, Any]:
    """Return a call of several events."""
    return {"events": list(events)}


async def test_a_replayed_call_does_nothing_again(tmp_path: Path) -> None:
    """It is answered as before; the hub is not asked twice."""
    async with opened(tmp_path) as world:
        first = await world.call(message())
        second = await world.call(message())
        assert first[:2] == second[:2] == (200, {"taken": True})
        assert len(world.intake.stages) == 1


async def test_a_call_without_an_id_is_known_by_what_it_says(tmp_path: Path) -> None:
    """The same bytes at the same time are the same call; at another time they are another one."""
    async with opened(tmp_path, described(id=None)) as world:
        await world.sent()
        said = receipt(id="r-1")
        await world.call(said)
        await world.call(said)
        assert len(world.intake.acknowledgements) == 1
        body = json.dumps(said).encode()
        later = world.signed(body, at=world.clock.now().timestamp() + 1)
        await world.post(body, later)
        assert len(world.intake.acknowledgements) == 2


async def test_what_failed_is_done_again(tmp_path: Path) -> None:
    """A call that could not be taken is not remembered: it comes again, and is taken."""
    async with opened(tmp_path) as world:
        world.intake.error = StoreError("store.full", WORDS)
        status, said, headers = await world.call(message())
        assert (status, said["code"], headers["Retry-After"]) == (503, "store.full", "10")
        assert all(one.discarded for one in world.intake.stages)
        world.intake.error = None
        assert (await world.call(message()))[0] == 200
        assert len(world.intake.submissions) == 1


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (InputError("recipients.refused", WORDS), 422),
        (TrustError("sender.not_yours", WORDS), 403),
    ],
)
async def test_what_can_not_be_taken_as_it_is_is_refused(
    tmp_path: Path, error: HubError, status: int
) -> None:
    """With the reason, in the caller's language."""
    async with opened(tmp_path) as world:
        world.intake.error = error
        got, said, _ = await world.call(message(), headers={"Accept-Language": "fr"})
    assert (got, said["code"], said["detail"]) == (status, error.code, "Pas maintenant.")


async def test_a_receipt_is_matched_by_our_id_or_the_operator_s(tmp_path: Path) -> None:
    """By either, and what it says is told to the hub as the operator's word."""
    async with opened(tmp_path) as world:
        await world.sent()
        await world.call(receipt(1, your_id=DELIVERY))
        await world.call(receipt(2, id="r-1", state="failed", error="552", message="full"))
        (first, delivered), (second, failed) = world.intake.acknowledgements
    assert first is second is PEER
    assert delivered.delivery == failed.delivery == DELIVERY
    assert isinstance(delivered.outcome, Delivered)
    assert isinstance(failed.outcome, Refused)


async def test_an_early_receipt_waits_for_the_answer_of_the_send(tmp_path: Path) -> None:
    """It is matched as soon as the send has learnt under which id the operator knows the message."""

    class Watched(EphemeralLedger):
        asked = asyncio.Event()

        async def named(self, alias: str) -> Any:
            self.asked.set()
            return await super().named(alias)

    async with opened(tmp_path, described(early="60s"), ledger=Watched()) as world:
        flights = world.operator.flights
        with flights.sending():
            early = asyncio.create_task(world.call(receipt(id="r-1")))
            await Watched.asked.wait()
            assert not early.done()
            await world.sent()
            flights.learnt()
            assert (await early)[0] == 200
        assert len(world.intake.acknowledgements) == 1


async def test_an_early_receipt_by_our_own_id_waits_for_nothing(tmp_path: Path) -> None:
    """The ledger has it before the first byte of the message leaves."""
    async with opened(tmp_path, described(early="60s")) as world:
        await world.sent(remote=None)
        with world.operator.flights.sending():
            assert (await world.call(receipt(your_id=DELIVERY)))[0] == 200
        assert len(world.intake.acknowledgements) == 1


async def test_a_receipt_that_is_too_early_comes_again(tmp_path: Path) -> None:
    """While a send is under way, or its answer lost, nobody can say that it is not about that one."""
    async with opened(tmp_path, described(early="10ms")) as world:
        flights = world.operator.flights
        with flights.sending():
            status, said, headers = await world.call(receipt(id="r-1"))
        assert (status, said["code"], headers["Retry-After"]) == (503, "door.early", "2")
        flights.lost(DELIVERY)
        assert (await world.call(receipt(id="r-1")))[0] == 503
        await world.sent()
        flights.landed(DELIVERY)
        assert (await world.call(receipt(id="r-1")))[0] == 200
        assert len(world.intake.acknowledgements) == 1


async def test_a_receipt_about_nothing_of_ours_is_taken_and_logged(tmp_path: Path) -> None:
    """Nothing is under way that it could be about: the operator need not call again."""
    async with opened(tmp_path) as world:
        assert (await world.call(receipt(id="r-9")))[0] == 200
        assert not world.intake.acknowledgements
        assert "door.unmatched" in world.log.events()
        await world.sent()
        world.intake.matches = False
        await world.call(receipt(2, id="r-1"))
        assert world.log.events().count("door.unmatched") == 2


async def test_a_batch_is_taken_event_by_event(tmp_path: Path) -> None:
    """Each has its own end; those that can't be taken for good are named in the answer."""
    async with opened(tmp_path, described(**BATCH)) as world:
        await world.sent()
        events = (message(1), receipt(2, id="r-1"), message(3, to=["nobody"]), message(4), {"id": "evt-5"})
        status, said, _ = await world.call(batch(*events))
        assert status == 200
        assert [(one["position"], one["code"]) for one in said["refused"]] == [(2, "arrived.malformed")]
        assert len(world.intake.submissions) == 2
        assert len(world.intake.acknowledgements) == 1


async def test_of_a_batch_only_what_was_not_taken_is_done_again(tmp_path: Path) -> None:
    """One event that can't be taken now makes the call come again; the others are not done twice."""

    class Failing(RecordingIntake):
        async def submit(self, stage: Any, submission: Any) -> Any:
            if submission.native_id == "m-2" and self.error is None and not self.matches:
                raise StoreError("store.full", WORDS)
            return await super().submit(stage, submission)

    intake = Failing(operators={"courrier": PEER, "autre": OTHER}, matches=False)
    async with opened(tmp_path, described(**BATCH), intake=intake) as world:
        call = batch(message(1), message(2), message(3))
        assert (await world.call(call))[0] == 503
        assert [one.native_id for one in intake.submissions] == ["m-1", "m-3"]
        intake.matches = True
        assert (await world.call(call))[0] == 200
        assert [one.native_id for one in intake.submissions] == ["m-1", "m-3", "m-2"]
        assert len(intake.stages) == 4


async def test_a_batch_of_too_many_is_refused(tmp_path: Path) -> None:
    """Nothing of it is taken."""
    async with opened(tmp_path, described(**BATCH)) as world:
        status, said, _ = await world.call(batch(*({"id": str(number)} for number in range(1001))))
    assert (status, said["code"]) == (413, "door.too_many")


async def test_what_no_row_fits_is_refused(tmp_path: Path) -> None:
    """Whoever describes an operator says what does not matter, too."""
    only = {"kinds": [{"is": "ignored", "when": {"json": "$.type", "equals": "ping"}}]}
    async with opened(tmp_path, described(**only)) as world:
        assert (await world.call({"id": "1", "type": "ping"}))[0] == 200
        status, said, _ = await world.call(message())
    assert (status, said["code"]) == (422, "door.kind")


async def test_an_event_without_its_id_is_refused(tmp_path: Path) -> None:
    """The description says where it is."""
    async with opened(tmp_path) as world:
        status, said, _ = await world.call({"type": "message"})
    assert (status, said["code"]) == (422, "arrived.malformed")


async def test_a_ledger_that_fails_makes_the_call_come_again(tmp_path: Path) -> None:
    """What can't be remembered was not taken, as far as the operator knows."""

    class Broken(EphemeralLedger):
        async def put(self, *lines: Any) -> None:
            raise StoreError("store.full", WORDS)

    async with opened(tmp_path, ledger=Broken()) as world:
        assert (await world.call(message()))[0] == 503
