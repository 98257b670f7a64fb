"""One request on its way: how far it has come, and until when each stretch of the way may take.

The parts that it passes (connector, body, answer) find it in `current`: they run where the library calls
them, with nothing of ours in their hands.
"""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import Enum
from math import inf

from aiohttp.client_proto import ResponseHandler

from hub.errors import HubError
from hub.ports.trust import Admission
from hub_http.description.model import Limits
from hub_http.wire.deadline import Deadline
from hub_http.wire.faults import Stage


class Phase(Enum):
    """Where on its way a request is."""

    CONNECT = "connect"
    UPLOAD = "upload"
    ANSWER = "answer"
    BODY = "body"


@dataclass(frozen=True, slots=True)
class Times:
    """Time limits in seconds, from those of a description."""

    connect: float
    answer: float
    idle: float
    total: float

    @classmethod
    def of(cls, limits: Limits) -> Times:
        """Return those of a description."""
        given = (limits.connect_timeout, limits.answer_timeout, limits.idle_timeout, limits.total_timeout)
        return cls(*(one.total_seconds() for one in given))


@dataclass(slots=True, kw_only=True)
class Attempt:
    """One try at one request.

    left     whether something of it may have left: of its body, or of its head when it has no body.
    reused   whether its connection had been used before.
    fresh    whether it wants a connection that nobody used before.
    answered whether an answer has begun.
    broken   what reading its own body raised.
    """

    times: Times
    answer_timeout: float
    admissions: tuple[Admission, ...] = ()
    fresh: bool = False
    has_body: bool = False
    phase: Phase = Phase.CONNECT
    left: bool = False
    reused: bool = False
    answered: bool = False
    protocol: ResponseHandler | None = None
    broken: HubError | None = None
    deadline: Deadline = field(init=False)
    ends: float = field(init=False)
    _loop: asyncio.AbstractEventLoop = field(init=False)

    def __post_init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.ends = self._loop.time() + self.times.total
        self.deadline = Deadline()

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
        self.fresh, self.reused, self.left, self.protocol = True, False, False, None

    def enter(self, phase: Phase, seconds: float = inf) -> None:
        """Begin a stretch that may take so long; the whole may never take longer than `total_timeout`."""
        self.phase = phase
        self.deadline.move(min(self._loop.time() + seconds, self.ends))

    def connected(self, protocol: ResponseHandler, *, reused: bool) -> None:
        """Note that a connection is there; what has no body leaves at once."""
        self.protocol, self.reused, self.phase = protocol, reused, Phase.UPLOAD
        if not self.has_body:
            self.left = True
            self.enter(Phase.ANSWER, self.answer_timeout)


current: ContextVar[Attempt] = ContextVar("current")
