"""What is still to be done for prescriptions, and what has been: lines in the ledger beside the records.

| line | what | due |
| --- | --- | --- |
| `h:<prescription>:<order>` | a hand-over by mail that is owed | until the mail is accepted |
| `doc:<event>` | the document that came with an event, in pieces, until it is told | |
| `e:<event>` | something that happened; kept, so that it is told once | until the prescriber is told |
| `c:<prescription>` | a wish to cancel that the service has not answered | until it has |
| `life:<prescription>` | what happened and what was handed over, for who asks | |
| `cursor` | up to where the service has been asked | |
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from hub.domain.ids import EnvelopeId
from hub.domain.prescription import PrescriptionState
from hub.domain.prescription_order import HandOrder, hand_order
from hub.domain.times import rfc3339
from hub.errors import Words
from hub.ports.clock import Clock
from hub.ports.ledger import MAX_VALUE, Ledger, Line
from hub.ports.prescription import Dispensing, Reason
from hub_eprescription import pieces
from hub_eprescription.records import KEPT

_FIRST: Final = timedelta(seconds=15)
_LONGEST: Final = timedelta(hours=1)
_TRIED_FOR: Final = timedelta(days=14)
MOST_EVENTS: Final = 200
"""Events of one prescription that are shown; the latest."""
_ROOM: Final = MAX_VALUE // 2
"""Bytes of the events in the line of a life; the rest is for what was handed over."""
_FRAME: Final = 4 << 10
"""Bytes of the line around both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver:
    """A hand-over that is owed."""

    prescription: EnvelopeId
    order: HandOrder


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """An event that the prescriber is to hear of."""

    event: Dispensing


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelling:
    """A wish to cancel that the service has not answered yet."""

    prescription: EnvelopeId
    reason: Reason


Task = HandOver | Telling | Cancelling


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A task whose time has come, and how often it was tried."""

    key: str
    task: Task
    tries: int
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """What happened to one prescription (without documents), and which envelopes handed it over."""

    events: tuple[Dispensing, ...] = ()
    handed: Mapping[str, EnvelopeId] = field(default_factory=dict)


class Agenda:
    """The lines of one service."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock

    def owed(self, task: Task, place: int = 0, *, after: timedelta = timedelta()) -> Sequence[Line]:
        """Make the lines of a task that is due now, or `after` a while, to be put together with others.

        Of several that come at one moment, `place` says which is done first.
        """
        now = self._clock.now()
        said = {"since": rfc3339(now), **_spell(task)}
        line = self._line(_key(task), said, now + after + place * timedelta(milliseconds=1))
        document = task.event.document if isinstance(task, Telling) else None
        if document is None:
            return [line]
        return [line, *pieces.lines(_document(line.key), document, line.until)]

    async def due(self, most: int = 20) -> Sequence[Due]:
        """Return tasks whose time has come. Raises StoreError."""
        return [await self._whole(_due(line)) for line in await self._ledger.due(self._clock.now(), most)]

    async def _whole(self, due: Due) -> Due:
        if not isinstance(due.task, Telling):
            return due
        document = await pieces.joined(self._ledger, _document(due.key))
        return replace(due, task=Telling(event=replace(due.task.event, document=document)))

    async def next(self) -> datetime | None:
        """Return when the next one's time comes. Raises StoreError."""
        return await self._ledger.next_due()

    async def later(self, due: Due) -> bool:
        """Put a task off, longer each time; False when it has been tried long enough."""
        now = self._clock.now()
        if now - due.since > _TRIED_FOR:
            return False
        pause = min(_FIRST * 2 ** min(due.tries, 20), _LONGEST)
        said = {"since": rfc3339(due.since), "tries": due.tries + 1, **_spell(due.task)}
        await self._ledger.put(self._line(due.key, said, now + pause))
        return True

    async def put(self, *lines: Line) -> None:
        """Write lines, all or none. Raises StoreError."""
        await self._ledger.put(*lines)

    async def done(self, key: str, *beside: Line) -> None:
        """Strike a task that is done, once what is to be remembered of it is written."""
        if beside:
            await self._ledger.put(*beside)
        await self._ledger.strike(key)

    async def heard(self, event: str) -> bool:
        """Whether an event has come before."""
        return await self._ledger.get(_event(event)) is not None

    async def told(self, event: Dispensing) -> None:
        """Remember of an event only that it was told: a repetition is known by that."""
        key = _event(event.id)
        await self._ledger.put(self._line(key, {"told": True}, None))
        if event.document is not None:
            await self._ledger.strike(*pieces.keys(_document(key), event.document))

    async def to_cancel(self, prescription: EnvelopeId) -> bool:
        """Whether a wish to cancel waits for the service's answer. Raises StoreError."""
        return await self._ledger.get(_cancel(prescription)) is not None

    async def hasten_cancel(self, prescription: EnvelopeId) -> None:
        """Make a wish to cancel due now, if there is one. Raises StoreError."""
        line = await self._ledger.get(_cancel(prescription))
        if line is not None:
            await self._ledger.put(replace(line, due_at=self._clock.now()))

    async def cancel_answered(self, prescription: EnvelopeId) -> None:
        """Strike a wish to cancel. Raises StoreError."""
        await self._ledger.strike(_cancel(prescription))

    async def life(self, prescription: EnvelopeId) -> Life:
        """Return what happened to a prescription. Raises StoreError."""
        line = await self._ledger.get(f"life:{prescription}")
        return Life() if line is None else _life(json.loads(line.value))

    def has_room(self, life: Life, order: HandOrder) -> bool:
        """Whether one hand-over more can be remembered: what is not could not be recalled."""
        handed = {**life.handed, order.name: EnvelopeId("0" * 36)}
        return len(json.dumps(handed, ensure_ascii=False).encode()) <= MAX_VALUE - _ROOM - _FRAME

    def lived(self, prescription: EnvelopeId, life: Life) -> Line:
        """Make the line of a life: of its events the latest, as many as a line has room for."""
        events: list[dict[str, Any]] = []
        left = _ROOM
        for one in reversed(life.events[-MOST_EVENTS:]):
            said = _spell_event(one)
            left -= len(json.dumps(said, ensure_ascii=False).encode())
            if left < 0:
                break
            events.insert(0, said)
        return self._line(f"life:{prescription}", {"events": events, "handed": dict(life.handed)}, None)

    async def cursor(self) -> str | None:
        """Return up to where the service has been asked. Raises StoreError."""
        line = await self._ledger.get("cursor")
        return None if line is None else str(json.loads(line.value)["at"])

    def reached(self, cursor: str) -> Line:
        """Make the line of a cursor."""
        return self._line("cursor", {"at": cursor}, None)

    def _line(self, key: str, said: Mapping[str, Any], due_at: datetime | None) -> Line:
        value = json.dumps(said, ensure_ascii=False)
        return Line(key=key, value=value, until=self._clock.now() + KEPT, due_at=due_at)


