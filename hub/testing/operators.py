"""Operators that play a script: they deliver, defer, refuse, fall silent, break, hang, by recipient."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from hub.domain.address import Address
from hub.domain.ids import DeliveryId, DocumentId, EnvelopeId
from hub.domain.outcome import Deferred, Delivered, Outcome, Refused, Uncertain
from hub.errors import Words
from hub.ports.connector import Addressee, Capabilities, Parcel


class Play(StrEnum):
    """What the operator does for one recipient in one attempt.

    `ANSWER_LOST`, `RAISE_AFTER` and `HANG_AFTER` take the message first; with `CUT` it is lost on the
    way. `RAISE_…` and `HANG_…` end the whole attempt, whoever else is in the parcel.
    """

    DELIVERED = "delivered"
    DEFERRED = "deferred"
    BUSY = "busy"
    DOWN = "down"
    REFUSED = "refused"
    ANSWER_LOST = "answer-lost"
    CUT = "cut"
    SILENT = "silent"
    RAISE_BEFORE = "raise-before"
    RAISE_AFTER = "raise-after"
    HANG_BEFORE = "hang-before"
    HANG_AFTER = "hang-after"


BUSY_FOR = timedelta(minutes=10)
"""What an operator that is `Play.BUSY` asks the hub to wait."""
_BEFORE = (Play.RAISE_BEFORE, Play.HANG_BEFORE)
_TAKES = (Play.DELIVERED, Play.ANSWER_LOST, Play.RAISE_AFTER, Play.HANG_AFTER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A message that reached its recipient."""

    delivery: DeliveryId
    envelope: EnvelopeId
    recipient: Address
    contents: Mapping[DocumentId, bytes] = field(repr=False)


class ScriptedOperator:
    """Plays, for each recipient, its script's lines in turn; the last line repeats (`Delivers`).

    A recipient without a script gets what they are sent. `arrivals` is what arrived, doubles included;
    `running` and `most_running` count attempts under way; `begun` is set by each. While `gate` is
    cleared, attempts wait there before anything is opened.
    """

    def __init__(
        self,
        scripts: Mapping[str, Iterable[Play]] | None = None,
        *,
        capabilities: Capabilities | None = None,
    ) -> None:
        self._scripts = {address: list(plays) for address, plays in (scripts or {}).items()}
        self._capabilities = capabilities or Capabilities()
        self.arrivals: list[Arrival] = []
        self.parcels: list[Parcel] = []
        self.running = 0
        self.most_running = 0
        self.begun = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()

    @property
    def capabilities(self) -> Capabilities:
        """What it can carry."""
        return self._capabilities

    def script(self, address: str, *plays: Play) -> None:
        """Give a recipient another script."""
        self._scripts[address] = list(plays)

    async def deliver(self, parcel: Parcel) -> Mapping[DeliveryId, Outcome]:
        """Play one line for each recipient."""
        self.parcels.append(parcel)
        self.begun.set()
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            await self.gate.wait()
            plays = [(one, self._next(one)) for one in parcel.addressees]
            await self._end([play for _, play in plays if play in _BEFORE])
            outcomes = {one.delivery: await self._play(parcel, one, play) for one, play in plays}
            await self._end([play for _, play in plays if play not in _BEFORE])
        finally:
            self.running -= 1
        return {delivery: outcome for delivery, outcome in outcomes.items() if outcome is not None}

    def _next(self, one: Addressee) -> Play:
        script = self._scripts.get(str(one.party.address)) or [Play.DELIVERED]
        return script.pop(0) if len(script) > 1 else script[0]

    async def _end(self, plays: Iterable[Play]) -> None:
        for play in plays:
            if play in (Play.RAISE_BEFORE, Play.RAISE_AFTER):
                raise RuntimeError("the script says so")
            if play in (Play.HANG_BEFORE, Play.HANG_AFTER):
                await asyncio.Event().wait()

    async def _play(self, parcel: Parcel, one: Addressee, play: Play) -> Outcome | None:
        if play in _TAKES or play is Play.CUT:
            contents = {
                document: b"".join([piece async for piece in parcel.contents[document].pieces()])
                for document in parcel.contents
            }
            if play in _TAKES:
                self.arrivals.append(
                    Arrival(
                        delivery=one.delivery,
                        envelope=parcel.sealed.envelope.id,
                        recipient=one.party.address,
                        contents=contents,
                    )
                )
        return _OUTCOMES.get(play)


class RecoveringOperator(ScriptedOperator):
    """One that can be asked what arrived (`Recovers`). While `mute` it can't tell."""

    mute = False

    async def recover(self, parcel: Parcel) -> Mapping[DeliveryId, Outcome]:
        """Return Delivered for what arrived, Deferred for what did not."""
        arrived = {one.delivery for one in self.arrivals}
        return {
            one.delivery: _OUTCOMES[Play.CUT]
            if self.mute
            else Delivered(receipt="it had arrived")
            if one.delivery in arrived
            else Deferred(
                code="operator.not_seen",
                reason=Words(en="It has not arrived.", fr="Il n'est pas arrivé."),
            )
            for one in parcel.addressees
        }


_LOST = Uncertain(
    code="operator.answer_lost",
    reason=Words(en="The answer was lost.", fr="La réponse s'est perdue."),
)
_OUTCOMES: dict[Play, Outcome] = {
    Play.DELIVERED: Delivered(receipt="250 2.0.0 ok"),
    Play.ANSWER_LOST: _LOST,
    Play.CUT: _LOST,
    Play.DEFERRED: Deferred(
        code="mailbox.full", reason=Words(en="The mailbox is full.", fr="La boîte est pleine.")
    ),
    Play.BUSY: Deferred(
        code="operator.busy",
        reason=Words(en="The operator is busy.", fr="L'opérateur est occupé."),
        retry_after=BUSY_FOR,
        operator_failed=True,
    ),
    Play.DOWN: Deferred(
        code="operator.down",
        reason=Words(en="The operator does not answer.", fr="L'opérateur ne répond pas."),
        operator_failed=True,
    ),
    Play.REFUSED: Refused(
        code="mailbox.unknown",
        reason=Words(en="There is no such mailbox.", fr="Cette boîte n'existe pas."),
    ),
}
