"""One request on its way: how far it has come, and until when each stretch of the way may take.

The parts that it passes (connector, body, answer) find it in `current`: they run where the library calls
them, with nothing of ours in their hands.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import Enum
from math import inf

from aiohttp.client_proto import ResponseHandler

from hub.errors import HubError
from hub.ports.trust import Admission
from hub_http.description.model import Limits
from hub_http.wire.faults import Stage


class Phase(Enum):
    """Where on its way a request is."""

    CONNECT = "connect"
    UPLOAD = "upload"
    ANSWER = "answer"
    BODY = "body"


@dataclass(slots=True, kw_only=True)
class Attempt:
    """One try at one request.

    left     whether something of it may have left: of its body, or of its head when it has no body.
    whole    whether all of it was handed to the network.
    reused   whether its connection had been used before.
    fresh    whether it wants a connection that nobody used before.
    answered whether an answer has begun.
    broken   what reading its own body raised.
    """

    limits: Limits
    answer_timeout: float
    admissions: tuple[Admission, ...] = ()
    fresh: bool = False
    has_body: bool = False
    phase: Phase = Phase.CONNECT
    left: bool = False
    whole: bool = False
    reused: bool = False
    answered: bool = False
    protocol: ResponseHandler | None = None
    broken: HubError | None = None
    ends: float = field(init=False)
    _timer: asyncio.Timeout | None = None

    def __post_init__(self) -> None:
        self.ends = asyncio.get_running_loop().time() + self.limits.total_timeout.total_seconds()

    @property
    def stage(self) -> Stage:
        """Whether something of it may have arrived."""
        return "sent" if self.left else "unsent"

    @property
    def is_open(self) -> bool:
        """Whether its connection still takes bytes."""
        return self.protocol is not None and self.protocol.is_connected()

    def again(self) -> None:
        """Begin once more, over a connection that nobody used before."""
        self.fresh, self.reused, self.left, self.whole, self.protocol = True, False, False, False, None

    @contextmanager
    def timed(self, timer: asyncio.Timeout) -> Iterator[None]:
        """Move the end of `timer` as the request goes on."""
        self._timer = timer
        try:
            yield
        finally:
            self._timer = None

    def enter(self, phase: Phase, seconds: float = inf) -> None:
        """Begin a stretch that may take so long; the whole may never take longer than `total_timeout`."""
        self.phase = phase
        if self._timer is not None:
            now = asyncio.get_running_loop().time()
            self._timer.reschedule(min(now + seconds, self.ends))

    def connected(self, protocol: ResponseHandler, *, reused: bool) -> None:
        """Note that a connection is there; what has no body leaves at once."""
        self.protocol, self.reused = protocol, reused
        if self.has_body:
            self.enter(Phase.UPLOAD)
        else:
            self.left = self.whole = True
            self.enter(Phase.ANSWER, self.answer_timeout)


current: ContextVar[Attempt] = ContextVar("current")
