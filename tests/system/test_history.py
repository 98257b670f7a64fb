"""The check of histories finds what is wrong with them: a check that finds nothing proves nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.system.history import Arrival, Fate, History, Line, Said, Told, faults_in

_T = datetime(2026, 11, 2, 10, tzinfo=UTC)


def _line(second: int, event: str, delivery: str | None = None) -> Line:
    return Line(at=_T + timedelta(seconds=second), event=event, delivery=delivery)


GOOD = History(
    said=(
        Said(
            name="one",
            sender="s@x",
            recipients=("a@x", "b@x"),
            envelopes=("e1",),
            digest="D1",
            wants_notice=True,
        ),
    ),
    told=(
        Told(
            envelope="e1",
            fates=(
                Fate(delivery="d1", recipient="a@x", state="delivered"),
                Fate(delivery="d2", recipient="b@x", state="refused"),
            ),
            lines=(
                _line(0, "message.accepted"),
                _line(1, "delivery.uncertain", "d1"),
                _line(2, "delivery.refused", "d2"),
                _line(3, "delivery.resent", "d1"),
                _line(4, "delivery.delivered", "d1"),
            ),
        ),
        Told(
            envelope="n1",
            notice=True,
            about="d2",
            fates=(Fate(delivery="d3", recipient="s@x", state="delivered"),),
            lines=(_line(2, "notice.written"), _line(3, "delivery.delivered", "d3")),
        ),
    ),
    arrivals=(
        Arrival(envelope="e1", mailbox="a@x", digest="D1"),
        Arrival(envelope="e1", mailbox="a@x", digest="D1"),
        Arrival(envelope="n1", mailbox="s@x", digest=None),
    ),
)
MESSAGE, NOTICE = GOOD.told


def _message(**changed: object) -> History:
    return replace(GOOD, told=(replace(MESSAGE, **changed), NOTICE))  # type: ignore[arg-type]


def _without(*events: str) -> tuple[Line, ...]:
    return tuple(line for line in MESSAGE.lines if line.event not in events)


def _state(delivery: str, state: str) -> tuple[Fate, ...]:
    return tuple(replace(one, state=state) if one.delivery == delivery else one for one in MESSAGE.fates)


BAD: dict[str, tuple[str, Callable[[], History]]] = {
    "an accepted message is gone": ("lost", lambda: replace(GOOD, told=(NOTICE,))),
    "a recipient is gone": ("recipients", lambda: _message(fates=MESSAGE.fates[:1])),
    "a recipient is there twice": (
        "recipients",
        lambda: _message(fates=(*MESSAGE.fates, replace(MESSAGE.fates[0], delivery="d9"))),
    ),
    "one answer for two messages": (
        "shared",
        lambda: replace(GOOD, said=(*GOOD.said, replace(GOOD.said[0], name="two"))),
    ),
    "a message accepted twice": (
        "doubled",
        lambda: replace(GOOD, told=(*GOOD.told, replace(MESSAGE, envelope="e2"))),
    ),
    "a delivery still leased": ("open", lambda: _message(fates=_state("d1", "leased"))),
    "a delivery in doubt": ("open", lambda: _message(fates=_state("d1", "uncertain"))),
    "an end without a line": ("final", lambda: _message(lines=_without("delivery.delivered"))),
    "two ends": ("final", lambda: _message(lines=(*MESSAGE.lines, _line(5, "delivery.refused", "d1")))),
    "the same end twice": ("final", lambda: _message(lines=(*MESSAGE.lines, MESSAGE.lines[-1]))),
    "another end than the state": ("final", lambda: _message(fates=_state("d1", "refused"))),
    "a try after the end": (
        "final",
        lambda: _message(lines=(*MESSAGE.lines, _line(5, "delivery.deferred", "d1"))),
    ),
    "no acceptance": ("order", lambda: _message(lines=_without("message.accepted"))),
    "an end before the acceptance": (
        "order",
        lambda: _message(lines=(MESSAGE.lines[-1], *MESSAGE.lines[:-1])),
    ),
    "time goes back": (
        "order",
        lambda: _message(lines=(replace(MESSAGE.lines[0], at=_T + timedelta(seconds=2)), *MESSAGE.lines[1:])),
    ),
    "delivered, and nothing arrived": ("lost", lambda: replace(GOOD, arrivals=GOOD.arrivals[2:])),
    "refused, and it arrived": (
        "final",
        lambda: replace(GOOD, arrivals=(*GOOD.arrivals, Arrival(envelope="e1", mailbox="b@x", digest="D1"))),
    ),
    "arrived twice, and no line says so": ("doubled", lambda: _message(lines=_without("delivery.resent"))),
    "arrived more often than it was sent": (
        "doubled",
        lambda: replace(GOOD, arrivals=(*GOOD.arrivals, GOOD.arrivals[0])),
    ),
    "arrived at a stranger's": (
        "strayed",
        lambda: replace(GOOD, arrivals=(*GOOD.arrivals, replace(GOOD.arrivals[0], mailbox="c@x"))),
    ),
    "arrived from nowhere": (
        "strayed",
        lambda: replace(GOOD, arrivals=(*GOOD.arrivals, replace(GOOD.arrivals[0], envelope="e9"))),
    ),
    "arrived with another document": (
        "changed",
        lambda: replace(GOOD, arrivals=(replace(GOOD.arrivals[0], digest="D2"), *GOOD.arrivals[1:])),
    ),
    "the sender is not told": ("notice", lambda: replace(GOOD, told=(MESSAGE,), arrivals=GOOD.arrivals[:2])),
    "the sender is told twice": (
        "notice",
        lambda: replace(GOOD, told=(*GOOD.told, replace(NOTICE, envelope="n2"))),
    ),
    "the notice is lost": ("lost", lambda: replace(GOOD, arrivals=GOOD.arrivals[:2])),
    "somebody else is told": (
        "notice",
        lambda: replace(
            GOOD,
            told=(MESSAGE, replace(NOTICE, fates=(replace(NOTICE.fates[0], recipient="a@x"),))),
            arrivals=(*GOOD.arrivals[:2], replace(GOOD.arrivals[2], mailbox="a@x")),
        ),
    ),
    "who did not ask is told": (
        "notice",
        lambda: replace(GOOD, said=(replace(GOOD.said[0], wants_notice=False),)),
    ),
    "a success is told as a failure": (
        "notice",
        lambda: replace(GOOD, told=(MESSAGE, NOTICE, replace(NOTICE, envelope="n2", about="d1"))),
    ),
}


def test_a_good_history_has_no_faults() -> None:
    """A double that the timeline speaks of, and a refusal that the sender hears of once, are right."""
    assert faults_in(GOOD) == []


@pytest.mark.parametrize("what", BAD)
def test_a_bad_history_is_found_out(what: str) -> None:
    """Each thing that must not happen is named when it did."""
    word, history = BAD[what]
    assert word in {fault.partition(":")[0] for fault in faults_in(history())}
