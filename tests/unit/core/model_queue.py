"""The memory queue with windows in it, for the core's own tests."""

from __future__ import annotations

from datetime import datetime

from hub.domain.delivery import State
from hub.domain.ids import DeliveryId, EnvelopeId
from hub.errors import StoreError
from hub.ports.queue import NewEnvelope
from hub.ports.records import Step
from hub.testing.fakes import FixedChance, FixedClock
from hub.testing.memory_queue import Held, MemoryQueue
from tests.unit.core.recorded import Recorded


class Row:
    """One delivery as it stands, and as a test may put it."""

    def __init__(self, held: Held) -> None:
        self._held = held
        self.id: DeliveryId = held.new.id
        self.envelope: NewEnvelope = held.kept.new

    @property
    def attempts(self) -> int:
        """How often it was tried."""
        return self._held.attempts

    @property
    def state(self) -> State:
        """Where it stands."""
        return self._held.state

    @state.setter
    def state(self, state: State) -> None:
        self._held.state = state

    @property
    def due_at(self) -> datetime | None:
        """When it comes up."""
        return self._held.due_at

    @due_at.setter
    def due_at(self, due_at: datetime | None) -> None:
        self._held.due_at = due_at


class ModelQueue(Recorded):
    """Everything that it holds can be looked at. While `failing` is set every call raises it."""

    def __init__(self) -> None:
        self._memory = MemoryQueue(clock=FixedClock(), chance=FixedChance(7))
        super().__init__(self._memory)

    @property
    def failing(self) -> StoreError | None:
        """What every call raises."""
        return self._memory.broken

    @failing.setter
    def failing(self, error: StoreError | None) -> None:
        self._memory.broken = error

    @property
    def rows(self) -> dict[DeliveryId, Row]:
        """Every delivery."""
        return {id_: Row(held) for id_, held in self._memory._deliveries.items()}

    @property
    def steps(self) -> list[tuple[EnvelopeId, Step]]:
        """The timelines, one message after the other."""
        return [(id_, step) for id_, kept in self._memory._envelopes.items() for step in kept.steps]

    def timeline(self) -> list[str]:
        """Return the names of all steps, one message after the other, but who decided (`sources`)."""
        return [step.event for _, step in self.steps if step.event != "directory.answered"]

    def sources(self) -> list[str | None]:
        """Return which versions of directories and trust lists decided, in order."""
        return [step.detail for _, step in self.steps if step.event == "directory.answered"]

    def standing(self, *, notices: bool = False) -> dict[str, State]:
        """Return where everybody's delivery stands, by recipient; of messages, or of notices."""
        return {
            str(held.kept.new.sealed.envelope.message.recipients[held.new.position].address): held.state
            for held in self._memory._deliveries.values()
            if (held.kept.new.peer == "hub") == notices
        }
