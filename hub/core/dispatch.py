"""One attempt: leased deliveries → the directory again → the operator's connector → outcomes.

Outcomes are values here; `settle` says what becomes of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from hub.core import answers, rechecking
from hub.core.calling import Call, Halt, Returned, Watched
from hub.core.operators import Operator
from hub.core.rechecking import party_of
from hub.core.register import Register
from hub.domain.delivery import State
from hub.domain.ids import DeliveryId
from hub.domain.message import Kind
from hub.domain.outcome import Deferred, Outcome, Uncertain
from hub.domain.party import PartyKind
from hub.errors import Words
from hub.ports.clock import Clock
from hub.ports.connector import Addressee, Parcel, Recovers
from hub.ports.directory import Entry, MailboxKind, Standing
from hub.ports.prescribing import Prescribes
from hub.ports.queue import Claimed

_AS_SEALED: Final = {
    PartyKind.PERSON: MailboxKind.PERSONAL,
    PartyKind.ORGANISATION: MailboxKind.ORGANISATIONAL,
    PartyKind.APPLICATION: MailboxKind.APPLICATION,
    PartyKind.PATIENT: MailboxKind.PATIENT,
}


class Unasked:
    """What a delivery gets when nobody can be asked: a receipt or a person settles it, or its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resend:
    """What an uncertain delivery gets when a second send is harmless."""


Verdict = Outcome | Unasked | Resend | Returned


@dataclass(slots=True, kw_only=True)
class Attempt:
    """What an attempt gave. `answers` are what the operator itself made of it.

    `left_behind` are calls of the connector that would not end when cancelled. `sources` name what
    allowed each delivery that its operator was asked about: versions of directory and trust list.
    """

    verdicts: dict[DeliveryId, Verdict] = field(default_factory=dict)
    answers: list[Outcome] = field(default_factory=list)
    sources: dict[DeliveryId, str] = field(default_factory=dict)
    left_behind: list[asyncio.Future[Any]] = field(default_factory=list)

    def take(self, said: Sequence[tuple[DeliveryId, Outcome]]) -> None:
        """Add what the operator answered."""
        self.verdicts.update(said)
        self.answers.extend(outcome for _, outcome in said)

    @property
    def asked(self) -> bool:
        """Whether the operator was spoken to at all."""
        return bool(self.answers)

    @property
    def operator_failed(self) -> bool:
        """Whether the operator itself did not work, for every recipient that it was asked about."""
        return self.asked and all(
            isinstance(one, Uncertain) or (isinstance(one, Deferred) and one.operator_failed)
            for one in self.answers
        )


async def attempt(
    claimed: Claimed, operator: Operator, register: Register, clock: Clock, halt: Halt
) -> Attempt:
    """Try the deliveries of one parcel once. Never raises, but when cancelled."""
    if claimed.deliveries[0].state is State.UNCERTAIN:
        # What may have left is asked about, never sent.
        return await _recover(claimed, operator, halt)
    result = Attempt()
    # 1. What is past its end is not sent any more.
    if clock.now() >= claimed.sealed.envelope.expires_at:
        return result
    # 2. The word of the directory and of the space of trust at this very moment.
    checked = await rechecking.check_again(claimed, register, halt)
    result.verdicts.update(checked.verdicts)
    result.sources.update(checked.sources)
    addressees = checked.addressees
    connector = operator.connector
    if connector is None:
        result.verdicts.update((one.delivery, _not_open(operator)) for one in addressees)
        return result
    # 3. Of a prescription, whether the sender may prescribe there today.
    sender: Entry | None = None
    service: object = connector
    if isinstance(service, Prescribes) and claimed.sealed.envelope.message.kind is Kind.PRESCRIPTION:
        answer = await rechecking.prescriber(claimed, register, service.abilities)
        if not isinstance(answer, Entry):
            result.verdicts.update((one.delivery, answer) for one in addressees)
            return result
        sender = answer
    # 4. As many recipients at a time as the operator takes; one deadline for all of them.
    call = Call(operator, halt)
    result.left_behind = call.left_behind
    most = max(operator.capabilities.max_recipients, 1)
    for first in range(0, len(addressees), most):
        watched = Watched(claimed.contents)
        parcel = Parcel(
            sealed=claimed.sealed,
            addressees=tuple(addressees[first : first + most]),
            contents=watched,
            sender=sender,
        )
        said = await call.ask(connector.deliver, parcel, watched)
        if isinstance(said, Returned):
            result.verdicts.update((one.delivery, said) for one in parcel.addressees)
        else:
            result.take(_complete(parcel, said, watched))
    return result


async def _recover(claimed: Claimed, operator: Operator, halt: Halt) -> Attempt:
    """Ask about what may have arrived. The directory has no say in that."""
    result = Attempt()
    connector = operator.connector
    if connector is None:
        verdict: Verdict = Uncertain(code="operator.not_open", reason=_not_open(operator).reason)
    elif isinstance(connector, Recovers):
        watched = Watched(claimed.contents, opened=True)
        parcel = Parcel(
            sealed=claimed.sealed, addressees=tuple(_addressees_as_sealed(claimed)), contents=watched
        )
        call = Call(operator, halt)
        said = await call.ask(connector.recover, parcel, watched)
        result.left_behind = call.left_behind
        if not isinstance(said, Returned):
            result.take([(delivery, _told(one)) for delivery, one in _complete(parcel, said, watched)])
        return result
    else:
        verdict = Resend() if operator.capabilities.resend_harmless is True else Unasked()
    result.verdicts.update((one.id, verdict) for one in claimed.deliveries)
    return result


def _told(outcome: Outcome) -> Outcome:
    """Never take 'I could not ask' for 'it did not arrive': that would be a blind second send."""
    if isinstance(outcome, Deferred) and outcome.operator_failed:
        return Uncertain(code=outcome.code, reason=outcome.reason)
    return outcome


def _addressees_as_sealed(claimed: Claimed) -> Iterator[Addressee]:
    for one in claimed.deliveries:
        party = party_of(claimed, one)
        entry = Entry(
            address=party.address,
            mailbox=_AS_SEALED[party.kind],
            name=party.name,
            identifiers=party.identifiers,
            standing=Standing.UNKNOWN,
            source="envelope",
        )
        yield Addressee(delivery=one.id, party=party, entry=entry, attempt=0)


def _complete(
    parcel: Parcel, said: Mapping[DeliveryId, Any] | Deferred | Uncertain, watched: Watched
) -> Sequence[tuple[DeliveryId, Outcome]]:
    if not isinstance(said, Mapping):
        return [(one.delivery, said) for one in parcel.addressees]
    nothing = Words(
        en="The connector said nothing of this recipient.",
        fr="Le connecteur n'a rien dit de ce destinataire.",
    )
    return [
        (one.delivery, _said_of(one, said) or watched.failure("connector.no_outcome", nothing))
        for one in parcel.addressees
    ]


def _said_of(one: Addressee, said: Mapping[DeliveryId, Any]) -> Outcome | None:
    """Read one answer; None for what can't be read: a mapping and a text may be of any making."""
    try:
        return answers.outcome_of(said.get(one.delivery))
    except Exception:  # noqa: BLE001 - a connector that answers nonsense hurts only its own operator
        return None


def _not_open(operator: Operator) -> Deferred:
    return Deferred(
        code="operator.not_open",
        reason=Words(
            en=f"The connector of operator {operator.name} could not be opened.",
            fr=f"Le connecteur de l'opérateur {operator.name} n'a pas pu être ouvert.",
        ),
    )
