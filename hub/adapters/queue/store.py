"""The durable heart of the hub on one SQLite file (`hub.ports.queue.Queue`, `hub.ports.records.Records`)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager
from datetime import datetime
from functools import partial
from typing import Any, Final

from hub.adapters.queue import dialect, faults, leases, opening, operations, purge, reading, rows, times
from hub.adapters.queue.cache import Cache, Known
from hub.adapters.queue.commit import GroupCommit
from hub.adapters.queue.contents import StoredStage
from hub.adapters.queue.keys import KEY, RecordKey, StoreKeys
from hub.adapters.queue.leases import Claim, ClaimEnded, Expire, Hold
from hub.adapters.queue.ledger import StoredLedger
from hub.adapters.queue.library import Library
from hub.adapters.queue.opening import Probe
from hub.adapters.queue.reading import Reader
from hub.adapters.queue.settings import StoreSettings
from hub.adapters.queue.storing import Storing
from hub.adapters.queue.vessel import Vessel
from hub.domain.delivery import State
from hub.domain.envelope import SealedEnvelope
from hub.domain.ids import DeliveryId, EnvelopeId, OperatorName, uuid7
from hub.ports.clock import Chance, Clock
from hub.ports.intake import Accepted, Stage
from hub.ports.ledger import Ledger
from hub.ports.queue import (
    Acceptance,
    Claimed,
    ClaimedDelivery,
    Matched,
    NewEnvelope,
    Settlement,
)
from hub.ports.records import Report, Step, Waiting
from hub.ports.vault import Wraps

PURGED: Final = 500
"""Envelopes whose documents are erased, or lines that are forgotten, in one transaction."""


class Store:
    """One store, open. Made by `open_store`."""

    def __init__(
        self,
        settings: StoreSettings,
        *,
        commit: GroupCommit,
        reader: Reader,
        browser: Reader,
        keys: StoreKeys,
        clock: Clock,
        chance: Chance,
    ) -> None:
        self._settings = settings
        self._documents = settings.documents
        self._commit = commit
        self._reader = reader
        self._browser = browser
        self._browsing = asyncio.Lock()
        self._keys = keys
        self._clock = clock
        self._chance = chance
        self._cache = Cache(settings.cache)
        self._storing = Storing(commit, self._cache, self._documents)
        self._library = Library(self._documents, reader, keys, self._cache)

    def stage(self) -> StoredStage:
        """Open a place for the contents of one submission or notice; its contents go to `put`."""
        name = uuid7(int(self._clock.now().timestamp() * 1000), self._chance.bytes(10)).replace("-", "")
        vessel = Vessel(self._chance.bytes(KEY), self._documents, name, spill=self._settings.spill)
        return StoredStage(name, vessel, self._settings.max_content)

    async def put(self, stage: Stage, acceptance: Acceptance) -> Accepted | None:
        """Store a submission; the same keys again give the first answer with `again=True`.

        None, and nothing stored, when some of several keys had their answer already. Raises
        ConflictError when a key stands for something else, StoreError.
        """
        if isinstance(stage, StoredStage) and stage.kept and (earlier := await self._answered(acceptance)):
            return earlier
        new = [self._new(one) for one in acceptance.envelopes]
        submissions = rows.of_submission(acceptance, self._keys, new)
        ids = tuple(one.known.id for one in new)
        stored: bool = await self._storing.store(
            operations.Put(submissions, new), new, lambda stored: ids if stored else ()
        )
        if not stored:
            return await self._answered(acceptance)
        return Accepted(envelopes=ids, refused=dict(acceptance.refused))

    async def _answered(self, acceptance: Acceptance) -> Accepted | None:
        answers = await self.earlier(acceptance.peer, list(acceptance.keys), acceptance.fingerprint)
        return Accepted.before(answers.values()) if len(answers) == len(acceptance.keys) else None

    async def earlier(self, peer: str, keys: Sequence[str], fingerprint: bytes) -> Mapping[str, Accepted]:
        """Return the answers that this peer ever got for these keys.

        Raises ConflictError when a key stands for something else, StoreError.
        """
        said = self._keys.lookup("fingerprint", fingerprint)
        answers = {
            key: self._reader.earlier(self._keys.lookup("submission", peer, key), said) for key in keys
        }
        return {key: answer for key, answer in answers.items() if answer is not None}

    async def claim(
        self, wanted: Mapping[OperatorName, int], now: datetime, until: datetime
    ) -> Sequence[Claimed]:
        """Lease what is due, at most `wanted[operator]` parcels of each operator, until `until`.

        What can't be read (altered, or its key is not at hand) is held for a person. Raises StoreError.
        """
        lease = self._chance.bytes(16)
        claim = Claim(wanted=wanted, now=times.write(now), until=times.write(until), lease=lease)
        return await self._readable(await self._commit.do(claim), lease)

    async def claim_ended(
        self, ended_by: datetime, now: datetime, until: datetime, limit: int
    ) -> Sequence[Claimed]:
        """Lease what is open although its envelope's `expires_at` is `ended_by` or before.

        For whatever operator, at most `limit` parcels. Raises StoreError.
        """
        lease = self._chance.bytes(16)
        claim = ClaimEnded(times.write(ended_by), times.write(now), times.write(until), limit, lease)
        return await self._readable(await self._commit.do(claim), lease)

    async def settle(self, settlements: Sequence[Settlement]) -> Sequence[bool]:
        """Record how attempts ended, all in one transaction; False where the lease is not ours."""
        if not settlements:
            return []
        keys = self._library.record_keys([one.envelope for one in settlements])
        parts = [
            (one, keys[one.envelope], self._notice(one.notice)) for one in settlements if one.envelope in keys
        ]
        ours: list[bool] = await self._storing.store(
            operations.Settle(parts), [notice for _, _, notice in parts if notice], partial(_notices, parts)
        )
        held = {one.delivery for (one, _, _), mine in zip(parts, ours, strict=True) if mine}
        for one in settlements:
            if one.state.final and one.delivery in held:
                self._cache.ended(one.envelope)
        return [one.delivery in held for one in settlements]

    async def expire_leases(self, now: datetime, *, everything: bool = False) -> int:
        """Turn lost leases (every lease, at the start of the only process) to UNCERTAIN, due now."""
        count: int = await self._commit.do(Expire(times.write(now), everything))
        return count

    async def next_due(self) -> datetime | None:
        """Return when the next pending or uncertain delivery comes up. Raises StoreError."""
        return times.read_optional(self._reader.next_due())

    async def find(
        self,
        *,
        delivery: DeliveryId | None = None,
        correlation: str | None = None,
        recipient: str | None = None,
    ) -> Matched | None:
        """Find a delivery by its id, or by `correlation` and the recipient's `Address.key`."""
        if delivery is not None:
            found = self._reader.found(reading.BY_ID, delivery=delivery)
            return self._matched(found[0]) if found else None
        if correlation is None or recipient is None:
            return None
        receipt = self._keys.lookup("receipt", correlation, recipient)
        if found := self._reader.found(reading.BY_RECEIPT, receipt=receipt):
            return self._matched(found[0])
        for row in self._reader.found(reading.BY_ENVELOPE, envelope=correlation):
            matched = self._matched(row)
            if matched.sealed.envelope.message.recipients[row.position].address.key == recipient:
                return matched
        return None

    async def sealed(self, envelope: EnvelopeId) -> SealedEnvelope | None:
        """Return an envelope as it was sealed; None when there is none of that id. Raises StoreError."""
        if envelope not in self._library.record_keys([envelope]):
            return None
        return self._library.sealed(envelope)[0]

    async def note(
        self, envelope: EnvelopeId, steps: Sequence[Step], key: str, *, notice: NewEnvelope | None = None
    ) -> bool:
        """Add steps to a timeline, with a notice to the sender, once per `key`; False when done before."""
        record_key = self._library.record_keys([envelope]).get(envelope)
        if record_key is None:
            return False
        new = self._notice(notice)
        note = operations.Note(
            self._keys.lookup("note", envelope, key),
            [rows.of_step(envelope, one, record_key) for one in steps],
            new,
        )
        brought = [new] if new else []
        first: bool = await self._storing.store(
            note, brought, lambda first: [one.known.id for one in brought if first]
        )
        return first

    async def move(
        self,
        delivery: DeliveryId,
        state: State,
        step: Step,
        *,
        due_at: datetime | None,
        notice: NewEnvelope | None,
    ) -> State | None:
        """Move a delivery that is not LEASED; returns the state it had, None when there is none.

        Moves nothing when the table of moves does not allow it; the same state sets `due_at` anew.
        """
        envelope = await self.envelope_of(delivery)
        if envelope is None:
            return None
        new = self._notice(notice)
        move = operations.Move(
            delivery=delivery,
            state=state,
            values=operations.standing(state, times.write(step.at), times.write_optional(due_at)),
            step=rows.of_step(envelope, step, self._library.record_keys([envelope])[envelope]),
            notice=new,
        )
        brought = [new] if new else []
        before: State | None = await self._storing.store(
            move, brought, lambda before: [one.known.id for one in brought if _moved(before, state)]
        )
        if _moved(before, state) and state.final:
            self._cache.ended(envelope)
        return before

    def ledger(self, part: str) -> Ledger:
        """Open the ledger of one part (`operators.mesh`); nobody else's lines are in it."""
        return StoredLedger(part, commit=self._commit, reader=self._reader, keys=self._keys)

    async def waiting(
        self, *, operator: OperatorName | None = None, state: State | None = None, limit: int = 100
    ) -> Sequence[Waiting]:
        """Return open deliveries, the oldest first. Raises StoreError."""
        async with self._browsing:
            return await asyncio.to_thread(self._browser.waiting, operator, state, limit)

    async def envelope_of(self, delivery: DeliveryId) -> EnvelopeId | None:
        """Return the envelope that a delivery belongs to. Raises StoreError."""
        found = self._reader.found(reading.BY_ID, delivery=delivery)
        return EnvelopeId(found[0].envelope) if found else None

    async def report(self, envelope: EnvelopeId) -> Report | None:
        """Return all that is known of a message, or None when there is none of that id."""
        async with self._browsing:
            return await asyncio.to_thread(self._browser.report, envelope)

    async def ready(self) -> None:
        """Return when the store can be written; raises StoreError with words that say why not."""
        await self._commit.do(Probe(times.write(self._clock.now())))

    async def purge(self, now: datetime) -> int:
        """Erase the documents of envelopes that ended, accepted longer ago than the retention.

        The sealed envelope and its timeline stay. The lines of ledgers whose `until` is over are
        forgotten too. Returns how many envelopes; call it now and then.
        """
        before, count = times.write(now - self._settings.retention), 0
        while True:
            over, gone = await self._commit.do(purge.Erase(before, PURGED))
            for envelope in over:
                self._cache.drop(envelope)
            if gone:
                with faults.mapped():
                    await asyncio.to_thread(purge.remove_files, self._documents, gone)
            count += len(over)
            if len(over) < PURGED:
                break
        if await self._forget(now) or count:
            # What was erased is still in the log until that is emptied.
            await self._commit.tidy()
        return count

    async def _forget(self, now: datetime) -> int:
        count, gone = 0, PURGED
        while gone == PURGED:
            gone = await self._commit.do(purge.Forget(times.write(now), PURGED))
            count += gone
        return count

    async def _readable(self, rows_: Sequence[Any], lease: bytes) -> Sequence[Claimed]:
        parcels = leases.parcels(rows_)
        known, broken = self._library.known([EnvelopeId(envelope) for envelope, _, _ in parcels])
        for envelope, error in broken.items():
            await self._commit.do(Hold(envelope, lease, error.code))
        return [
            _claimed(known[EnvelopeId(envelope)], OperatorName(operator), parcel, lease)
            for (envelope, operator, _), parcel in parcels.items()
            if envelope in known
        ]

    def _new(self, new: NewEnvelope) -> rows.EnvelopeRows:
        return rows.of_envelope(new, self._keys, times.write(self._clock.now()))

    def _notice(self, notice: NewEnvelope | None) -> rows.EnvelopeRows | None:
        return None if notice is None else self._new(notice)

    def _matched(self, row: Any) -> Matched:
        envelope = EnvelopeId(row.envelope)
        sealed, peer = self._library.sealed(envelope)
        return Matched(
            delivery=DeliveryId(row.id),
            envelope=envelope,
            operator=OperatorName(row.operator),
            state=State(row.state),
            position=row.position,
            sealed=sealed,
            peer=peer,
        )


