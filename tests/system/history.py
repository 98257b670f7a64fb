"""What a run promised and what came of it, and the check that both agree.

Nothing here looks at a hub: whoever ran one writes down what senders heard, what the hub's records say
and what lies in mailboxes; `faults_in` compares them. It is itself tested with histories that are wrong.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

_FINAL: Final = {
    "delivered": {"delivery.delivered", "acknowledgement.delivered"},
    "refused": {"delivery.refused"},
    "expired": {"delivery.expired"},
    "cancelled": {"delivery.cancelled"},
}
_ENDS: Final = frozenset(f"delivery.{state}" for state in _FINAL)
_BEGINS: Final = frozenset({"message.accepted", "notice.written"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What one sender handed over and the hub answered 250 or 202 to. `digest` is of the document."""

    name: str
    sender: str
    recipients: tuple[str, ...]
    envelopes: tuple[str, ...]
    digest: str
    wants_notice: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """One delivery, as the hub's records have it."""

    delivery: str
    recipient: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a timeline."""

    at: datetime
    event: str
    delivery: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One envelope, as the hub's records have it. `about` is the delivery that a notice speaks of."""

    envelope: str
    fates: tuple[Fate, ...]
    lines: tuple[Line, ...]
    about: str | None = None
    notice: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One thing found in a mailbox. `digest` is of its document; None for a notice."""

    envelope: str
    mailbox: str
    digest: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """All of a run."""

    said: tuple[Said, ...]
    told: tuple[Told, ...]
    arrivals: tuple[Arrival, ...]


def faults_in(history: History) -> list[str]:
    """Return everything in which promises and facts differ; nothing when the run was good."""
    return [
        *_promises(history),
        *(fault for one in history.told for fault in _timeline(one)),
        *_arrivals(history),
        *_notices(history),
    ]


def _promises(history: History) -> Iterator[str]:
    """Everything acknowledged is recorded, for each recipient once; nothing else is."""
    told = {one.envelope: one for one in history.told}
    named: Counter[str] = Counter()
    for said in history.said:
        named.update(set(said.envelopes))
        missing = [one for one in said.envelopes if one not in told]
        if missing:
            yield f"lost: {said.name} was accepted as {missing}, which nobody knows"
        reached = [fate.recipient for one in said.envelopes if one in told for fate in told[one].fates]
        if sorted(reached) != sorted(said.recipients) and not missing:
            yield f"recipients: {said.name} was for {said.recipients}, recorded for {reached}"
    for envelope, times in named.items():
        if times > 1:
            yield f"shared: {envelope} was the answer to {times} messages"
    for one in history.told:
        if not one.notice and not named[one.envelope]:
            yield f"doubled: {one.envelope} was recorded, and no sender was told of it"


def _timeline(told: Told) -> Iterator[str]:
    """One final state each, no end before the beginning, and time goes one way."""
    id_ = told.envelope
    if not told.lines or told.lines[0].event not in _BEGINS:
        yield f"order: {id_} does not begin with its acceptance"
    if any(later.at < earlier.at for earlier, later in zip(told.lines, told.lines[1:], strict=False)):
        yield f"order: time goes back in the timeline of {id_}"
    for fate in told.fates:
        own = [line.event for line in told.lines if line.delivery == fate.delivery]
        ends = [event for event in own if event in _ENDS]
        if fate.state not in _FINAL:
            yield f"open: {fate.delivery} of {id_} is {fate.state}"
        elif len(ends) > 1 or not _FINAL[fate.state] & set(own):
            yield f"final: {fate.delivery} of {id_} is {fate.state}, and its timeline says {own}"
        elif ends and any(one.startswith("delivery.") for one in own[own.index(ends[0]) + 1 :]):
            yield f"final: {fate.delivery} of {id_} went on after its end: {own}"


def _arrivals(history: History) -> Iterator[str]:
    """Whether what is delivered is there, as it was sent, once unless the timeline says otherwise."""
    digests = {envelope: said.digest for said in history.said for envelope in said.envelopes}
    found: dict[tuple[str, str], list[Arrival]] = defaultdict(list)
    for arrival in history.arrivals:
        found[arrival.envelope, arrival.mailbox].append(arrival)
    for told in history.told:
        for fate in told.fates:
            here = found.pop((told.envelope, fate.recipient), [])
            again = sum(
                line.event == "delivery.resent" and line.delivery == fate.delivery for line in told.lines
            )
            if fate.state == "delivered" and not here:
                yield f"lost: {fate.delivery} of {told.envelope} is delivered and did not arrive"
            if fate.state != "delivered" and here:
                yield f"final: {fate.delivery} of {told.envelope} is {fate.state} and arrived"
            if len(here) > 1 + again:
                yield f"doubled: {fate.delivery} of {told.envelope} arrived {len(here)} times, resent {again}"
            if any(one.digest != digests.get(told.envelope) for one in here):
                yield f"changed: {fate.delivery} of {told.envelope} did not arrive as it was sent"
    for envelope, mailbox in found:
        yield f"strayed: {envelope} arrived at {mailbox}, whom nobody named"


def _notices(history: History) -> Iterator[str]:
    """Who asked hears of each failure once; nobody hears of anything else."""
    notices = defaultdict(list)
    for one in history.told:
        if one.notice:
            notices[one.about].append(one)
    told = {one.envelope: one for one in history.told}
    for said in history.said:
        for fate in (fate for one in said.envelopes if one in told for fate in told[one].fates):
            due = said.wants_notice and fate.state in {"refused", "expired", "cancelled"}
            got = notices.pop(fate.delivery, [])
            if len(got) != due:
                yield f"notice: {fate.delivery} ({fate.state}) was told of {len(got)} times"
            for notice in got:
                if [one.recipient for one in notice.fates] != [said.sender]:
                    yield f"notice: {notice.envelope} went to somebody other than the sender"
    for about in notices:
        yield f"notice: one speaks of {about}, which nobody sent"
