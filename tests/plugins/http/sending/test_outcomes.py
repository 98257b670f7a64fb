"""What a class of answers amounts to, for every class × what a step does × kind of idempotency."""

from __future__ import annotations

from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from hub.domain.outcome import Deferred, Refused, Uncertain
from hub.errors import Words
from hub_http.description.picking import ClassRule, Meaning
from hub_http.description.requests import Send, Step
from hub_http.sending.classify import Judgement
from hub_http.sending.outcomes import Rules, Taken
from hub_http.wire.faults import WireFault

KINDS = ("key", "transaction", "recover", "none")
EFFECTS = ("draft", "message")
BY_CLASS = {
    Meaning.OK: type(None),
    Meaning.WARNING: type(None),
    Meaning.REFUSED: Refused,
    Meaning.CONFLICT: Refused,
    Meaning.GONE: Refused,
    Meaning.AUTHENTICATION: Deferred,
    Meaning.RATE_LIMITED: Deferred,
    Meaning.TRANSIENT: Deferred,
    Meaning.UNCERTAIN: Uncertain,
    Meaning.CONFIGURATION: Deferred,
}


def rules(idempotency: str, *, failover: bool = False, **classes: Any) -> Rules:
    """Make the rules of an operator."""
    send = Send.model_validate({"idempotency": idempotency, "steps": [{"name": "post", "path": "/"}]})
    return Rules(
        operator="valbrume",
        send=send,
        classes={Meaning(name): ClassRule.model_validate(one) for name, one in classes.items()},
        failover=failover,
    )


def judged(meaning: Meaning, status: int = 400, **more: Any) -> Judgement:
    """Make a judgement."""
    return Judgement(meaning=meaning, status=status, **more)


@pytest.mark.parametrize(("meaning", "effect", "kind"), list(product(Meaning, EFFECTS, KINDS)))
def test_every_class_amounts_to_one_outcome(meaning: Meaning, effect: Any, kind: str) -> None:
    """Only a conflict under a native key waits, and only an uncertain message is uncertain."""
    expected: type = BY_CLASS[meaning]
    if meaning is Meaning.CONFLICT and kind == "key":
        expected = Deferred
    if meaning is Meaning.UNCERTAIN and effect == "draft":
        expected = Deferred
    assert type(rules(kind).of_answer(judged(meaning), effect=effect, attempt=1)) is expected


@pytest.mark.parametrize(("stage", "effect", "kind"), list(product(("unsent", "sent"), EFFECTS, KINDS)))
def test_a_lost_answer_is_uncertain_for_a_message_alone(stage: Any, effect: Any, kind: str) -> None:
    """Where nothing left, or only a draft, it is tried again."""
    fault = WireFault(
        "http.lost_answer", Words(en="Lost.", fr="Perdu."), stage=stage, host="valbrume.example"
    )
    outcome = rules(kind).of_fault(fault, effect=effect)
    assert isinstance(outcome, Uncertain if (stage, effect) == ("sent", "message") else Deferred)
    assert outcome.code == "http.lost_answer"


@pytest.mark.parametrize(
    ("meaning", "means", "expected"),
    [
        ("warning", "refused", Refused),
        ("warning", "delivered", type(None)),
        ("conflict", "delivered", Taken),
        ("conflict", "uncertain", Uncertain),
        ("conflict", "deferred", Deferred),
        ("gone", "deferred", Deferred),
        ("gone", "refused", Refused),
    ],
)
def test_a_description_says_what_some_classes_amount_to(meaning: str, means: str, expected: type) -> None:
    """A conflict may be the proof that it arrived, a warning may be a refusal."""
    one = rules("transaction", **{meaning: {"means": means}})
    assert type(one.of_answer(judged(Meaning(meaning)), effect="message", attempt=1)) is expected


def test_attempts_of_a_class_come_to_an_end() -> None:
    """After so many the sender hears of it, instead of at the message's end."""
    one = rules("none", transient={"attempts": 3})
    kinds = [
        type(one.of_answer(judged(Meaning.TRANSIENT), effect="message", attempt=n)) for n in (1, 2, 3, 4)
    ]
    assert kinds == [Deferred, Deferred, Refused, Refused]


def test_the_longer_pause_counts() -> None:
    """The operator's own word and the description's: the later one."""
    one = rules("none", rate_limited={"pause": "30s"})
    for asked, pause in ((5, 30), (60, 60), (None, 30)):
        judgement = judged(
            Meaning.RATE_LIMITED, retry_after=None if asked is None else timedelta(seconds=asked)
        )
        outcome = one.of_answer(judgement, effect="message", attempt=1)
        assert isinstance(outcome, Deferred)
        assert outcome.retry_after == timedelta(seconds=pause)


def test_only_what_is_the_operator_s_own_failure_counts_against_it() -> None:
    """A refusal for now of one recipient does not open the circuit breaker; a server's error does."""
    one = rules("none")

    def failed(meaning: Meaning, status: int) -> bool:
        outcome = one.of_answer(judged(meaning, status), effect="draft", attempt=1)
        assert isinstance(outcome, Deferred)
        return outcome.operator_failed

    assert failed(Meaning.TRANSIENT, 503)
    assert failed(Meaning.AUTHENTICATION, 401)
    assert not failed(Meaning.TRANSIENT, 200)
    assert not failed(Meaning.RATE_LIMITED, 429)


def test_it_tries_elsewhere_only_while_nothing_may_have_left() -> None:
    """What is deferred for the operator's sake goes to the next place at once; nothing else does."""
    one = rules("none", failover=True, refused={"failover": True}, authentication={"failover": True})
    deferred = Deferred(code="http.transient", reason=Words(en="Later.", fr="Plus tard."))
    uncertain = Uncertain(code="http.lost_answer", reason=Words(en="Lost.", fr="Perdu."))
    refused = Refused(code="http.refused", reason=Words(en="No.", fr="Non."))
    assert one.tries_elsewhere(None, deferred)
    assert one.tries_elsewhere(Meaning.TRANSIENT, deferred)
    assert one.tries_elsewhere(Meaning.AUTHENTICATION, deferred)
    assert not one.tries_elsewhere(Meaning.RATE_LIMITED, deferred)
    assert not one.tries_elsewhere(None, uncertain)
    assert not one.tries_elsewhere(Meaning.REFUSED, refused)
    assert not rules("none").tries_elsewhere(None, deferred)


def test_what_follows_the_message_does_not_undo_it() -> None:
    """A step that gives the recipient nothing may fail; half of two that do is uncertain."""
    one = rules("none")
    deferred = Deferred(code="http.transient", reason=Words(en="Later.", fr="Plus tard."))
    draft, message = (
        Step.model_validate({"name": "more", "path": "/", "effect": effect}) for effect in EFFECTS
    )
    assert one.weigh(deferred, made=True, left=[draft]) == Taken()
    partly = one.weigh(deferred, made=True, left=[message, draft])
    assert isinstance(partly, Uncertain)
    assert partly.code == "http.partly"
    assert rules("key").weigh(deferred, made=True, left=[message]) is deferred
    assert one.weigh(deferred, made=False, left=[message]) is deferred


def test_the_words_hold_the_operator_s_own() -> None:
    """The sender reads status, code and reason, in both languages."""
    outcome = rules("none").of_answer(
        judged(Meaning.REFUSED, 422, code="12", reason="no such mailbox"), effect="message", attempt=1
    )
    assert isinstance(outcome, Refused)
    for words in (outcome.reason.en, outcome.reason.fr):
        assert "422" in words
        assert "[12] no such mailbox" in words
