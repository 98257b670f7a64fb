"""One attempt: leased deliveries → the directory again → the operator's connector → outcomes.

Outcomes are values here; `settle` says what becomes of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterator, Mapping
from dataclasses import dataclass, field

from hub.core import people
from hub.core.operators import Operator
from hub.domain.delivery import State
from hub.domain.ids import DeliveryId, DocumentId
from hub.domain.outcome import Deferred, Outcome, Uncertain
from hub.errors import HubError, Words
from hub.ports.clock import Clock
from hub.ports.connector import Addressee, Delivers, Parcel, Recovers
from hub.ports.content import Content
from hub.ports.directory import Directory, DirectoryUnavailableError
from hub.ports.queue import Claimed, ClaimedDelivery


class Unasked:
    """What a delivery gets when nobody can be asked: it waits for a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resend:
    """What an uncertain delivery gets when a second send is harmless."""


Verdict = Outcome | Unasked | Resend


@dataclass(slots=True, kw_only=True)
class Attempt:
    """What an attempt gave. `asked` is whether the operator was spoken to at all."""

    verdicts: dict[DeliveryId, Verdict] = field(default_factory=dict)
    asked: bool = False

    @property
    def operator_failed(self) -> bool:
        """Whether the operator itself did not work, for every recipient that it was asked about."""
        asked = [one for one in self.verdicts.values() if isinstance(one, Deferred | Uncertain)]
        return bool(asked) and all(isinstance(one, Uncertain) or one.operator_failed for one in asked)


async def attempt(claimed: Claimed, operator: Operator, directory: Directory, clock: Clock) -> Attempt:
    """Try the deliveries of one parcel once. Never raises, but when cancelled."""
    result = Attempt()
    # 1. What is past its end is not sent any more.
    expired = clock.now() >= claimed.sealed.envelope.expires_at
    if expired and claimed.deliveries[0].state is State.LEASED:
        return result
    # 2. The directory's word at this very moment.
    addressees = await _check_again(claimed, directory, result)
    connector = operator.connector
    if connector is None:
        result.verdicts.update((one.delivery, _not_open(operator)) for one in addressees)
    elif addressees:
        watched = Watched(claimed.contents)
        parcel = Parcel(sealed=claimed.sealed, addressees=tuple(addressees), contents=watched)
        # 3. What may have left is asked about; the rest is sent.
        if claimed.deliveries[0].state is State.UNCERTAIN:
            await _recover(connector, operator, parcel, result)
        else:
            result.asked = True
            outcomes = await _ask(connector.deliver(parcel), operator, watched)
            result.verdicts.update(_complete(parcel, outcomes, watched))
    return result


async def _check_again(claimed: Claimed, directory: Directory, result: Attempt) -> list[Addressee]:
    addressees = []
    for one in claimed.deliveries:
        party = claimed.sealed.envelope.message.recipients[one.position]
        try:
            entry = await directory.by_address(party.address)
        except DirectoryUnavailableError as error:
            result.verdicts[one.id] = _wait(one, error)
            continue
        why = (
            people.unknown(party.address, "recipient") if entry is None else people.barred(entry, "recipient")
        )
        if one.state is State.LEASED and why is not None:
            result.verdicts[one.id] = why
        elif entry is not None:
            addressees.append(Addressee(delivery=one.id, party=party, entry=entry))
        elif why is not None:
            result.verdicts[one.id] = why
    return addressees


def _wait(one: ClaimedDelivery, error: HubError) -> Verdict:
    if one.state is State.UNCERTAIN:
        return Uncertain(code=error.code, reason=error.words)
    return Deferred(code=error.code, reason=error.words)


async def _recover(connector: Delivers, operator: Operator, parcel: Parcel, result: Attempt) -> None:
    if isinstance(connector, Recovers):
        result.asked = True
        watched = Watched({}, opened=True)
        outcomes = await _ask(connector.recover(parcel), operator, watched)
        result.verdicts.update(_complete(parcel, outcomes, watched))
        return
    verdict: Verdict = Resend() if connector.capabilities.resend_harmless else Unasked()
    result.verdicts.update((one.delivery, verdict) for one in parcel.addressees)


async def _ask(
    work: Awaitable[Mapping[DeliveryId, Outcome]], operator: Operator, watched: Watched
) -> Mapping[DeliveryId, Outcome] | Deferred | Uncertain:
    """Await a connector's answer until the operator's deadline; its failures become an outcome."""
    try:
        async with asyncio.timeout(operator.deadline.total_seconds()):
            return await work
    except TimeoutError:
        return watched.failure(
            "operator.deadline",
            Words(
                en=f"Operator {operator.name} did not answer in {operator.deadline.total_seconds():g} s.",
                fr=f"L'opérateur {operator.name} n'a pas répondu en {operator.deadline.total_seconds():g} s.",
            ),
        )
    except HubError as error:
        return watched.failure(error.code, error.words)
    except Exception as error:  # noqa: BLE001 - a connector's fault hurts its own operator only
        kind = type(error).__name__
        return watched.failure(
            "connector.error",
            Words(
                en=f"The connector of operator {operator.name} failed ({kind}).",
                fr=f"Le connecteur de l'opérateur {operator.name} a échoué ({kind}).",
            ),
        )


def _complete(
    parcel: Parcel, outcomes: Mapping[DeliveryId, Outcome] | Deferred | Uncertain, watched: Watched
) -> Iterator[tuple[DeliveryId, Outcome]]:
    for one in parcel.addressees:
        if isinstance(outcomes, Deferred | Uncertain):
            yield one.delivery, outcomes
        elif one.delivery in outcomes:
            yield one.delivery, outcomes[one.delivery]
        else:
            yield (
                one.delivery,
                watched.failure(
                    "connector.no_outcome",
                    Words(
                        en="The connector said nothing of this recipient.",
                        fr="Le connecteur n'a rien dit de ce destinataire.",
                    ),
                ),
            )


class Watched(Mapping[DocumentId, Content]):
    """A parcel's contents that notice being opened: no byte leaves before that."""

    def __init__(self, contents: Mapping[DocumentId, Content], *, opened: bool = False) -> None:
        self._contents = contents
        self._opened = opened

    def __getitem__(self, key: DocumentId) -> Content:
        self._opened = True
        return self._contents[key]

    def __iter__(self) -> Iterator[DocumentId]:
        return iter(self._contents)

    def __len__(self) -> int:
        return len(self._contents)

    def failure(self, code: str, reason: Words) -> Deferred | Uncertain:
        """Return what a failure means now: nothing left yet, or perhaps everything did."""
        if self._opened:
            return Uncertain(code=code, reason=reason)
        return Deferred(code=code, reason=reason, operator_failed=True)


def _not_open(operator: Operator) -> Deferred:
    return Deferred(
        code="operator.not_open",
        reason=Words(
            en=f"The connector of operator {operator.name} could not be opened.",
            fr=f"Le connecteur de l'opérateur {operator.name} n'a pas pu être ouvert.",
        ),
    )
