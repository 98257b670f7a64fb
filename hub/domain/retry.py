"""When to try again: exponential back-off with full jitter, capped, until the envelope expires."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

_MAX_DOUBLINGS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """`base` bounds the first pause, doubled with every attempt up to `cap`."""

    base: timedelta = timedelta(seconds=30)
    cap: timedelta = timedelta(hours=1)


def next_attempt(
    policy: RetryPolicy,
    *,
    attempts: int,
    now: datetime,
    expires_at: datetime,
    chance: float,
    retry_after: timedelta | None = None,
) -> datetime | None:
    """Return the time of the next attempt, or None when it would fall after the envelope's end.

    `attempts` counts those made (from 1); `chance` is a random number in [0, 1): full jitter
    spreads the pauses evenly over [0, bound], so that a fleet does not come back in step. An
    operator's own `retry_after` is a floor under the pause. Near the end the bound is what is left,
    so that nothing is given up early by an unlucky number; less than `base` is not worth a try.
    """
    left = expires_at - now
    bound = min(policy.cap, policy.base * 2 ** min(attempts - 1, _MAX_DOUBLINGS))
    if left < bound:
        bound = left if left >= policy.base else bound
    pause = bound * chance
    if retry_after is not None:
        pause = max(pause, retry_after)
    return now + pause if pause < left else None
