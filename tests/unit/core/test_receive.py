"""What a receiver sees of the hub."""

from __future__ import annotations

import pytest

from hub.core.acknowledge import Acknowledger
from hub.core.notice import Notifier
from hub.core.people import People
from hub.core.receive import Reception
from hub.core.tell import Teller
from hub.domain.address import Address
from hub.domain.message import Kind
from hub.domain.outcome import Deferred, Refused
from hub.errors import InputError, StoreError, Words
from hub.ports.intake import Intake, To
from hub.ports.observer import Event
from hub.testing.fakes import RecordingLog
from tests.unit.core.test_acknowledge import receipt, speaker
from tests.unit.core.test_submit import World
from tests.unit.core.world import (
    ABROAD,
    HOSPITAL,
    MARTIN,
    MARTIN_RPPS,
    NOBODY,
    OWN,
    PEER,
    PETIT,
    STRUCK,
    operators,
    sealer,
    submission,
)


class Door:
    """A reception, with everything that it disturbs."""

    def __init__(self) -> None:
        self.world = World()
        self.log, self.seen, self.woken = RecordingLog(), list[Event](), 0
        notifier = Notifier(self.world.queue, operators(), sealer(self.world.clock, 3), OWN)
        self.intake: Intake = Reception(
            submitter=self.world.submitter,
            catalogue=People([self.world.directory]),
            acknowledger=Acknowledger(self.world.queue, notifier, self.world.clock),
            teller=Teller(self.world.queue, notifier, self.world.clock),
            names_of=lambda certificate: (certificate.decode(),),
            wake=self.wake,
            log=self.log,
            observe=self.seen.append,
        )

    def wake(self) -> None:
        """Count."""
        self.woken += 1


def test_a_certificate_names_its_operator() -> None:
    """Or nobody."""
    door = Door()
    found = door.intake.identify(b"dns:mx.ville.example")
    assert found is not None
    assert found.operator == "ville"
    assert door.intake.identify(b"dns:evil.example") is None


async def test_a_recipient_is_judged_before_anything_is_sent() -> None:
    """Refused by name, or not yet to be told, or welcome; nothing is stored."""
    door = Door()
    assert await door.intake.judge(PEER, Address.parse(MARTIN)) is None
    assert await door.intake.judge(PEER, MARTIN_RPPS) is None
    for who, code in ((NOBODY, "unknown"), (STRUCK, "struck-off"), (ABROAD, "no-operator")):
        why = await door.intake.judge(PEER, Address.parse(who))
        assert isinstance(why, Refused)
        assert why.code == f"recipient.{code}"
    door.world.directory.available = False
    assert isinstance(await door.intake.judge(PEER, Address.parse(MARTIN)), Deferred)
    assert door.world.queue.rows == {}


async def test_a_submission_wakes_the_worker_and_is_logged() -> None:
    """By ids and codes only; a repetition is no second event."""
    door = Door()
    one = submission(MARTIN, To(target=Address.parse(PETIT), blind=True), NOBODY)
    for _ in range(2):
        await door.intake.submit(door.intake.stage(), one)
    assert door.woken == 2
    assert [event.name for event in door.seen] == ["message.accepted"] * 2
    assert [fields["again"] for _, _, fields in door.log.lines] == [False, False, True, True]
    assert MARTIN not in repr(door.log.lines)
    assert NOBODY not in repr(door.log.lines)


async def test_what_is_refused_wakes_nobody() -> None:
    """The error goes to the peer."""
    door = Door()
    with pytest.raises(InputError):
        await door.intake.submit(door.intake.stage(), submission(NOBODY))
    assert door.woken == 0
    assert door.seen == []


async def test_a_receipt_is_matched() -> None:
    """Or said not to be."""
    door = Door()
    await door.intake.submit(door.intake.stage(), submission(native_id="<1@x>"))
    assert await door.intake.acknowledge(speaker(), receipt())
    assert not await door.intake.acknowledge(PEER, receipt())


async def test_a_sender_whose_protocol_cant_answer_is_told_who_was_refused() -> None:
    """Once for each of them, however often the same comes; the others get the message."""
    door = Door()
    one = submission(MARTIN, NOBODY, STRUCK, unanswered=True)
    for _ in range(2):
        accepted = await door.intake.submit(door.intake.stage(), one)
        assert set(accepted.refused) == {NOBODY, STRUCK}
    messages = [row.envelope.sealed.envelope.message for row in door.world.queue.rows.values()]
    notices = [message for message in messages if message.kind is Kind.NOTICE]
    assert [str(message.recipients[0].address) for message in notices] == [HOSPITAL] * 2
    assert [message.in_reply_to for message in notices] == [one.native_id] * 2


async def test_a_sender_whose_protocol_answers_gets_no_notice_beside_it() -> None:
    """The answer names who was refused."""
    door = Door()
    await door.intake.submit(door.intake.stage(), submission(MARTIN, NOBODY))
    assert len(door.world.queue.rows) == 1


async def test_a_notice_that_could_not_be_stored_is_made_good_when_it_comes_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The receiver hears that it was not taken, and the message is not doubled."""
    door = Door()
    one = submission(MARTIN, NOBODY, unanswered=True)
    with monkeypatch.context() as broken:
        broken.setattr(door.world.queue, "note", _fail)
        with pytest.raises(StoreError):
            await door.intake.submit(door.intake.stage(), one)
    accepted = await door.intake.submit(door.intake.stage(), one)
    assert accepted.again
    kinds = [row.envelope.sealed.envelope.message.kind for row in door.world.queue.rows.values()]
    assert sorted(kinds) == [Kind.MESSAGE, Kind.NOTICE]


async def _fail(*_: object, **__: object) -> None:
    raise StoreError("store.full", Words(en="Full.", fr="Plein."))
