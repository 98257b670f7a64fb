"""What every queue keeps, as tests that a store's own test file subclasses and passes.

    class TestMyStore(QueueContract):
        @pytest.fixture
        async def queue(self, clock: FixedClock) -> AsyncIterator[AnyQueue]:
            async with open_my_store(clock) as store:
                yield store

Not checked here: durability, and what rests in clear. A store's own tests do.
"""

from __future__ import annotations

from hub.testing.queue_accepting import Accepting
from hub.testing.queue_claiming import Claiming
from hub.testing.queue_rig import AnyQueue
from hub.testing.queue_settling import Settling
from hub.testing.queue_tracing import Tracing

__all__ = ["AnyQueue", "QueueContract"]


class QueueContract(Accepting, Claiming, Settling, Tracing):
    """Subclass it, with a fixture `queue` that yields an `AnyQueue` on the time of `clock`."""
