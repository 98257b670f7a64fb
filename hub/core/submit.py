"""The way in: normalise, authorise, resolve, seal, commit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hub.core.authorise import authorise
from hub.core.normalise import Limits, Normal, normalise
from hub.core.operators import Operators
from hub.core.resolve import Resolved, resolve
from hub.core.seal import Sealer
from hub.domain.envelope import normal
from hub.domain.message import Message, Origin
from hub.domain.outcome import Refused
from hub.domain.party import Identifier, Party
from hub.errors import HubError, InputError, PeerError, StoreError, Words
from hub.ports.clock import Clock
from hub.ports.directory import Directory
from hub.ports.intake import Accepted, Stage, Submission
from hub.ports.policy import Policy
from hub.ports.queue import Acceptance, NewDelivery, NewEnvelope, Queue
from hub.ports.records import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitter:
    """Everything that the way in needs."""

    queue: Queue
    directory: Directory
    operators: Operators
    sealer: Sealer
    policies: Sequence[Policy]
    limits: Limits
    clock: Clock

    async def submit(self, stage: Stage, submission: Submission) -> Accepted:
        """Take a submission; durable when it returns. See `hub.ports.intake.Intake.submit`."""
        try:
            acceptance = await self._prepare(submission)
        except (StoreError, PeerError):
            raise
        except HubError:
            # What was accepted once is answered the same, whatever has changed since.
            if (earlier := await self.queue.earlier(submission.peer.name, submission.key)) is not None:
                return earlier
            raise
        return await self.queue.put(stage, acceptance)

    async def _prepare(self, submission: Submission) -> Acceptance:
        parts = normalise(submission, self.limits)
        sender = await authorise(submission, self.directory, self.operators)
        reached, refused = await self._resolve(parts)
        message = _message(parts, sender, [one.party for one in reached])
        reached, refused = await self._apply_policies(message, reached, refused)
        if not reached or (refused and submission.whole):
            raise _nobody(refused)
        return Acceptance(
            peer=submission.peer.name,
            key=submission.key,
            fingerprint=parts.fingerprint,
            envelopes=[self._envelope(parts, message, group) for group in _groups(reached)],
            refused=refused,
        )

    async def _resolve(self, parts: Normal) -> tuple[list[Resolved], dict[str, Refused]]:
        size = sum(one.size for one in parts.documents)
        reached: dict[str, Resolved] = {}
        refused: dict[str, Refused] = {}
        for to in parts.recipients:
            answer = await resolve(to, self.directory, self.operators, size)
            if isinstance(answer, Refused):
                refused[to.target.value if isinstance(to.target, Identifier) else str(to.target)] = answer
            else:
                reached.setdefault(answer.party.address.key, answer)
        return list(reached.values()), refused

    async def _apply_policies(
        self, message: Message, reached: list[Resolved], refused: dict[str, Refused]
    ) -> tuple[list[Resolved], dict[str, Refused]]:
        for policy in self.policies:
            for one in tuple(reached):
                if (why := await policy.judge(message, one.party)) is not None:
                    reached.remove(one)
                    refused[str(one.party.address)] = why
        return reached, refused

    def _envelope(self, parts: Normal, message: Message, group: Sequence[Resolved]) -> NewEnvelope:
        sealed = self.sealer.seal(replace(message, recipients=tuple(one.party for one in group)))
        submission = parts.submission
        return NewEnvelope(
            sealed=sealed,
            peer=submission.peer.name,
            contents=parts.contents,
            deliveries=[
                NewDelivery(id=self.sealer.new_delivery(), position=position, operator=one.operator.name)
                for position, one in enumerate(group)
            ],
            steps=(Step(at=self.clock.now(), event="message.accepted", detail=submission.peer.name),),
            correlation=submission.native_id,
        )


def _groups(reached: Sequence[Resolved]) -> list[list[Resolved]]:
    """Those named openly share an envelope; each blind copy has its own."""
    opened = [one for one in reached if not one.blind]
    return [opened] * bool(opened) + [[one] for one in reached if one.blind]


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
            native_id=normal(submission.native_id),
            authenticated_as=submission.peer.name,
            signature=submission.signature,
        ),
        language=submission.language,
        patient=tuple(submission.patient),
        in_reply_to=submission.in_reply_to and normal(submission.in_reply_to),
        references=tuple(normal(one) for one in submission.references),
        thread=submission.thread and normal(submission.thread),
        receipts=tuple(dict.fromkeys(submission.receipts)),
    )


def _nobody(refused: dict[str, Refused]) -> InputError:
    reasons = tuple(refused.values())
    return InputError(
        "recipients.refused",
        Words(
            en=" ".join(one.reason.en for one in reasons),
            fr=" ".join(one.reason.fr for one in reasons),
        ),
        refused=refused,
    )