def _key(task: Task) -> str:
    match task:
        case HandOver(prescription=prescription, order=order):
            return f"h:{prescription}:{hashlib.sha256(order.name.encode()).hexdigest()}"
        case Telling(event=event):
            return _event(event.id)
        case Cancelling(prescription=prescription):
            return _cancel(prescription)


def _cancel(prescription: EnvelopeId) -> str:
    return f"c:{prescription}"


def _event(name: str) -> str:
    return f"e:{hashlib.sha256(name.encode()).hexdigest()}"


def _document(event: str) -> str:
    return f"doc:{event}"


def _spell(task: Task) -> dict[str, Any]:
    match task:
        case HandOver(prescription=prescription, order=order):
            return {"hand_over": json.loads(order.name), "prescription": prescription}
        case Telling(event=event):
            return {"event": _spell_event(event)}
        case Cancelling(prescription=prescription, reason=reason):
            return {"cancel": {"code": reason.code, "text": reason.text}, "prescription": prescription}


def _due(line: Line) -> Due:
    said = json.loads(line.value)
    task: Task
    if "hand_over" in said:
        task = HandOver(prescription=EnvelopeId(said["prescription"]), order=hand_order(said["hand_over"]))
    elif "event" in said:
        task = Telling(event=_read_event(said["event"]))
    else:
        task = Cancelling(prescription=EnvelopeId(said["prescription"]), reason=Reason(**said["cancel"]))
    since = datetime.fromisoformat(said["since"])
    return Due(key=line.key, task=task, tries=said.get("tries", 0), since=since)


def _spell_event(event: Dispensing) -> dict[str, Any]:
    return {
        "id": event.id,
        "number": event.number,
        "state": event.state.value,
        "at": rfc3339(event.at),
        "text": [event.text.en, event.text.fr],
        **({} if event.media_type is None else {"media_type": event.media_type}),
        **({} if event.document_name is None else {"document_name": event.document_name}),
    }


def _read_event(said: Mapping[str, Any]) -> Dispensing:
    en, fr = said["text"]
    return Dispensing(
        id=said["id"],
        number=said["number"],
        state=PrescriptionState(said["state"]),
        at=datetime.fromisoformat(said["at"]),
        text=Words(en=en, fr=fr),
        media_type=said.get("media_type"),
        document_name=said.get("document_name"),
    )


def _life(said: Mapping[str, Any]) -> Life:
    return Life(
        events=tuple(_read_event(one) for one in said["events"]),
        handed={name: EnvelopeId(one) for name, one in said["handed"].items()},
    )
