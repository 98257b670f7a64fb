"""One attempt: leased deliveries → the directory again → the operator's connector → outcomes.

Outcomes are values here; `settle` says what becomes of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from hub.core import answers, people
from hub.core.operators import Operator
from hub.domain.delivery import State
from hub.domain.ids import DeliveryId, DocumentId
from hub.domain.outcome import Deferred, Outcome, Uncertain
from hub.domain.party import Party
from hub.errors import HubError, PeerError, Words
from hub.ports.clock import Clock
from hub.ports.connector import Addressee, Parcel, Recovers
from hub.ports.content import Content
from hub.ports.directory import Directory, DirectoryUnavailableError, Entry, Standing
from hub.ports.queue import Claimed, ClaimedDelivery

Method = Callable[[Parcel], Awaitable[Mapping[DeliveryId, Outcome]]]

LET_GO: Final = 5.0
"""Seconds that a cancelled connector has to end before it is left behind."""


class Unasked:
    """What a delivery gets when nobody can be asked: a receipt or a person settles it, or its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resend:
    """What an uncertain delivery gets when a second send is harmless."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """What a delivery gets when the hub stopped before anything had left: it goes back as it was."""


Verdict = Outcome | Unasked | Resend | Returned


@dataclass(slots=True, kw_only=True)
class Attempt:
    """What an attempt gave. `answers` are what the operator itself made of it.

    `left_behind` are calls of the connector that would not end when cancelled.
    """

    verdicts: dict[DeliveryId, Verdict] = field(default_factory=dict)
    answers: list[Outcome] = field(default_factory=list)
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


class Halt:
    """Ends the attempts under way early, as their deadline would; made inside the running loop."""

    def __init__(self) -> None:
        self.called: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def call(self) -> None:
        """End them now."""
        if not self.called.done():
            self.called.set_result(None)


async def attempt(
    claimed: Claimed, operator: Operator, directory: Directory, clock: Clock, halt: Halt
) -> Attempt:
    """Try the deliveries of one parcel once. Never raises, but when cancelled."""
    if claimed.deliveries[0].state is State.UNCERTAIN:
        # What may have left is asked about, never sent.
        return await _recover(claimed, operator, halt)
    result = Attempt()
    # 1. What is past its end is not sent any more.
    if clock.now() >= claimed.sealed.envelope.expires_at:
        return result
    # 2. The directory's word at this very moment.
    addressees = await _check_again(claimed, directory, result)
    connector = operator.connector
    if connector is None:
        result.verdicts.update((one.delivery, _not_open(operator)) for one in addressees)
        return result
    # 3. As many recipients at a time as the operator takes; one deadline for all of them.
    call = _Call(operator, halt)
    most = max(connector.capabilities.max_recipients, 1)
    for first in range(0, len(addressees), most):
        watched = Watched(claimed.contents)
        parcel = Parcel(
            sealed=claimed.sealed, addressees=tuple(addressees[first : first + most]), contents=watched
        )
        said = await call.ask(connector.deliver, parcel, watched, result)
        if isinstance(said, Returned):
            result.verdicts.update((one.delivery, said) for one in parcel.addressees)
        else:
            result.take(_complete(parcel, said, watched))
    return result


async def _check_again(claimed: Claimed, directory: Directory, result: Attempt) -> list[Addressee]:
    addressees = []
    for one in claimed.deliveries:
        party = _party(claimed, one)
        try:
            entry = await directory.by_address(party.address)
        except DirectoryUnavailableError as error:
            result.verdicts[one.id] = Deferred(code=error.code, reason=error.words)
            continue
        if entry is None:
            result.verdicts[one.id] = people.unknown(party.address, "recipient")
        elif (why := people.barred(entry, "recipient")) is not None:
            result.verdicts[one.id] = why
        else:
            addressees.append(Addressee(delivery=one.id, party=party, entry=entry))
    return addressees


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
        said = await _Call(operator, halt).ask(connector.recover, parcel, watched, result)
        if not isinstance(said, Returned):
            result.take([(delivery, _told(one)) for delivery, one in _complete(parcel, said, watched)])
        return result
    else:
        verdict = Resend() if connector.capabilities.resend_harmless else Unasked()
    result.verdicts.update((one.id, verdict) for one in claimed.deliveries)
    return result


def _told(outcome: Outcome) -> Outcome:
    """Never take 'I could not ask' for 'it did not arrive': that would be a blind second send."""
    if isinstance(outcome, Deferred) and outcome.operator_failed:
        return Uncertain(code=outcome.code, reason=outcome.reason)
    return outcome


def _addressees_as_sealed(claimed: Claimed) -> Iterator[Addressee]:
    for one in claimed.deliveries:
        party = _party(claimed, one)
        entry = Entry(
            address=party.address,
            kind=party.kind,
            name=party.name,
            identifiers=party.identifiers,
            standing=Standing.UNKNOWN,
            source="envelope",
        )
        yield Addressee(delivery=one.id, party=party, entry=entry)


def _party(claimed: Claimed, one: ClaimedDelivery) -> Party:
    return claimed.sealed.envelope.message.recipients[one.position]


class _Call:
    """Calls a connector within the operator's deadline; its failures become an outcome."""

    def __init__(self, operator: Operator, halt: Halt) -> None:
        self._operator = operator
        self._halt = halt
        self._until = asyncio.get_running_loop().time() + operator.deadline.total_seconds()

    async def ask(
        self, method: Method, parcel: Parcel, watched: Watched, result: Attempt
    ) -> Mapping[DeliveryId, Any] | Deferred | Uncertain | Returned:
        """Return what the connector said for each delivery, or one outcome for all of them."""
        left = self._until - asyncio.get_running_loop().time()
        if left <= 0 or self._halt.called.done():
            return self._late(watched)
        # A task of its own: a connector that will not be cancelled must not hold us.
        task = asyncio.ensure_future(_called(method, parcel))
        try:
            await asyncio.wait({task, self._halt.called}, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            task.cancel()
            raise
        if not task.done():
            task.cancel()
            await asyncio.wait({task}, timeout=LET_GO)
            if not task.done():
                task.add_done_callback(_forget)
                result.left_behind.append(task)
                return self._late(watched)
            if task.cancelled() or isinstance(task.exception(), TimeoutError):
                return self._late(watched)
        return self._read(task, watched)

    def _read(
        self, task: asyncio.Future[Any], watched: Watched
    ) -> Mapping[DeliveryId, Any] | Deferred | Uncertain:
        error = asyncio.CancelledError() if task.cancelled() else task.exception()
        name = self._operator.name
        if isinstance(error, HubError):
            return watched.failure(
                answers.code(error.code), answers.words(error.words), failed=isinstance(error, PeerError)
            )
        if error is not None:
            kind = type(error).__name__
            return watched.failure(
                "connector.error",
                Words(
                    en=f"The connector of operator {name} failed ({kind}).",
                    fr=f"Le connecteur de l'opérateur {name} a échoué ({kind}).",
                ),
            )
        said = task.result()
        return said if isinstance(said, Mapping) else {}

    def _late(self, watched: Watched) -> Deferred | Uncertain | Returned:
        if self._halt.called.done():
            if not watched.opened:
                return Returned()
            return Uncertain(
                code="hub.stopping",
                reason=Words(
                    en="The hub was stopped during the attempt.",
                    fr="Le hub a été arrêté pendant la tentative.",
                ),
            )
        name, seconds = self._operator.name, self._operator.deadline.total_seconds()
        return watched.failure(
            "operator.deadline",
            Words(
                en=f"Operator {name} did not answer in {seconds:g} s.",
                fr=f"L'opérateur {name} n'a pas répondu en {seconds:g} s.",
            ),
        )


async def _called(method: Method, parcel: Parcel) -> Any:
    return await method(parcel)


def _forget(task: asyncio.Future[Any]) -> None:
    if not task.cancelled():
        task.exception()


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
        (
            one.delivery,
            answers.outcome_of(said.get(one.delivery)) or watched.failure("connector.no_outcome", nothing),
        )
        for one in parcel.addressees
    ]


class Watched(Mapping[DocumentId, Content]):
    """A parcel's contents that notice being opened: no byte leaves before that."""

    def __init__(self, contents: Mapping[DocumentId, Content], *, opened: bool = False) -> None:
        self._contents = contents
        self.opened = opened

    def __getitem__(self, key: DocumentId) -> Content:
        self.opened = True
        return self._contents[key]

    def __iter__(self) -> Iterator[DocumentId]:
        return iter(self._contents)

    def __len__(self) -> int:
        return len(self._contents)

    def failure(self, code: str, reason: Words, *, failed: bool = True) -> Deferred | Uncertain:
        """Return what a failure means now: nothing left yet, or perhaps everything did."""
        if self.opened:
            return Uncertain(code=code, reason=reason)
        return Deferred(code=code, reason=reason, operator_failed=failed)


def _not_open(operator: Operator) -> Deferred:
    return Deferred(
        code="operator.not_open",
        reason=Words(
            en=f"The connector of operator {operator.name} could not be opened.",
            fr=f"Le connecteur de l'opérateur {operator.name} n'a pas pu être ouvert.",
        ),
    )
