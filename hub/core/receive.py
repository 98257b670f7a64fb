"""What receivers see of the hub: the one way in (`hub.ports.intake.Intake`)."""

from __future__ import annotations

from collections.abc import Callable

from hub.core.acknowledge import Acknowledger
from hub.core.register import Register
from hub.core.resolve import resolve
from hub.core.submit import Submitter
from hub.core.tell import Teller
from hub.domain.envelope import SealedEnvelope
from hub.domain.ids import EnvelopeId, OperatorName
from hub.domain.outcome import Deferred, Refused
from hub.domain.target import Target
from hub.ports.directory import DirectoryUnavailableError
from hub.ports.host import Log
from hub.ports.intake import Accepted, Acknowledgement, Peer, Stage, Submission, To
from hub.ports.looking import Catalogue
from hub.ports.observer import Event
from hub.ports.trust import TrustUnavailableError


class Reception:
    """Lends the core's steps to every receiver."""

    def __init__(
        self,
        *,
        submitter: Submitter,
        catalogue: Catalogue,
        acknowledger: Acknowledger,
        teller: Teller,
        names_of: Callable[[bytes], tuple[str, ...]],
        wake: Callable[[], None],
        log: Log,
        observe: Callable[[Event], None],
    ) -> None:
        self._submitter = submitter
        self._catalogue = catalogue
        self._acknowledger = acknowledger
        self._teller = teller
        self._names_of = names_of
        self._wake = wake
        self._log = log
        self._observe = observe

    def identify(self, certificate: bytes) -> Peer | None:
        """Return the operator that a certificate stands for, by its fingerprint or names.

        It speaks for the domains whose pins in the space of trust the certificate satisfies.
        """
        names = self._names_of(certificate)
        peer = self._register.operators.speaking(names)
        return None if peer is None else self._register.trust.narrow(peer, names)

    def standing_for(self, operator: OperatorName) -> Peer | None:
        """Return the peer that an operator is; None when there is none of that name."""
        return self._register.operators.peer(operator)

    async def sealed(self, envelope: EnvelopeId) -> SealedEnvelope | None:
        """Return an envelope that `submit` answered with."""
        return await self._submitter.queue.sealed(envelope)

    @property
    def directory(self) -> Catalogue:
        """The hub's directory, to be shown to whom a receiver has authenticated."""
        return self._catalogue

    async def judge(self, peer: Peer, target: Target) -> Refused | Deferred | None:
        """Say whether a recipient could be accepted now."""
        del peer
        try:
            answer = await resolve(To(target=target), self._register)
        except (DirectoryUnavailableError, TrustUnavailableError) as error:
            return Deferred(code=error.code, reason=error.words)
        return answer if isinstance(answer, Refused) else None

    def stage(self) -> Stage:
        """Open a place for one submission's contents."""
        return self._submitter.queue.stage()

    async def submit(self, stage: Stage, submission: Submission) -> Accepted:
        """Take a submission; durable when it returns."""
        accepted = await self._submitter.submit(stage, submission)
        try:
            if submission.unanswered:
                await self._teller.tell(submission.peer.name, accepted)
        finally:
            self._wake()
        for envelope in accepted.envelopes:
            self._log.info(
                "message.accepted",
                envelope=envelope,
                peer=submission.peer.name,
                connector=submission.connector,
                refused=len(accepted.refused),
                again=accepted.again,
            )
            if not accepted.again:
                self._observe(
                    Event(name="message.accepted", at=self._submitter.clock.now(), envelope=envelope)
                )
        return accepted

    async def acknowledge(self, peer: Peer, acknowledgement: Acknowledgement) -> bool:
        """Record a receipt for a delivery made earlier."""
        matched = await self._acknowledger.acknowledge(peer, acknowledgement)
        self._wake()
        return matched

    @property
    def _register(self) -> Register:
        return self._submitter.register
