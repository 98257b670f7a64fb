"""The hub's way in, and the fake that receivers are tested on, keep the same."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from itertools import count

import pytest

from hub.core.acknowledge import Acknowledger
from hub.core.normalise import Limits
from hub.core.notice import Notifier
from hub.core.people import People
from hub.core.receive import Reception
from hub.core.submit import Submitter
from hub.core.tell import Teller
from hub.domain.address import Address
from hub.domain.outcome import Refused
from hub.errors import Words
from hub.ports.intake import Stage, Submission
from hub.ports.queue import NewEnvelope
from hub.testing.contents import MemoryStage
from hub.testing.fakes import FixedChance, FixedClock, NullLog, RecordingIntake
from hub.testing.intake_contract import Door, IntakeContract
from hub.testing.letters import Letters, acceptance
from tests.unit.core.model_queue import ModelQueue
from tests.unit.core.world import (
    MARTIN,
    NOBODY,
    OWN,
    PEER,
    PETIT,
    VALBRUME,
    directory,
    operators,
    register,
    sealer,
    submission,
)

CERTIFICATE = b"dns:mx.ch-valbrume.example"


def fresh() -> Callable[[], Submission]:
    """Return a maker of submissions."""
    numbers = count()
    return lambda: submission(key=f"k{next(numbers)}")


def letter(stage: Stage) -> Awaitable[NewEnvelope]:
    """Write one that is sealed."""
    return Letters(clock=FixedClock(), chance=FixedChance(9)).letter(stage)


class TestReception(IntakeContract):
    """The real one."""

    @pytest.fixture
    async def door(self) -> Door:
        """Open it on a queue in memory."""
        queue, clock, table = ModelQueue(), FixedClock(), operators()
        new = await letter(queue.stage())
        await queue.put(queue.stage(), acceptance(new))
        made = sealer(clock)
        intake = Reception(
            submitter=Submitter(
                queue=queue,
                register=register(table=table),
                sealer=made,
                policies=(),
                limits=Limits(),
                clock=clock,
            ),
            catalogue=People([directory()]),
            acknowledger=Acknowledger(queue, Notifier(queue, table, made, OWN), clock),
            teller=Teller(queue, Notifier(queue, table, made, OWN), clock),
            names_of=lambda certificate: (certificate.decode(),),
            wake=lambda: None,
            log=NullLog(),
            observe=lambda _: None,
        )
        return Door(
            intake=intake,
            peer=PEER,
            certificate=CERTIFICATE,
            good=Address.parse(MARTIN),
            second=Address.parse(PETIT),
            unknown=Address.parse(NOBODY),
            submission=fresh(),
            sealed=new.sealed,
        )

    async def test_what_was_submitted_is_sealed(self, door: Door) -> None:
        """The hub's own signed word names what it took, and where from."""
        one = door.submission()
        accepted = await door.intake.submit(door.intake.stage(), one)
        sealed = await door.intake.sealed(accepted.envelopes[0])
        assert sealed is not None
        message = sealed.envelope.message
        assert (one.subject, one.native_id) == (message.subject, message.origin.native_id)
        assert sealed.jws


class TestRecordingIntake(IntakeContract):
    """The fake."""

    @pytest.fixture
    async def door(self) -> Door:
        """Make it."""
        sealed = (await letter(MemoryStage())).sealed
        unknown = Refused(code="recipient.unknown", reason=Words(en="not listed", fr="inconnu"))
        return Door(
            intake=RecordingIntake(
                peers={CERTIFICATE: PEER},
                operators={VALBRUME: PEER},
                seals={sealed.envelope.id: sealed},
                judgements={NOBODY: unknown},
                matches=False,
            ),
            peer=PEER,
            certificate=CERTIFICATE,
            good=Address.parse(MARTIN),
            second=Address.parse(PETIT),
            unknown=Address.parse(NOBODY),
            submission=fresh(),
            sealed=sealed,
        )
