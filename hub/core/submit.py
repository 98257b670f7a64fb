"""The way in: normalise, authorise, resolve, seal, commit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from hub.core.authorise import Sender, authorise
from hub.core.judging import Judge
from hub.core.normalise import Limits, Normal, normalise, weight
from hub.core.register import Register
from hub.core.resolve import TOO_LARGE, Resolved, resolve
from hub.core.seal import Sealer
from hub.domain.ids import EnvelopeId
from hub.domain.message import Message, Origin
from hub.domain.outcome import Refused
from hub.domain.party import Party
from hub.errors import HubError, InputError, StoreError, Words
from hub.ports.clock import Clock
from hub.ports.intake import Accepted, Stage, Submission
from hub.ports.policy import Policy
from hub.ports.queue import Acceptance, NewDelivery, NewEnvelope, Queue
from hub.ports.records import Step

_MAX_REASONS: Final = 10
"""Refusals that one answer spells out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitter:
    """Everything that the way in needs."""

    queue: Queue
    register: Register
    sealer: Sealer
    policies: Sequence[Policy]
    limits: Limits
    clock: Clock

    async def submit(self, stage: Stage, submission: Submission) -> Accepted:
        """Take a submission; durable when it returns. See `hub.ports.intake.Intake.submit`."""
        parts = normalise(submission, self.limits)
        while True:
            fault = None
            try:
                acceptance = await self._prepare(parts)
            except StoreError:
                raise
            except HubError as error:
                fault = error
            else:
                accepted = await self.queue.put(stage, acceptance)
                if accepted is not None:
                    return accepted
            # What was accepted once is answered the same, whatever has changed since; the rest goes on.
            answers = await self.queue.earlier(submission.peer.name, parts.keys, parts.fingerprint)
            if fault is not None and not answers:
                raise fault
            if (rest := parts.without(answers)) is None:
                return Accepted.before(answers.values())
            parts = rest

    async def _prepare(self, parts: Normal) -> Acceptance:
        submission = parts.submission
        sender = await authorise(submission, self.register)
        reached, refused = await self._resolve(parts, weight(parts.documents))
        if submission.whole and reached and any(one.code == TOO_LARGE for one in refused.values()):
            # Too late to refuse one of several for its size: its operator will, and the sender is told.
            reached, refused = await self._resolve(parts, 0)
        listed = len(reached)
        reached = await self._judge(parts, sender, reached, refused)
        if not reached or (refused and submission.whole):
            raise _nobody(refused, lasting=len(reached) < listed)
        groups = _groups(reached)
        envelopes = [self._envelope(parts, sender, group) for group in groups]
        return Acceptance(
            peer=submission.peer.name,
            keys=_keys(parts, groups, [one.sealed.envelope.id for one in envelopes]),
            fingerprint=parts.fingerprint,
            envelopes=envelopes,
            refused=refused,
        )

    async def _resolve(self, parts: Normal, size: int) -> tuple[list[Resolved], dict[str, Refused]]:
        reached: dict[str, Resolved] = {}
        refused: dict[str, Refused] = {}
        for to in parts.recipients:
            answer = await resolve(to, self.register, size)
            if isinstance(answer, Refused):
                refused[to.asked] = answer
            else:
                first = reached.setdefault(answer.party.address.key, answer)
                if first is not answer:
                    reached[answer.party.address.key] = replace(first, also=(*first.also, to.asked))
        return list(reached.values()), refused

    async def _judge(
        self, parts: Normal, sender: Sender, reached: Sequence[Resolved], refused: dict[str, Refused]
    ) -> list[Resolved]:
        """Return whom the kinds of mailboxes and the policies allow; the others join `refused`."""
        judge = Judge(queue=self.queue, policies=self.policies)
        allowed = []
        for one in reached:
            if (why := await judge.kinds(parts.submission, sender, one)) is None:
                allowed.append(one)
            else:
                refused.update(dict.fromkeys((one.asked, *one.also), why))
        if not allowed or not self.policies:
            return allowed
        message = _message(parts, sender.party, [one.party for one in allowed])
        passed = []
        for one in allowed:
            if (why := await judge.rules(message, sender, one)) is None:
                passed.append(one)
            else:
                refused.update(dict.fromkeys((one.asked, *one.also), why))
        return passed

    def _envelope(self, parts: Normal, sender: Sender, group: Sequence[Resolved]) -> NewEnvelope:
        sealed = self.sealer.seal(_message(parts, sender.party, [one.party for one in group]))
        submission = parts.submission
        now = self.clock.now()
        return NewEnvelope(
            sealed=sealed,
            peer=submission.peer.name,
            contents=parts.contents,
            deliveries=[
                NewDelivery(id=self.sealer.new_delivery(), position=position, operator=one.operator.name)
                for position, one in enumerate(group)
            ],
            steps=(
                Step(at=now, event="message.accepted", detail=submission.peer.name),
                Step(at=now, event="directory.answered", detail=_sources(sender, group)),
            ),
            correlation=submission.native_id,
        )


def _sources(sender: Sender, group: Sequence[Resolved]) -> str:
    """Name what decided that these may exchange: versions of directories and of trust lists."""
    decided: list[Sender | Resolved] = [sender, *group]
    entries = [one.entry.source for one in decided]
    admissions = [one.admission.source for one in decided if one.admission is not None]
    return "; ".join(dict.fromkeys(entries + admissions))


def _groups(reached: Sequence[Resolved]) -> list[list[Resolved]]:
    """Those named openly share an envelope; each blind copy has its own."""
    opened = [one for one in reached if not one.blind]
    return [opened] * bool(opened) + [[one] for one in reached if one.blind]


def _keys(
    parts: Normal, groups: Sequence[Sequence[Resolved]], envelopes: Sequence[EnvelopeId]
) -> dict[str, Sequence[EnvelopeId]]:
    """Say which envelopes answer which key: all of them the submission's, each its own recipients'."""
    if not parts.submission.whole:
        return {parts.submission.key: envelopes}
    where = {
        name: (envelope,)
        for group, envelope in zip(groups, envelopes, strict=True)
        for one in group
        for name in (one.asked, *one.also)
    }
    return {key: where[to.asked] for key, to in zip(parts.keys, parts.recipients, strict=True)}


def _message(parts: Normal, sender: Party, recipients: Sequence[Party]) -> Message:
    submission = parts.submission
    return Message(
        kind=submission.kind,
        sender=sender,
        recipients=tuple(recipients),
        subject=parts.subject,
        documents=parts.documents,
        origin=Origin(
            connector=submission.connector,
            native_id=submission.native_id,
            authenticated_as=submission.peer.name,
            signature=submission.signature,
        ),
        language=submission.language,
        patient=tuple(submission.patient),
        in_reply_to=submission.in_reply_to,
        references=tuple(submission.references),
        thread=submission.thread,
        receipts=tuple(dict.fromkeys(submission.receipts)),
    )


def _nobody(refused: dict[str, Refused], *, lasting: bool) -> InputError:
    """Make the error that names who was refused. `lasting`: a rule did it, which no RCPT will tell."""
    reasons = list(refused.values())[:_MAX_REASONS]
    more = "" if len(reasons) == len(refused) else " …"
    return InputError(
        "recipients.refused",
        Words(
            en=" ".join(one.reason.en for one in reasons) + more,
            fr=" ".join(one.reason.fr for one in reasons) + more,
        ),
        refused=refused,
        lasting=lasting,
    )
