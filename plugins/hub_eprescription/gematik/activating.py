"""From signed bytes to a prescription: `$activate`, repeated with the same bytes until its end is known.

The published rule for a lost answer: repeat; a 403 that says “Task not in status draft but in status ready”
is the answer that the first one had succeeded. So nothing is ever asked twice that could issue twice.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from hub.domain.outcome import Deferred, Delivered, Uncertain
from hub.domain.prescription import PrescriptionState
from hub.errors import ConfigError, HubError, PeerError, Words
from hub.ports.clock import Clock
from hub.ports.prescription import Journal, Record
from hub_eprescription.gematik import fhir, outcome, task, tries, words
from hub_eprescription.gematik.asking import Asking, Reply, UnansweredError
from hub_eprescription.gematik.settings import Settings
from hub_eprescription.gematik.task import Task
from hub_eprescription.gematik.tries import RefusedError
from hub_eprescription.signing.kept import unchanged
from hub_eprescription.wire.table import Kind

ALREADY: Final = "Task not in status draft but in status "
"""How the 403 begins that says that an earlier `$activate` had succeeded."""
_FORBIDDEN: Final = 403


class Activating:
    """Activates what is signed."""

    def __init__(self, settings: Settings, asking: Asking, clock: Clock) -> None:
        self._settings = settings
        self._asking = asking
        self._clock = clock

    async def activate(self, journal: Journal, *, unsure: bool = False) -> Delivered | Deferred | Uncertain:
        """Activate.

        `unsure` says that an earlier try may have been acted upon: then nothing is ruled out but by an
        answer about this prescription.

        Raises RefusedError, StoreError.
        """
        record = journal.record
        if (rest := tries.rest(record, self._clock.now())) is not None:
            return Uncertain(code="prescription.unsure", reason=words.UNSURE) if unsure else rest
        body = fhir.activate(await unchanged(journal))
        # An answer that can't be read is asked for once more: a second one tells what the first did.
        for last in (False, True):
            try:
                reply = await self._ask(record, body)
            except (PeerError, ConfigError) as error:
                sent = isinstance(error, UnansweredError) and error.sent
                return await self._unanswered(journal, error, unsure=unsure or sent)
            if (found := self._issued(record, reply)) is not None:
                return await self._keep(journal, reply, found)
            unsure = unsure or reply.lost > 0
            if not last and reply.judgement.kind is Kind.REFUSED and not reply.said.issues:
                # What stands in between may refuse what the service has done: the service itself is asked.
                continue
            if not reply.judgement.good:
                break
            if last and reply.said.failed:
                # Twice the same: had the first been acted upon, the second would have said so.
                raise RefusedError("prescription.refused", reply.said.after(words.REFUSED), reply.said)
            unsure = True
        return await self._not_issued(journal, reply, unsure=unsure)

    async def _ask(self, record: Record, body: bytes) -> Reply:
        path = f"Task/{record.number}/$activate"
        return await self._asking.ask("POST", path, access_code=record.secret, body=body)

    def _issued(self, record: Record, reply: Reply) -> Task | outcome.Said | None:
        """Return the Task, or the 403's own words, when the answer says that it is issued."""
        if reply.judgement.good:
            node = reply.resource()
            found = task.of(node) if node is not None else None
            fits = found is not None and found.number == record.number and found.state.issued
            return found if fits else None
        if reply.status == _FORBIDDEN and reply.said.says(ALREADY):
            return reply.said
        return None

    async def _keep(self, journal: Journal, reply: Reply, found: Task | outcome.Said) -> Delivered:
        record = journal.record
        now = self._clock.now()
        if not isinstance(found, Task):
            found_again = await self._look(record)
            expires = None if found_again is None else found_again.expires_at(self._settings.time_zone)
        else:
            expires = found.expires_at(self._settings.time_zone)
        kept = await journal.keep(
            replace(
                record,
                state=PrescriptionState.ACTIVE,
                issued_at=now,
                expires_at=expires,
                warnings=tries.warned(record, reply),
                facts=tries.fresh(record),
            )
        )
        return Delivered(receipt=kept.number or "")

    async def _look(self, record: Record) -> Task | None:
        """Ask for what the lost answer had said, where prescribers may; it is only for its last day."""
        try:
            reply = await self._asking.ask("GET", f"Task/{record.number}", access_code=record.secret)
        except HubError:
            return None
        node = reply.resource() if reply.judgement.good else None
        found = task.of(node) if node is not None else None
        return found if found is not None and found.number == record.number else None

    async def _not_issued(self, journal: Journal, reply: Reply, *, unsure: bool) -> Deferred | Uncertain:
        record, judgement = journal.record, reply.judgement
        if judgement.kind is Kind.FAILED:
            record = await journal.keep(tries.count(record, self._clock.now(), tries.wait(reply)))
        if judgement.good or judgement.acted or (unsure and not _is_final(reply)):
            return Uncertain(code="prescription.unsure", reason=_unsure(reply.words))
        return tries.judge(reply, record)

    async def _unanswered(self, journal: Journal, error: HubError, *, unsure: bool) -> Deferred | Uncertain:
        if unsure:
            await journal.keep(tries.count(journal.record, self._clock.now()))
            return Uncertain(code="prescription.unsure", reason=_unsure(error.words))
        return Deferred(code=error.code, reason=error.words, operator_failed=True)


def _is_final(reply: Reply) -> bool:
    """Whether a refusal is about this prescription: what stands in between refuses without an outcome."""
    return reply.judgement.kind is Kind.REFUSED and bool(reply.said.issues)


def _unsure(what: Words) -> Words:
    return Words(en=f"{what.en} {words.UNSURE.en}", fr=f"{what.fr} {words.UNSURE.fr}")
