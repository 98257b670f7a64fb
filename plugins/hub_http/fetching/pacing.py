"""When an inbox is looked at: not too often, not too seldom, and not all of them at the same moment.

`every` is held between `least` and `longest`. After a failure the pause doubles with each, up to an hour or
the operator's own word, whichever is more. What happened before a restart counts: an operator that wants
five minutes between two looks gets them, one that was not looked at for longer than `longest` is looked at
at once.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from hub.errors import HubError
from hub.ports.clock import Chance
from hub_http.description.inbound import Inbox
from hub_http.sending.requests import AnswerError
from hub_http.wire.faults import WireFault

SPREAD: Final = 0.1
"""By how much of itself a pause is lengthened at random."""
FIRST: Final = timedelta(minutes=1)
"""Within which the first looks after a start are spread."""
LONGEST: Final = timedelta(hours=1)
"""The longest pause after failures, unless `every` is longer or the operator asks for more."""
LOUD: Final = (1, 10, 100)
"""Failures in a row that get a line in the log; after the last of them, every so many."""
_NONE: Final = timedelta(0)


class Pace:
    """The pauses of one inbox."""

    def __init__(self, inbox: Inbox, chance: Chance) -> None:
        self._least = inbox.least
        self._longest = inbox.longest
        self._every = _held(max(inbox.every, inbox.least), inbox.longest)
        self._chance = chance
        self._failures = 0

    @property
    def failures(self) -> int:
        """Failures in a row."""
        return self._failures

    def first(self, looked: datetime | None, now: datetime) -> timedelta:
        """Return how long to wait after a start; `looked` is when the inbox was last looked at."""
        start = self._chance.fraction() * min(self._every, FIRST)
        # a clock that was set back, as little as a long time, must not keep the inbox shut
        if looked is None or looked > now:
            return start
        since = now - looked
        if self._longest is not None and since >= self._longest:
            return _NONE
        return max(self._every - since, min(start, _left(self._longest, since)))

    def after_look(self, *, more: bool) -> timedelta:
        """Return the pause after a look that went well; none when there was more than it could take."""
        self._failures = 0
        return _NONE if more else self._spread(self._every)

    def after_failure(self, retry_after: timedelta | None) -> timedelta:
        """Return the pause after a look that failed."""
        self._failures += 1
        return self._spread(backed_off(self._every, self._failures, retry_after))

    def _spread(self, pause: timedelta) -> timedelta:
        """Lengthen a pause a little, as far as the operator allows."""
        longer = pause * (1 + SPREAD * self._chance.fraction())
        return max(pause, _held(longer, self._longest))


def _held(pause: timedelta, longest: timedelta | None) -> timedelta:
    return pause if longest is None else min(pause, longest)


def _left(longest: timedelta | None, since: timedelta) -> timedelta:
    return timedelta.max if longest is None else longest - since


def is_loud(failures: int) -> bool:
    """Whether a failure is said: the first, the tenth, and every hundredth in a row."""
    return failures in LOUD or failures % LOUD[-1] == 0


def backed_off(every: timedelta, failures: int, retry_after: timedelta | None) -> timedelta:
    """Return the pause after so many failures in a row."""
    doubled = every * (1 << min(failures - 1, 20))
    return max(min(doubled, max(LONGEST, every)), retry_after or _NONE)


def asked_to_wait(error: HubError) -> timedelta | None:
    """Return how long the operator asked the hub to wait, when it did."""
    if isinstance(error, AnswerError):
        return error.judgement.retry_after
    return error.retry_after if isinstance(error, WireFault) else None
