"""An e-prescription service in memory, and the adapter that speaks to it: it keeps the adapters' contract.

A prescription is JSON: `{"patient": …, "prescriber": …, "medicine": …}`. Signing is to put `signed:` before
it. The service gives a number, then takes the signed bytes; either answer may be lost.
"""

# ruff: noqa: ARG002 -- a fake has its port's arguments, and needs few of them
from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from hub.domain.address import Address
from hub.domain.outcome import Deferred, Delivered, Refused, Uncertain
from hub.domain.party import Party
from hub.domain.prescription import CancelResult, Handing, Medicine, PrescriptionState, PrescriptionView
from hub.errors import InputError, MalformedError, PeerError, Words
from hub.ports.clock import Clock
from hub.ports.prescription import (
    Abilities,
    Cancellation,
    Code2D,
    Dispensing,
    Enclosure,
    Handover,
    Journal,
    News,
    Order,
    Reason,
    Record,
    Signing,
)

MEDIA_TYPE: Final = "application/x-prescription+json"
SIGNED_TYPE: Final = "application/x-signed-prescription"
MAILBOX: Final = Address.parse("ordonnances@service.example")
CALLS: Final = ("create", "activate")
_S = PrescriptionState
_NOT_YET: Final = Words(en="It is not issued.", fr="Elle n'est pas émise.")
_SO: Final = Words(en="This is how it stands.", fr="Voici où elle en est.")


class LostError(Exception):
    """The answer never came."""


@dataclass(slots=True)
class MemoryCounterpart:
    """The service itself. `held` are states by number, a bare number being a draft.

    `losing` are the next answers to be lost, as (call, whether it acts first); `up` whether it answers.
    """

    up: bool = True
    held: dict[str, PrescriptionState] = field(default_factory=dict)
    contents: dict[str, bytes] = field(default_factory=dict)
    happened: list[str] = field(default_factory=list)
    losing: list[tuple[str, bool]] = field(default_factory=list)

    def create(self) -> str:
        """Give a number."""
        acts = self._answers("create")
        number = f"N-{len(self.held) + 1}"
        if acts is not False:
            self.held[number] = _S.DRAFT
        if acts is not None:
            raise LostError
        return number

    def activate(self, number: str, signed: bytes) -> None:
        """Take a prescription; the same bytes again are the same prescription."""
        acts = self._answers("activate")
        if acts is not False and self.held[number] is _S.DRAFT:
            self.held[number], self.contents[number] = _S.ACTIVE, signed
        if acts is not None:
            raise LostError
        if self.contents[number] != signed:
            raise AssertionError("a number was used for two contents")

    def cancel(self, number: str) -> PrescriptionState:
        """Cancel what no pharmacy has; returns how it stood before."""
        acts, before = self._answers("cancel"), self.held[number]
        if acts is not False and before is _S.ACTIVE:
            self.held[number] = _S.CANCELLED
        if acts is not None:
            raise LostError
        return before

    def dispense(self, number: str) -> None:
        """Let a pharmacy dispense it."""
        self.held[number] = _S.COMPLETED
        self.happened.append(number)

    def reach(self) -> None:
        """Raise PeerError while it is down."""
        if not self.up:
            raise PeerError(
                "service.down", Words(en="The service does not answer.", fr="Le service ne répond pas.")
            )

    def _answers(self, call: str) -> bool | None:
        """Return None for a call that is answered, else whether it acts."""
        self.reach()
        for one in self.losing:
            if one[0] == call:
                self.losing.remove(one)
                return one[1]
        return None


