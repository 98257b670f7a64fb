"""What receivers see of the hub: the one way in (`hub.ports.intake.Intake`)."""

from __future__ import annotations

from collections.abc import Callable

from hub.core.acknowledge import Acknowledger
from hub.core.operators import Operators
from hub.core.resolve import resolve
from hub.core.submit import Submitter
from hub.domain.address import Address
from hub.domain.outcome import Deferred, Refused
from hub.domain.party import Identifier
from hub.ports.directory import DirectoryUnavailableError
from hub.ports.host import Log
from hub.ports.intake import Accepted, Acknowledgement, Peer, Stage, Submission, To
from hub.ports.observer import Event


class Reception:
    """Lends the core's steps to every receiver."""

    def __init__(
        self,
        *,
        submitter: Submitter,
        acknowledger: Acknowledger,
        names_of: Callable[[bytes], tuple[str, ...]],
        wake: Callable[[], None],
        log: Log,
        observe: Callable[[Event], None],
    ) -> None:
        self._submitter = submitter
        self._acknowledger = acknowledger
        self._names_of = names_of
        self._wake = wake
        self._log = log
        self._observe = observe

    def identify(self, certificate: bytes) -> Peer | None:
        """Return the operator that a certificate stands for, by its fingerprint or names."""
        return self._operators.speaking(self._names_of(certificate))

    async def judge(self, peer: Peer, target: Address | Identifier) -> Refused | Deferred | None:
        """Say whether a recipient could be accepted now."""
        del peer
        try:
            answer = await resolve(To(target=target), self._submitter.directory, self._operators)
        except DirectoryUnavailableError as error:
            return Deferred(code=error.code, reason=error.words)
        return answer if isinstance(answer, Refused) else None

    def stage(self) -> Stage:
        """Open a place for one submission's contents."""
        return self._submitter.queue.stage()

    async def submit(self, stage: Stage, submission: Submission) -> Accepted:
        """Take a submission; durable when it returns."""
        accepted = await self._submitter.submit(stage, submission)
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
    def _operators(self) -> Operators:
        return self._submitter.operators
