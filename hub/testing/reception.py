"""The hub as a receiver sees it, without the hub: for the tests of receivers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from hub.domain.address import Address
from hub.domain.envelope import SealedEnvelope
from hub.domain.ids import EnvelopeId, OperatorName, uuid7
from hub.domain.outcome import Deferred, Refused
from hub.domain.target import Target
from hub.errors import ConflictError, HubError, Words
from hub.ports.directory import Entry
from hub.ports.intake import Accepted, Acknowledgement, Peer, Stage, Submission, To
from hub.ports.looking import Catalogue
from hub.testing.contents import MemoryStage


class EmptyCatalogue:
    """A directory that lists nobody (`Catalogue`)."""

    async def by_address(self, address: Address) -> Entry | None:
        """Know nobody."""
        del address
        return None

    async def search(self, text: str, limit: int) -> Sequence[Entry]:
        """Find nobody."""
        del text, limit
        return ()


@dataclass(slots=True, kw_only=True)
class RecordingIntake:
    """Takes everything and remembers it (`Intake`).

    `peers` says which operator a certificate (DER) stands for. `judgements` are the answers about
    recipients, by address as written or identifier value; who is not there may receive.
    `operators` are the peers that operators are; `seals` are sealed envelopes, by id.
    `refused` is what `submit` says of recipients; `error`, when set, is raised by it instead.
    `matches` is what `acknowledge` answers, `directory` what the receiver may show.
    """

    peers: Mapping[bytes, Peer] = field(default_factory=dict)
    judgements: Mapping[str, Refused | Deferred] = field(default_factory=dict)
    refused: Mapping[str, Refused] = field(default_factory=dict)
    operators: Mapping[str, Peer] = field(default_factory=dict)
    seals: Mapping[EnvelopeId, SealedEnvelope] = field(default_factory=dict)
    error: HubError | None = None
    matches: bool = True
    directory: Catalogue = field(default_factory=EmptyCatalogue)
    stages: list[MemoryStage] = field(default_factory=list)
    submissions: list[Submission] = field(default_factory=list)
    acknowledgements: list[tuple[Peer, Acknowledgement]] = field(default_factory=list)
    _answers: dict[tuple[str, str], tuple[Submission, Accepted]] = field(default_factory=dict)

    def identify(self, certificate: bytes) -> Peer | None:
        """Return the operator that a certificate stands for, if any."""
        return self.peers.get(certificate)

    def standing_for(self, operator: OperatorName) -> Peer | None:
        """Return the peer that an operator is, by the names in `operators`."""
        return self.operators.get(operator)

    async def sealed(self, envelope: EnvelopeId) -> SealedEnvelope | None:
        """Return what `seals` has of an envelope."""
        return self.seals.get(envelope)

    async def judge(self, peer: Peer, target: Target) -> Refused | Deferred | None:
        """Answer from the table."""
        del peer
        return self.judgements.get(To(target=target).asked)

    def stage(self) -> MemoryStage:
        """Open a place for one submission's contents; all are kept in `stages`."""
        self.stages.append(MemoryStage())
        return self.stages[-1]

    async def submit(self, stage: Stage, submission: Submission) -> Accepted:
        """Take a submission, once per peer and key, or raise `error`."""
        if self.error is not None:
            raise self.error
        if isinstance(stage, MemoryStage) and stage.discarded:
            raise AssertionError("the stage of a submission was discarded before it was submitted")
        # A `whole` submission is answered for each recipient.
        names = [f"\n{one.asked}" for one in submission.recipients] if submission.whole else [""]
        keys = {name: (submission.peer.name, submission.key + name) for name in names}
        known = [self._answers[key] for key in keys.values() if key in self._answers]
        for before, _ in known:
            other = before.recipients != submission.recipients and not submission.whole
            if before.subject != submission.subject or other:
                raise ConflictError(
                    "key.conflict",
                    Words(
                        en="This key was used for another message.",
                        fr="Cette clé a servi pour un autre message.",
                    ),
                )
        if len(known) == len(keys):
            return Accepted.before(answer for _, answer in known)
        if known:
            rest = [one for one in submission.recipients if keys[f"\n{one.asked}"] not in self._answers]
            submission = replace(submission, recipients=rest)
        self.submissions.append(submission)
        envelope = EnvelopeId(uuid7(len(self.submissions), bytes(10)))
        answer = Accepted(envelopes=(envelope,), refused=dict(self.refused))
        for key in keys.values():
            self._answers.setdefault(key, (submission, answer))
        return answer

    async def acknowledge(self, peer: Peer, acknowledgement: Acknowledgement) -> bool:
        """Remember a receipt."""
        self.acknowledgements.append((peer, acknowledgement))
        return self.matches
