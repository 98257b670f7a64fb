"""What the directory and the space of trust say at this very attempt: people change while a letter waits."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any, Final

from hub.core import calling, prescribers, standing
from hub.core.calling import Halt, Returned
from hub.core.register import Register
from hub.core.trust import Outside, outside
from hub.domain.ids import DeliveryId, OperatorName
from hub.domain.message import Kind
from hub.domain.outcome import Deferred, Refused
from hub.domain.party import Party
from hub.errors import Words
from hub.ports.connector import Addressee
from hub.ports.directory import DirectoryUnavailableError, Entry
from hub.ports.prescription import Abilities
from hub.ports.queue import Claimed, ClaimedDelivery
from hub.ports.trust import Admission, TrustUnavailableError

CHECKING: Final = 90.0
"""Seconds for the directories' and the space of trust's word on all recipients of an attempt."""
AT_ONCE: Final = 20
"""Recipients who are asked about at one time."""
_Found = tuple[Entry, Admission | None] | Refused | Deferred


@dataclass(slots=True)
class Checked:
    """Who of a parcel may get it now; `verdicts` are for the others.

    `sources` name what allowed each: versions of directory and trust list.
    """

    addressees: list[Addressee] = field(default_factory=list)
    verdicts: dict[DeliveryId, Refused | Deferred | Returned] = field(default_factory=dict)
    sources: dict[DeliveryId, str] = field(default_factory=dict)


def party_of(claimed: Claimed, one: ClaimedDelivery) -> Party:
    """Return the recipient of a delivery, as the envelope has them."""
    return claimed.sealed.envelope.message.recipients[one.position]


async def check_again(claimed: Claimed, register: Register, halt: Halt) -> Checked:
    """Ask about everybody of one parcel. Never raises, but when cancelled."""
    result = Checked()
    try:
        why = _sender_outside(claimed, register)
    except TrustUnavailableError as error:
        why = Deferred(code=error.code, reason=error.words)
    if why is not None:
        result.verdicts.update((one.id, why) for one in claimed.deliveries)
        return result
    found = await _ask_all(claimed, register, halt)
    for one in claimed.deliveries:
        answer = found.get(one.id) or (Returned() if halt.called.done() else _silent())
        if isinstance(answer, Deferred | Refused | Returned):
            result.verdicts[one.id] = answer
        else:
            entry, admission = answer
            result.sources[one.id] = (
                entry.source if admission is None else f"{entry.source}; {admission.source}"
            )
            result.addressees.append(
                Addressee(
                    delivery=one.id,
                    party=party_of(claimed, one),
                    entry=entry,
                    admission=admission,
                    attempt=one.attempts,
                )
            )
    return result


async def _ask_all(claimed: Claimed, register: Register, halt: Halt) -> dict[DeliveryId, _Found]:
    """Ask for every recipient, some at a time; who is missing had no answer when the time was up."""
    found: dict[DeliveryId, _Found] = {}
    left = iter(claimed.deliveries)

    async def ask() -> None:
        for one in left:
            try:
                found[one.id] = await _recipient(party_of(claimed, one), claimed.operator, register)
            except (DirectoryUnavailableError, TrustUnavailableError) as error:
                found[one.id] = Deferred(code=error.code, reason=error.words)

    asking = [asyncio.ensure_future(ask()) for _ in claimed.deliveries[:AT_ONCE]]
    asked = asyncio.gather(*asking)
    try:
        waited: set[asyncio.Future[Any]] = {asked, halt.called}
        await asyncio.wait(waited, timeout=CHECKING, return_when=asyncio.FIRST_COMPLETED)
        if asked.done():
            await asked
        else:
            asked.cancel()
            await asyncio.wait(asking, timeout=calling.LET_GO)
    finally:
        asked.cancel()
    return dict(found)


def _sender_outside(claimed: Claimed, register: Register) -> Refused | Deferred | None:
    """Refuse what a domain sent that is admitted no more. The hub's own notices have no such domain."""
    message = claimed.sealed.envelope.message
    if message.kind is Kind.NOTICE:
        return None
    try:
        register.trust.admission(message.sender.address.domain)
    except Outside as error:
        return outside(message.sender.address, "sender", error.version)
    return None


async def prescriber(
    claimed: Claimed, register: Register, abilities: Abilities
) -> Entry | Refused | Deferred:
    """Return the sender of a prescription when they may prescribe at its service today."""
    address = claimed.sealed.envelope.message.sender.address
    try:
        async with asyncio.timeout(CHECKING):
            entry = await register.directory.by_address(address)
    except TimeoutError:
        return _silent()
    except DirectoryUnavailableError as error:
        return Deferred(code=error.code, reason=error.words)
    return prescribers.admitted(entry, address, abilities)


async def _recipient(
    party: Party, operator: OperatorName, register: Register
) -> tuple[Entry, Admission | None] | Refused:
    serving = register.operators.serving(party.address)
    if serving is None or serving.name != operator:
        return _moved(party, operator)
    try:
        admission = register.trust.admission(party.address.domain)
    except Outside as error:
        return outside(party.address, "recipient", error.version)
    entry = await register.directory.by_address(party.address)
    if entry is None:
        return standing.unknown(party.address, "recipient", register.version())
    return standing.barred(entry, "recipient") or (entry, admission)


def _moved(party: Party, operator: OperatorName) -> Refused:
    """Refuse what would go to an operator that serves the mailbox no more."""
    address = party.address
    return Refused(
        code="recipient.moved",
        reason=Words(
            en=f"{address}: operator {operator} serves {address.domain} no more; send it again.",
            fr=f"{address} : l'opérateur {operator} ne dessert plus {address.domain} ; renvoyez-le.",
        ),
    )


def _silent() -> Deferred:
    return Deferred(
        code="directory.silent",
        reason=Words(
            en="The directory did not answer in time; the hub tries again.",
            fr="L'annuaire n'a pas répondu à temps ; le hub réessaie.",
        ),
    )
