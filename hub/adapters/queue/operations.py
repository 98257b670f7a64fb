"""The changes that callers ask for: putting, settling, noting, moving."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hub.adapters.queue import faults, records, tables, times
from hub.adapters.queue.batch import Need, View
from hub.adapters.queue.keys import RecordKey
from hub.adapters.queue.rows import EnvelopeRows, Row, of_step
from hub.domain.delivery import State, may_move
from hub.errors import ConflictError, Words
from hub.ports.queue import Settlement
from hub.ports.records import Step


@dataclass(slots=True)
class Put:
    """Store a submission. Its result: whether all of it was new."""

    submissions: Sequence[Row]
    envelopes: Sequence[EnvelopeRows]

    def ask(self, need: Need) -> None:
        """See whether its keys were used before."""
        need.submissions.update(one["lookup"] for one in self.submissions)

    def apply(self, view: View) -> bool:
        """Store, or recognise what is there. Raises ConflictError when that is something else."""
        new = True
        for one in self.submissions:
            earlier = view.submissions.get(one["lookup"])
            if earlier is not None:
                compare(earlier["fingerprint"], one["fingerprint"])
                new = False
        if not new:
            return False
        for envelope in self.envelopes:
            view.add_envelope(envelope)
        for one in self.submissions:
            view.submissions[one["lookup"]] = one
            view.add(tables.submissions, one)
        return True


@dataclass(slots=True)
class Settle:
    """Record how attempts ended. Its result: which of them were ours."""

    parts: Sequence[tuple[Settlement, RecordKey, EnvelopeRows | None]]

    def ask(self, need: Need) -> None:
        """See who holds the leases."""
        need.deliveries.update(one.delivery for one, _, _ in self.parts)

    def apply(self, view: View) -> list[bool]:
        """Settle those whose lease is ours. Raises StoreError for a move that the table forbids."""
        seen: set[str] = set()
        ours: list[bool] = []
        for one, _, _ in self.parts:
            row = view.deliveries.get(one.delivery)
            held = (
                row is not None
                and one.delivery not in seen
                and row["lease"] is not None
                and hmac.compare_digest(row["lease"], one.lease)
            )
            if held and row is not None:
                old = State(row["state"])
                if not settleable(old, one.state):
                    raise faults.move_forbidden(old, one.state)
                seen.add(one.delivery)
            ours.append(held)
        for (one, key, notice), held in zip(self.parts, ours, strict=True):
            if held:
                _settle(view, one, key, notice)
        return ours


@dataclass(slots=True)
class Note:
    """Add to a timeline once. Its result: whether it was the first time."""

    lookup: bytes
    steps: Sequence[Row]
    notice: EnvelopeRows | None

    def ask(self, need: Need) -> None:
        """See whether it was noted before."""
        need.notes.add(self.lookup)

    def apply(self, view: View) -> bool:
        """Note, unless that was done."""
        if self.lookup in view.notes:
            return False
        view.notes.add(self.lookup)
        view.add(tables.notes, {"lookup": self.lookup})
        _add(view, self.steps, self.notice)
        return True


@dataclass(slots=True)
class Move:
    """Move a delivery without a lease. Its result: the state it had."""

    delivery: str
    state: State
    values: Row
    step: Row
    notice: EnvelopeRows | None

    def ask(self, need: Need) -> None:
        """See its state."""
        need.deliveries.add(self.delivery)

    def apply(self, view: View) -> State | None:
        """Move it, if the table allows; who was asking about it has lost its lease then."""
        row = view.deliveries.get(self.delivery)
        if row is None:
            return None
        old = State(row["state"])
        if movable(old, self.state):
            view.change(self.delivery, **self.values)
            _add(view, [self.step], self.notice)
        return old


def compare(earlier: bytes, now: bytes) -> None:
    """Hold a key that came again to what it stood for. Raises ConflictError."""
    if not hmac.compare_digest(earlier, now):
        raise ConflictError(
            "submission.conflict",
            Words(
                en="This key was used before for something else: give a new submission a key of its own.",
                fr="Cette clé a déjà servi à autre chose : donnez sa propre clé à une nouvelle soumission.",
            ),
        )


def movable(old: State, new: State) -> bool:
    """Whether somebody who holds no lease may move a delivery so; the same state sets `due_at` anew."""
    return old is not State.LEASED and (may_move(old, new) or (old is new and not old.final))


def settleable(old: State, new: State) -> bool:
    """Whether an attempt may end so; one that was asked about and is still uncertain is asked again."""
    return may_move(old, new) or old is new is State.UNCERTAIN


def standing(state: State, at: int, due_at: int | None) -> dict[str, Any]:
    """Return the columns of a delivery that is not under lease."""
    return {
        "state": state.value,
        "due_at": None if state.final else due_at,
        "leased_until": None,
        "lease": None,
        "finished_at": at if state.final else None,
    }


def _settle(view: View, one: Settlement, key: RecordKey, notice: EnvelopeRows | None) -> None:
    at = times.write(one.at)
    view.change(
        one.delivery,
        **standing(one.state, at, times.write_optional(one.due_at)),
        attempts=view.deliveries[one.delivery]["attempts"] + one.attempted,
        code=one.code,
        reason=one.reason and key.seal(records.write_words(one.reason), "reason"),
    )
    detail = one.detail if one.detail is not None or one.reason is None else one.reason.en
    said = Step(at=one.at, event=one.event, delivery=one.delivery, code=one.code, detail=detail)
    _add(view, [of_step(one.envelope, step, key) for step in (*one.steps, said)], notice)


def _add(view: View, steps: Sequence[Row], notice: EnvelopeRows | None) -> None:
    for step in steps:
        view.add(tables.steps, step)
    if notice is not None:
        view.add_envelope(notice)
