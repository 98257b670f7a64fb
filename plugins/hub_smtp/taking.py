"""One mail on its way in: after DATA, to the reply that says what became of it.

1. The mail streams into a content of its own, encrypted as it comes; nothing of it is held.
2. Whatever is wrong with it, it is read to its true end: only then can a reply be told apart.
3. It is read, submitted and durable: then, and only then, the peer is told 250.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final, Protocol

from hub.errors import HubError
from hub.ports.content import Content, Sink
from hub.ports.host import Host
from hub.ports.intake import Acknowledgement, Intake, Peer, Stage, Submission
from hub_smtp import faults, replies
from hub_smtp.commands import Mail
from hub_smtp.data import Body, Flaw
from hub_smtp.link import Link
from hub_smtp.replies import Reply
from hub_smtp.settings import ReceiverSettings
from hub_smtp.wire import Arrived, Rcpt

_TAKEN: Final = 250


class Reader(Protocol):
    """Reads a mail that arrived; see `reading`."""

    async def read(self, arrived: Arrived, stage: Stage) -> Submission | tuple[Acknowledgement, ...]:
        """Return what it says. Raises InputError or TrustError with words for its sender."""
        ...


class EndError(Exception):
    """The session is over; `reply` is the last thing to say."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.code)
        self.reply = reply


class Taking:
    """Takes the mails of one session."""

    def __init__(
        self, link: Link, *, intake: Intake, reader: Reader, settings: ReceiverSettings, host: Host
    ) -> None:
        self._link = link
        self._intake = intake
        self._reader = reader
        self._settings = settings
        self._host = host

    async def take(self, peer: Peer, mail: Mail, recipients: tuple[Rcpt, ...], at: datetime) -> Reply:
        """Let the mail come and return the reply to it. Raises LostError, SilentError and EndError."""
        stage = self._intake.stage()
        taken = False
        try:
            content = await self._receive(stage)
            if isinstance(content, Reply):
                self._log_refusal(peer, content)
                return content
            arrived = Arrived(
                peer=peer,
                mail_from=mail.sender,
                recipients=recipients,
                content=content,
                at=at,
                envid=mail.envid,
            )
            reply = await self._settle(arrived, stage)
            taken = reply.code == _TAKEN and reply is not replies.RECEIPT_TAKEN
        finally:
            if not taken:
                await stage.discard()
        return reply

    async def _receive(self, stage: Stage) -> Content | Reply:
        """Read the mail to its true end; return its content, or why it can't be taken."""
        settings, clock = self._settings, self._host.clock
        body = Body(settings.max_line)
        sink = stage.sink(settings.max_message)
        fault: Reply | None = None
        timeout = settings.data_timeout.total_seconds()
        began, came, size = clock.monotonic(), 0, 0
        self._link.write(replies.GO_AHEAD.encode())
        while not body.ended:
            data = await self._link.some(timeout)
            came += len(data)
            took = clock.monotonic() - began
            if took > settings.rate_grace.total_seconds() and came < took * settings.min_rate:
                raise EndError(replies.TOO_SLOW)
            clean = body.feed(data)
            size += len(clean)
            if fault is None and size > settings.max_message:
                fault = replies.too_large(settings.max_message)
            if fault is None and clean:
                fault = await _write(sink, clean)
        self._link.unread(body.rest)
        if body.flaw is not None:
            return self._flaw(body.flaw)
        if fault is not None:
            return fault
        try:
            return await sink.finish()
        except HubError as error:
            return faults.reply_for(error)

    def _flaw(self, flaw: Flaw) -> Reply:
        match flaw:
            case Flaw.BARE:
                return replies.BARE
            case Flaw.NUL:
                return replies.NUL
            case Flaw.LONG_LINE:
                return replies.long_line(self._settings.max_line)

    async def _settle(self, arrived: Arrived, stage: Stage) -> Reply:
        """Have the mail read and submitted; return the reply once all that is durable."""
        try:
            read = await self._reader.read(arrived, stage)
            if isinstance(read, Submission):
                accepted = await self._intake.submit(stage, _as_one_mail(read))
                return replies.accepted(accepted.envelopes)
            await self._acknowledge(arrived.peer, read)
        except HubError as error:
            reply = faults.reply_for(error, len(arrived.recipients))
            self._log_refusal(arrived.peer, reply, error.code)
        except Exception as error:  # noqa: BLE001 - nothing was taken, and the peer must hear it
            reply = faults.UNEXPECTED
            self._log_refusal(arrived.peer, reply, type(error).__name__)
        else:
            reply = replies.RECEIPT_TAKEN
        return reply

    async def _acknowledge(self, peer: Peer, receipts: Sequence[Acknowledgement]) -> None:
        unmatched = 0
        for one in receipts:
            unmatched += not await self._intake.acknowledge(peer, one)
            # A report may speak of thousands, and looking for a delivery does not wait for anything.
            await asyncio.sleep(0)
        if unmatched:
            self._host.log.warning("smtp.receipt_unmatched", peer=peer.name, count=unmatched)

    def _log_refusal(self, peer: Peer, reply: Reply, code: str | None = None) -> None:
        self._host.log.warning(
            "smtp.mail_refused",
            receiver=self._host.name,
            peer=peer.name,
            enhanced=reply.status,
            code=code,
        )


async def _write(sink: Sink, data: bytes) -> Reply | None:
    try:
        await sink.write(data)
    except HubError as error:
        return faults.reply_for(error)
    return None


def _as_one_mail(read: Submission) -> Submission:
    """Say what SMTP means: all recipients or none from here on, and each once for a mail.

    A client sends one mail again to those who got 4xx or were too many for one transaction, and to all
    whom it had no answer for; so a repeat is told by recipient. A peer speaks for many authors, none of
    whom may use up another's Message-ID.
    """
    digest = hashlib.sha256(f"{read.key}\n{read.sender.key}".encode()).hexdigest()
    return replace(read, key=f"smtp:{digest}", whole=True)
