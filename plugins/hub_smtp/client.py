"""One secured connection to an operator's server, used for one mail after another.

1. The server's certificate is one that the space of trust names for the addressees.
2. MAIL, every RCPT and DATA in one flight where PIPELINING allows (RFC 2920), else one by one.
3. The mail, dot-stuffed, as fast as the server takes it; the final dot.

`Connection.step` says how far the present mail has come, so that whoever catches an error knows whether
the server may have it.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from enum import Enum
from typing import Final

from hub.domain.ids import DeliveryId
from hub.domain.outcome import Deferred, Outcome, Refused
from hub.plugin.pins import names
from hub.ports.connector import Addressee
from hub_smtp import envelope, outcomes, pins
from hub_smtp.answers import CLOSING, Answer, garbled, read_answer
from hub_smtp.breaks import LostError, lost
from hub_smtp.link import Link
from hub_smtp.opening import Talk, Target, UnservedError, open_session
from hub_smtp.settings import ConnectorSettings
from hub_smtp.stuffing import Stuffing
from hub_smtp.wire import Outgoing

_GO_AHEAD: Final = 354
_TOO_MANY: Final = 452
_DOT: Final = b".\r\n"


class Step(Enum):
    """How far a mail has come: in `BODY` some of it left, in `SENT` the final dot may have."""

    IDLE = "idle"
    ENVELOPE = "envelope"
    BODY = "body"
    SENT = "sent"


async def connect(
    target: Target, settings: ConnectorSettings, context: ssl.SSLContext, hub_name: str
) -> Connection:
    """Return a connection that is ready for a mail. Raises PeerError; nothing was sent then."""
    link, offers = await open_session(target, settings, context, hub_name)
    return Connection(link, offers, target, settings)


class Connection:
    """One secured session. Not for two mails at the same time."""

    def __init__(
        self, link: Link, offers: Mapping[str, str], target: Target, settings: ConnectorSettings
    ) -> None:
        self.link = link
        self.target = target
        self._talk = Talk(link, target, settings)
        self._offers = offers
        self._settings = settings
        self._dirty = False
        self._closing = False
        self.step = Step.IDLE
        self.mails = 0
        self.names = _names_of(link)
        """By which the server's certificate can be pinned."""

    @property
    def usable(self) -> bool:
        """Whether another mail may be tried: it stands, and the server has not said goodbye."""
        fresh = self.mails < self._settings.messages_per_connection
        return fresh and not (self._closing or self.link.over or self.link.pending) and self.step is Step.IDLE

    @property
    def size_limit(self) -> int | None:
        """The largest mail that the server takes (RFC 1870), when it says."""
        return envelope.size_limit(self._offers)

    async def send(
        self, mail: Outgoing, addressees: Sequence[Addressee], told: dict[DeliveryId, Outcome]
    ) -> None:
        """Try one mail once, and put what becomes of each addressee into `told`, as it is learnt.

        Addressees whom the server wants in a mail of their own (452) are left out of it; those whose pins
        it does not satisfy are deferred. Raises PeerError, or MalformedError for a mail that must not
        leave; `step` says how far it had come.
        """
        addressees = pins.served(self.names, addressees, self.target.name, told)
        if not addressees:
            return
        self.mails += 1
        most = self._settings.max_message
        if (unfit := envelope.unfit(mail, self._offers, most, self.target.name)) is not None:
            told.update((one.delivery, unfit) for one in addressees)
            return
        pieces = mail.pieces()
        try:
            await self._send(mail, pieces, addressees, told)
        finally:
            if isinstance(pieces, AsyncGenerator):
                await pieces.aclose()

    async def _send(
        self,
        mail: Outgoing,
        pieces: AsyncIterator[bytes],
        addressees: Sequence[Addressee],
        told: dict[DeliveryId, Outcome],
    ) -> None:
        # A mail whose beginning is unsound is found out before the server hears of it.
        stuffing = Stuffing()
        first = stuffing.feed(await anext(pieces, b""))
        self.step = Step.ENVELOPE
        accepted = await self._envelope(mail, addressees, told)
        if accepted:
            self.step = Step.BODY
            await self._body(first, pieces, stuffing)
            answer = await read_answer(self.link, self._settings.reply_timeout.total_seconds())
            verdict = self._last_word(answer)
            told.update((one.delivery, verdict) for one in accepted)
        self.step = Step.IDLE

    def _last_word(self, answer: Answer) -> Outcome:
        if not (answer.positive or answer.transient or answer.permanent):
            raise garbled()
        self._dirty = False
        self._closing = answer.code == CLOSING
        if answer.positive:
            return outcomes.delivered(answer, self.target.name)
        return outcomes.negative(answer, self.target.name)

    def quit(self) -> None:
        """Say goodbye and leave; nobody waits for the answer."""
        if not self.link.over and self.step is Step.IDLE:
            self.link.write(b"QUIT\r\n")
            self.link.close()
        else:
            self.link.abort()

    # The envelope.

    async def _envelope(
        self, mail: Outgoing, addressees: Sequence[Addressee], told: dict[DeliveryId, Outcome]
    ) -> list[Addressee]:
        """Say for whom the mail is; return those for whom the server waits for it now."""
        wanted = [
            envelope.mail_line(mail, self._offers),
            *(envelope.rcpt_line(mail, one, self._offers) for one in addressees),
        ]
        if "PIPELINING" in self._offers:
            answers = await self._in_one_flight([*wanted, "DATA"])
        else:
            answers = await self._one_by_one(wanted)
        sender, data = answers[0], answers[-1]
        if not sender.positive:
            verdict = self._verdict(sender)
            told.update((one.delivery, verdict) for one in addressees)
            accepted = []
        else:
            accepted = self._sort(addressees, answers[1:-1], told)
        if data.code == _GO_AHEAD and not accepted:
            # RFC 2920, 3.1: the server waits for a mail for nobody; it gets an empty one.
            self.link.write(_DOT)
            await read_answer(self.link, self._settings.reply_timeout.total_seconds())
        elif data.code != _GO_AHEAD and accepted:
            verdict = self._verdict(data)
            told.update((one.delivery, verdict) for one in accepted)
            accepted = []
        return accepted

    def _sort(
        self, addressees: Sequence[Addressee], answers: Sequence[Answer], told: dict[DeliveryId, Outcome]
    ) -> list[Addressee]:
        accepted = []
        for one, answer in zip(addressees, answers, strict=True):
            if answer.positive:
                accepted.append(one)
            elif answer.code != _TOO_MANY or answer.status not in {"4.5.3", "452"} or not accepted:
                told[one.delivery] = self._verdict(answer)
        return accepted

    def _verdict(self, answer: Answer) -> Deferred | Refused:
        if not (answer.transient or answer.permanent):
            raise garbled()
        return outcomes.negative(answer, self.target.name)

    async def _in_one_flight(self, lines: Sequence[str]) -> list[Answer]:
        if self._dirty:
            lines = ["RSET", *lines]
        self.link.write("".join(f"{line}\r\n" for line in lines).encode())
        answers = [await self._talk.answer() for _ in lines]
        if self._dirty:
            answers = answers[1:]
        self._dirty = True
        return answers

    async def _one_by_one(self, lines: Sequence[str]) -> list[Answer]:
        """Say each line once the one before is answered; DATA only when somebody was accepted."""
        if self._dirty:
            await self._talk.ask("RSET")
        self._dirty = True
        sender = await self._talk.ask(lines[0])
        if not sender.positive:
            return [sender, sender]
        answers = [await self._talk.ask(line) for line in lines[1:]]
        go_ahead = any(one.positive for one in answers)
        return [sender, *answers, await self._talk.ask("DATA") if go_ahead else sender]

    # The mail.

    async def _body(self, first: bytes, pieces: AsyncIterator[bytes], stuffing: Stuffing) -> None:
        """Stream the mail, one piece behind, so that the final dot leaves together with the last piece."""
        patience = self._settings.data_timeout.total_seconds()
        held = first
        async for piece in pieces:
            data = stuffing.feed(piece)
            self.link.write(held)
            try:
                await self.link.drain(patience)
            except LostError:
                await self._heed_early_answer()
                raise
            await self._heed_early_answer()
            held = data
        stuffing.finish()
        await self._heed_early_answer()
        if self.link.over:
            raise lost()
        # From here on the server may have it all.
        self.step = Step.SENT
        self.link.write(held + _DOT)
        self.link.flush()

    async def _heed_early_answer(self) -> None:
        """Raise what a server said while the mail was still leaving, if it said anything."""
        if self.link.pending:
            raise UnservedError(self._verdict(await self._talk.answer()))


def _names_of(link: Link) -> frozenset[str]:
    certificate = link.secure.object.getpeercert(binary_form=True) if link.secure is not None else None
    return names(certificate or b"")