class MemoryService:
    """The adapter (`hub.ports.prescription.PrescriptionService`)."""

    def __init__(self, counterpart: MemoryCounterpart, clock: Clock) -> None:
        self._there = counterpart
        self._clock = clock

    @property
    def abilities(self) -> Abilities:
        """What it can do."""
        return Abilities(
            mailbox=MAILBOX,
            media_types=frozenset({MEDIA_TYPE}),
            professions=frozenset({"10"}),
            signing=Signing.HUB,
        )

    def read(self, media_type: str, content: bytes) -> PrescriptionView:
        """Read the JSON. Raises MalformedError."""
        if media_type == SIGNED_TYPE:
            content = content.removeprefix(b"signed:")
        try:
            said = json.loads(content)
            patient, prescriber, medicine = (str(said[one]) for one in ("patient", "prescriber", "medicine"))
        except (ValueError, KeyError, TypeError, RecursionError):
            raise MalformedError(
                "prescription.malformed", Words(en="It can't be read.", fr="C'est illisible.")
            ) from None
        return PrescriptionView(
            number=None,
            authored_on=None,
            valid_until=None,
            patient=patient,
            patient_identifiers=(),
            born=None,
            prescriber=prescriber,
            prescriber_identifiers=(),
            organisation="",
            medicines=(Medicine(name=medicine),),
        )

    def check(self, order: Order) -> None:
        """Take what can be read."""
        if order.media_type != MEDIA_TYPE:
            raise InputError(
                "prescription.media_type",
                Words(en="This service takes no such type.", fr="Ce service ne prend pas ce type."),
            )
        self.read(order.media_type, order.content)

    async def issue(self, order: Order, journal: Journal) -> Delivered | Deferred | Refused | Uncertain:
        """Fetch a number, sign, activate; each is kept before the next."""
        self.check(order)
        record = journal.record
        try:
            if record.number is None:
                # A number whose answer was lost stays a draft that nobody uses.
                number = self._there.create()
                secret = f"secret-of-{number}"
                code = f"{number}?ac={secret}"
                record = await journal.keep(replace(record, number=number, secret=secret, code=code))
        except LostError:
            await journal.keep(replace(record, orphans=record.orphans + 1))
            return Deferred(code="service.lost", reason=_NOT_YET)
        if await journal.signed() is None:
            record = replace(record, state=_S.SIGNED, signed_type=SIGNED_TYPE)
            await journal.keep_signed(record, b"signed:" + order.content)
        return await self.settle(order, journal)

    async def take_signed(self, signed: bytes, prescriber: Party, journal: Journal) -> None:
        """Refuse: the hub signs here."""
        raise InputError("prescription.nothing_to_sign", _NOT_YET)

    async def settle(self, order: Order, journal: Journal) -> Delivered | Deferred | Refused | Uncertain:
        """Activate the kept bytes again."""
        record, signed = journal.record, await journal.signed()
        if record.state.issued:
            return Delivered(receipt="issued")
        if signed is None or record.number is None:
            return Deferred(code="service.not_begun", reason=_NOT_YET)
        try:
            self._there.activate(record.number, signed)
        except LostError:
            return Uncertain(code="service.lost", reason=_NOT_YET)
        await journal.keep(replace(record, state=_S.ACTIVE, issued_at=self._clock.now()))
        return Delivered(receipt="issued")

    async def cancel(self, record: Record, reason: Reason, prescriber: Party) -> Cancellation:
        """Cancel what no pharmacy has."""
        try:
            before = self._there.cancel(record.number or "")
        except LostError:
            raise PeerError("service.lost", _SO) from None
        result = _RESULTS[before]
        return Cancellation(result=result, state=_S.CANCELLED if result.done else before, words=_SO)

    async def status(self, record: Record) -> Record:
        """Ask."""
        self._there.reach()
        return replace(record, state=self._there.held[record.number or ""])

    async def events(self, cursor: str | None) -> News:
        """Tell what was dispensed since; None is now."""
        self._there.reach()
        happened = self._there.happened
        start = len(happened) if cursor is None else int(cursor)
        told = [self._dispensing(at, number) for at, number in enumerate(happened) if at >= start]
        return News(events=told, cursor=str(len(happened)))

    def code(self, record: Record, signed: bytes | None) -> Code2D | None:
        """Return its code once it is issued."""
        return Code2D(text=record.code) if record.state.issued else None

    async def hand_over(
        self, record: Record, signed: bytes | None, order: Order, form: Handing, language: str
    ) -> Handover:
        """Make a mail with what is asked for."""
        if not record.state.issued or signed is None:
            raise InputError("prescription.not_issued", _NOT_YET)
        content = signed if form is Handing.DOCUMENT else (record.code or "").encode()
        return Handover(
            subject="E-prescription",
            enclosures=(
                Enclosure(name="body.txt", media_type="text/plain", content=b"Bonjour", body=True),
                Enclosure(name="prescription", media_type=SIGNED_TYPE, content=content),
            ),
        )

    async def probe(self) -> None:
        """Answer."""
        self._there.reach()

    def dispensings(self, media_type: str, content: bytes) -> Sequence[Dispensing]:
        """Read numbers, one a line."""
        if media_type != "application/x-dispensed":
            return ()
        return [self._dispensing(0, number) for number in content.decode().split()]

    def _dispensing(self, at: int, number: str) -> Dispensing:
        return Dispensing(
            id=f"event-{at}-{number}", number=number, state=_S.COMPLETED, at=self._clock.now(), text=_SO
        )


_RESULTS: Final = {
    _S.ACTIVE: CancelResult.CANCELLED,
    _S.CANCELLED: CancelResult.ALREADY_CANCELLED,
    _S.CLAIMED: CancelResult.WITH_DISPENSER,
    _S.COMPLETED: CancelResult.DISPENSED,
}
