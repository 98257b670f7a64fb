"""The fault table of a description: for each step and each thing that may go wrong, what becomes of it.

Computed from the description alone, by the rules that the sender itself follows; docs print it, and tests
hold the sender to it. It is about the first attempt at a delivery, with one base URL.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final, Literal

from hub.domain.outcome import Deferred, Outcome, Refused, Uncertain
from hub.errors import Words
from hub_http.description.model import Description
from hub_http.description.requests import Send, Step
from hub_http.mapping import picking
from hub_http.mapping.answered import Answered
from hub_http.sending.classify import judge
from hub_http.sending.outcomes import Rules, Taken
from hub_http.wire.faults import Stage, WireFault


class Fault(StrEnum):
    """What may go wrong with one request."""

    CONNECTION = "refused connection"
    TLS = "TLS failure"
    SILENCE = "no answer in time"
    LOST = "lost answer"
    S400 = "400"
    S401 = "401"
    S403 = "403"
    S404 = "404"
    S409 = "409"
    S422 = "422"
    S429 = "429"
    S500 = "500"
    S502 = "502"
    S503 = "503"
    S503_LATER = "503 with Retry-After"
    REDIRECT = "307"
    MALFORMED = "malformed answer"


Then = Literal["", "tried again", "asked about", "sent again under its id", "a person decides", "sender told"]

_STAGES: Final[dict[Fault, tuple[str, Stage]]] = {
    Fault.CONNECTION: ("http.unreachable", "unsent"),
    Fault.TLS: ("http.tls_failed", "unsent"),
    Fault.SILENCE: ("http.too_slow", "sent"),
    Fault.LOST: ("http.lost_answer", "sent"),
}
_RETRY_AFTER: Final = "7"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line: a fault at a step, the outcome's kind and code, and what follows.

    `outcome` is `delivered` too when the send goes on as if nothing had happened, and `hook` when a hook
    reads the answer: then it says.
    """

    step: str
    fault: Fault
    outcome: Literal["delivered", "deferred", "refused", "uncertain", "hook"]
    code: str
    then: Then


def outcomes_of(description: Description) -> tuple[Line, ...]:
    """Return the whole table, step by step; nothing for a description that does not send."""
    send = description.send
    if send is None or send.hook is not None:
        return ()
    return tuple(_lines(description, send))


def answer_of(fault: Fault) -> tuple[int, dict[str, str], bytes] | None:
    """Return status, headers and body by which an operator commits a fault; None when it does not answer."""
    match fault:
        case Fault.MALFORMED:
            return 200, {"content-type": "text/html"}, b"<html>{"
        case Fault.S503_LATER:
            return 503, {"retry-after": _RETRY_AFTER}, b""
        case _ if fault.value.isdigit():
            return int(fault.value), {}, b""
        case _:
            return None


def stage_of(fault: Fault) -> tuple[str, Stage]:
    """Return the code of a fault to which there is no answer, and how far the request had come."""
    return _STAGES[fault]


def _lines(description: Description, send: Send) -> Iterator[Line]:
    rules = Rules(operator="", send=send, classes=description.classes)
    made = False
    for number, step in enumerate(send.steps):
        for fault in Fault:
            outcome = _outcome(description, rules, step, fault)
            if rules.burnt(outcome, step.effect, left=False):
                yield Line(
                    step=step.name, fault=fault, outcome="deferred", code="http.id_used", then="tried again"
                )
                continue
            if outcome is not None:
                outcome = rules.weigh(outcome, made=made, left=send.steps[number:])
            yield _line(send, step, fault, outcome)
        made = made or step.effect == "message"


def _outcome(description: Description, rules: Rules, step: Step, fault: Fault) -> Outcome | Taken | None:
    answer = answer_of(fault)
    if answer is None:
        code, stage = stage_of(fault)
        return rules.of_fault(_fault(code, stage), effect=step.effect)
    status, headers, body = answer
    answered = Answered(status=status, headers=headers, body=body)
    unreadable = _unreadable(step, answered) if fault is Fault.MALFORMED else None
    if unreadable is not None:
        return rules.of_fault(_fault(unreadable, "sent"), effect=step.effect)
    judgement = judge(
        step.answers, description.answers, answered, _SCOPE, now=_NOW, effect=rules.effect(step.effect)
    )
    return rules.of_answer(judgement, effect=step.effect, attempt=1)


def _unreadable(step: Step, answered: Answered) -> str | None:
    """Return the code of the fault that a malformed answer is at this step; None when nobody reads it."""
    if step.media_types is not None:
        return "http.answer_media_type"
    needed = [step.take[name] for name in step.needs if name in step.take]
    needed += [step.remote] if step.remote is not None else []
    if any(picking.pick(one, answered, _SCOPE) is picking.ABSENT for one in needed):
        return "http.answer_lacks"
    return None


def _fault(code: str, stage: Stage) -> WireFault:
    return WireFault(code, Words(en="", fr=""), stage=stage, host="")


def _line(send: Send, step: Step, fault: Fault, outcome: Outcome | Taken | None) -> Line:
    match outcome:
        case Deferred(code=code):
            return Line(step=step.name, fault=fault, outcome="deferred", code=code, then="tried again")
        case Refused(code=code):
            return Line(step=step.name, fault=fault, outcome="refused", code=code, then="sender told")
        case Uncertain(code=code):
            then = _THEN[send.idempotency]
            return Line(step=step.name, fault=fault, outcome="uncertain", code=code, then=then)
        case None if step.hook is not None:
            return Line(step=step.name, fault=fault, outcome="hook", code="", then="")
        case _:
            return Line(step=step.name, fault=fault, outcome="delivered", code="", then="")


_THEN: Final[dict[str, Then]] = {
    "key": "sent again under its id",
    "transaction": "sent again under its id",
    "recover": "asked about",
    "none": "a person decides",
}
_NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)
_SCOPE: Final[dict[str, Any]] = {}
