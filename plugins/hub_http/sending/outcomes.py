"""What an answer, or the lack of one, amounts to for a delivery. The one such table.

Two questions decide: what the answer means, and whether the request may have made the message. A lost
answer is uncertain only for a request that may; whatever became of a draft does no harm.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from hub.domain.outcome import Deferred, Outcome, Refused, Uncertain
from hub.errors import ConfigError, HubError, Words
from hub_http.description.picking import ClassRule, Meaning
from hub_http.description.requests import Send, Step
from hub_http.sending import wording
from hub_http.sending.classify import Effect, Judgement
from hub_http.wire.faults import WireFault

HARMLESS: Final = frozenset({"key", "transaction"})
"""The kinds of idempotency with which a second send does no harm."""
_SERVER: Final = 500
_NONE: Final = ClassRule()
_PARTLY: Final = Words(
    en="Some of its steps were done, and a later one failed.",
    fr="Certaines étapes ont été faites, puis une autre a échoué.",
)
_MEANS: Final = {
    Meaning.OK: "good",
    Meaning.WARNING: "good",
    Meaning.REFUSED: "refused",
    Meaning.CONFLICT: "refused",
    Meaning.GONE: "refused",
    Meaning.UNCERTAIN: "uncertain",
}
_BY_MEANS: Final = frozenset({Meaning.CONFLICT, Meaning.GONE, Meaning.WARNING})
"""The classes whose `means` counts."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What `means = "delivered"` amounts to: the operator has the message, whatever steps are left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What follows from a class at one operator."""

    operator: str
    send: Send
    classes: Mapping[Meaning, ClassRule]
    failover: bool = False

    @property
    def harmless(self) -> bool:
        """Whether a second send does no harm."""
        return self.send.idempotency in HARMLESS

    @property
    def deferrable(self) -> bool:
        """Whether what may have arrived may as well wait like what has not.

        A message for several must not: each recipient would come up again at another time, and go out alone
        under another id. What is uncertain comes up for all of them at once.
        """
        return self.harmless and self.send.recipients == "one"

    @property
    def repeatable(self) -> bool:
        """Whether a request may leave twice when a connection proves dead, before anybody is asked.

        Only under a native key: else a second part doubles a document, and a second upload hides the first.
        """
        return self.send.idempotency == "key"

    @property
    def resumes(self) -> bool:
        """Whether drafts of an earlier attempt are used again: under an id that the operator has seen."""
        return self.send.idempotency == "transaction" and self.send.steps[0].effect == "draft"

    @property
    def knows_what_left(self) -> bool:
        """Whether the ledger says of every call if something that may make the message has left."""
        return self.resumes or self.send.idempotency == "recover"

    def burnt(self, outcome: Outcome | Taken | None, effect: Effect, *, left: bool) -> bool:
        """Whether the operator knows our id only from a draft, of which no message has been made.

        Nothing that may make one has ever left under this id: what it knows is a draft whose answer was
        lost. To call that delivered would lose the message.
        """
        return isinstance(outcome, Taken) and effect == "draft" and self.knows_what_left and not left

    def effect(self, effect: Effect) -> Effect:
        """Return as what a step is judged: where a second send does no harm, an error is not uncertain."""
        return "draft" if self.deferrable else effect

    def of_answer(self, judgement: Judgement, *, effect: Effect, attempt: int) -> Outcome | Taken | None:
        """Return what an answer amounts to; None: it did what it is for, the send goes on."""
        rule = self.classes.get(judgement.meaning, _NONE)
        match self._means(judgement.meaning, rule):
            case "good":
                return None
            case "delivered":
                return Taken()
            case "refused":
                return self._refused(judgement)
            case "uncertain" if effect == "message":
                words = wording.answered(self.operator, judgement)
                return Uncertain(code=_code(judgement), reason=wording.lost(self.operator, words))
        if rule.attempts is not None and attempt >= rule.attempts:
            return self._refused(judgement)
        return Deferred(
            code=_code(judgement),
            reason=wording.answered(self.operator, judgement),
            retry_after=_longest(rule.pause, judgement.retry_after),
            operator_failed=judgement.status >= _SERVER
            or judgement.meaning in {Meaning.AUTHENTICATION, Meaning.CONFIGURATION},
        )

    def of_fault(self, fault: WireFault, *, effect: Effect) -> Deferred | Uncertain:
        """Return what it amounts to that no answer came."""
        if fault.stage == "sent" and effect == "message":
            return Uncertain(code=fault.code, reason=wording.lost(self.operator, fault.words))
        pause = self.classes.get(Meaning.TRANSIENT, _NONE).pause
        return Deferred(
            code=fault.code,
            reason=fault.words,
            retry_after=_longest(pause, fault.retry_after),
            operator_failed=fault.code != "http.paused",
        )

    def weigh(self, outcome: Outcome | Taken, *, made: bool, left: Sequence[Step]) -> Outcome | Taken:
        """Weigh an outcome that comes after a request which has made something for the recipient, if `made`.

        `left` are the steps that were not done, the one that decided among them.
        """
        if not made or isinstance(outcome, Taken | Uncertain):
            return outcome
        if all(one.effect == "draft" for one in left):
            return Taken()
        if self.deferrable and isinstance(outcome, Deferred):
            return outcome
        return Uncertain(code="http.partly", reason=wording.lost(self.operator, _PARTLY))

    def tries_elsewhere(self, meaning: Meaning | None, outcome: Outcome | Taken | None) -> bool:
        """Whether the next fail-over URL is tried at once. `meaning` is None when no answer came."""
        if not self.failover or not isinstance(outcome, Deferred) or outcome.code == "http.paused":
            return False
        said = self.classes.get(meaning or Meaning.TRANSIENT, _NONE).failover
        return said if said is not None else meaning in {None, Meaning.TRANSIENT}

    def _means(self, meaning: Meaning, rule: ClassRule) -> str:
        if meaning in _BY_MEANS and rule.means is not None:
            return "good" if meaning is Meaning.WARNING and rule.means == "delivered" else rule.means
        if meaning is Meaning.CONFLICT and self.send.idempotency == "key":
            # The first request with this key is still being worked on.
            return "deferred"
        return _MEANS.get(meaning, "deferred")

    def _refused(self, judgement: Judgement) -> Refused:
        return Refused(code=_code(judgement), reason=wording.answered(self.operator, judgement))


def unmade(error: HubError) -> Deferred:
    """Return what it means that our side could not make a request: nothing left."""
    return Deferred(code=error.code, reason=error.words, operator_failed=isinstance(error, ConfigError))


def _code(judgement: Judgement) -> str:
    return f"http.{judgement.meaning.value}"


def _longest(one: timedelta | None, other: timedelta | None) -> timedelta | None:
    given = [pause for pause in (one, other) if pause is not None]
    return max(given, default=None)