def _claimed(known: Known, operator: OperatorName, parcel: Sequence[Any], lease: bytes) -> Claimed:
    return Claimed(
        sealed=known.sealed,
        peer=known.peer,
        operator=operator,
        deliveries=[
            ClaimedDelivery(
                id=DeliveryId(row.id),
                position=row.position,
                # The attempt that is about to be made counts.
                attempts=row.attempts + (row.state == State.LEASED),
                lease=lease,
                state=State(row.state),
            )
            for row in parcel
        ],
        contents=known.contents,
    )


def _notices(
    parts: Sequence[tuple[Settlement, RecordKey, rows.EnvelopeRows | None]], ours: Sequence[bool]
) -> list[EnvelopeId]:
    return [notice.known.id for (_, _, notice), mine in zip(parts, ours, strict=True) if mine and notice]


def _moved(before: State | None, state: State) -> bool:
    return before is not None and operations.movable(before, state)


@asynccontextmanager
async def open_store(
    settings: StoreSettings, *, vault: Wraps, clock: Clock, chance: Chance, exclusive: bool
) -> AsyncIterator[Store]:
    """Open the store, made or brought to this release's schema first.

    `exclusive` is for `hub serve`: a second one is refused (StoreError `store.in_use`), and what a
    crash left half received is removed. Others look and move things beside it. On leaving, what waits
    is committed first.
    """
    with ExitStack() as stack:
        # Blocking, but nothing else runs yet: a hub that can't open its store does nothing.
        parts = stack.enter_context(
            opening.opened(settings, vault=vault, clock=clock, chance=chance, exclusive=exclusive)
        )
        with faults.mapped():
            reader = Reader(parts.reading, parts.keys)
            stack.callback(reader.close)
            browsing = dialect.reading(settings.path, settings.busy_timeout.total_seconds())
            stack.callback(browsing.dispose)
            browser = Reader(browsing, parts.keys)
            stack.callback(browser.close)
            commit = GroupCommit(parts.writing, settings.busy_timeout.total_seconds())
        try:
            yield Store(
                settings,
                commit=commit,
                reader=reader,
                browser=browser,
                keys=parts.keys,
                clock=clock,
                chance=chance,
            )
        finally:
            await commit.close()
