"""The hub's way in, and the fake that receivers are tested on, keep the same."""

from __future__ import annotations

from collections.abc import Callable
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
from hub.ports.intake import Submission
from hub.testing.fakes import FixedClock, NullLog, RecordingIntake
from hub.testing.intake_contract import Door, IntakeContract
from tests.unit.core.model_queue import ModelQueue
from tests.unit.core.world import (
    MARTIN,
    NOBODY,
    OWN,
    PEER,
    PETIT,
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


class TestReception(IntakeContract):
    """The real one."""

    @pytest.fixture
    def door(self) -> Door:
        """Open it on a queue in memory."""
        queue, clock, table = ModelQueue(), FixedClock(), operators()
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
        )


class TestRecordingIntake(IntakeContract):
    """The fake."""

    @pytest.fixture
    def door(self) -> Door:
        """Make it."""
        unknown = Refused(code="recipient.unknown", reason=Words(en="not listed", fr="inconnu"))
        return Door(
            intake=RecordingIntake(peers={CERTIFICATE: PEER}, judgements={NOBODY: unknown}, matches=False),
            peer=PEER,
            certificate=CERTIFICATE,
            good=Address.parse(MARTIN),
            second=Address.parse(PETIT),
            unknown=Address.parse(NOBODY),
            submission=fresh(),
        )
