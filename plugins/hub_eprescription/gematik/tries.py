"""How often a question may be repeated, and what an answer that is not good means for an issue."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from hub.domain.outcome import Deferred
from hub.domain.times import rfc3339
from hub.errors import HubError, Words
from hub.ports.prescription import Record
from hub_eprescription.gematik import asking, words
from hub_eprescription.gematik.asking import Reply
from hub_eprescription.gematik.outcome import NOTHING, Said
from hub_eprescription.wire.table import HOUR, Kind, Retry

_FORBIDDEN: Final = 403
_SECONDS: Final = re.compile(r"[0-9]{1,5}")
MOST: Final = 10
"""Repeats of a question that failed; the published table has no other number."""


class RefusedError(HubError):
    """It will never be issued as it is. It never leaves this package."""

    def __init__(self, code: str, words: Words, said: Said = NOTHING) -> None:
        super().__init__(code, words)
        self.said = said


def count(record: Record, now: datetime, pause: timedelta | None = None) -> Record:
    """Return the record with one failed try more; after it `pause` must pass, or an hour after the last."""
    tried = _tries(record) + 1
    pause = HOUR if tried > MOST else pause or timedelta()
    facts = {**record.facts, "tries": str(tried), "next_try": rfc3339(now + pause)}
    return replace(record, facts=facts)


def fresh(record: Record) -> dict[str, str]:
    """Return a record's facts without the tries."""
    return {name: one for name, one in record.facts.items() if name not in {"tries", "next_try"}}


def spent(record: Record) -> None:
    """Raise RefusedError when no more tries are allowed."""
    if _tries(record) > MOST:
        raise RefusedError("prescription.given_up", words.GIVEN_UP)


def rest(record: Record, now: datetime) -> Deferred | None:
    """Return how long the next try must wait: the service said so, or a series of tries is spent."""
    due = record.facts.get("next_try")
    left = timedelta() if due is None else datetime.fromisoformat(due) - now
    if left <= timedelta():
        return None
    return Deferred(code="prescription.service_failed", reason=words.RESTING, retry_after=left)


def judge(reply: Reply, record: Record) -> Deferred:
    """Return when to ask again after an answer that is not good and was not acted upon.

    Raises RefusedError when it may not be asked again.
    """
    judgement = reply.judgement
    if judgement.kind is Kind.TOKEN:
        refused = asking.token_refused()
        return Deferred(code=refused.code, reason=refused.words, operator_failed=True)
    if judgement.kind is Kind.REFUSED:
        raise RefusedError("prescription.refused", reply.said.after(_refusal(reply)), reply.said)
    if judgement.retry is Retry.NEVER or (judgement.retry is Retry.FAILOVER and reply.alone):
        # The table lets nobody repeat this one, or only at another address, and there is none.
        raise RefusedError("prescription.given_up", words.GIVEN_UP, reply.said)
    spent(record)
    return Deferred(
        code="prescription.service_failed",
        reason=reply.words,
        retry_after=wait(reply),
        operator_failed=True,
    )


def warned(record: Record, reply: Reply) -> tuple[Words, ...]:
    """Return the record's warnings, with that of an answer when it is one."""
    if reply.judgement.kind is not Kind.WARNED or reply.judgement.words in record.warnings:
        return record.warnings
    return (*record.warnings, reply.judgement.words)


def _refusal(reply: Reply) -> Words:
    if reply.status in {404, 410}:
        return words.GONE
    if reply.status == _FORBIDDEN and reply.said.says("endpoint is forbidden"):
        return words.FORBIDDEN
    return words.REFUSED


def _tries(record: Record) -> int:
    return int(record.facts.get("tries", "0"))


def wait(reply: Reply) -> timedelta | None:
    """Return how long to wait at least: what the table says, or the service itself when that is longer."""
    said = reply.answer.headers.get("Retry-After", "")
    asked = timedelta(seconds=int(said)) if _SECONDS.fullmatch(said) else None
    waits = [one for one in (asked, reply.judgement.retry_after) if one is not None]
    return max(waits, default=None)
