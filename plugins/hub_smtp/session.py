"""One client's session, from greeting to goodbye (RFC 5321, 3207, 2920, 2034), in the order it must go.

1. Greeting; EHLO in clear offers STARTTLS and nothing else.
2. TLS with a verified client certificate; nothing said before it counts.
3. The certificate names the peer. One that stands for no operator may not send.
4. MAIL, RCPT (each answered by the hub's own judgement) and DATA, as often as the peer likes.

What happens to a mail is in `taking`. Replies gather and leave when the input is used up, which is all
that PIPELINING asks of a server.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Final

from hub.domain.outcome import Refused
from hub.errors import HubError
from hub.ports.intake import Peer
from hub_smtp import commands, faults, replies
from hub_smtp.breaks import LineError, LostError, SilentError
from hub_smtp.commands import CommandError, Mail
from hub_smtp.handshake import Desk, Secured, recognise, shake_hands
from hub_smtp.link import Link, StoppedError
from hub_smtp.replies import Reply
from hub_smtp.taking import EndError, Taking
from hub_smtp.wire import Rcpt

_MAX_COMMAND: Final = 4096
"""Octets of a command line: RFC 5321's 512, with what RFC 1870, 3461 and 6531 add to it, and room."""
_SEVERE: Final = 500
_NAME: Final = re.compile(r"[A-Za-z0-9.:_\[\]-]{1,255}")
_OFFERS: Final = ("8BITMIME", "SMTPUTF8", "PIPELINING", "ENHANCEDSTATUSCODES", "DSN", "HELP")


class Session:
    """One client. `run` never raises, but when cancelled."""

    def __init__(self, link: Link, desk: Desk) -> None:
        self._link = link
        self._desk = desk
        self._settings = desk.settings
        self._handlers: dict[str, Callable[[str], Awaitable[Reply | None]]] = {
            "MAIL": self._mail,
            "RCPT": self._rcpt,
            "DATA": self._data,
            "EHLO": self._ehlo,
            "HELO": self._helo,
            "STARTTLS": self._starttls,
            "RSET": self._rset,
            "NOOP": self._noop,
            "VRFY": self._vrfy,
            "HELP": self._help,
            "QUIT": self._quit,
        }
        self._taking = Taking(
            link, intake=desk.intake, reader=desk.reader, settings=desk.settings, host=desk.host
        )
        self._secured: Secured | None = None
        self._peer: Peer | None = None
        self._greeted = False
        self._mail_command: Mail | None = None
        self._recipients: list[Rcpt] = []
        self._errors = 0
        self._idle = 0
        self._stopping = False
        self._listening = False

    def stop(self) -> None:
        """End the session as soon as nothing is half done."""
        self._stopping = True
        if self._listening:
            self._link.interrupt()

    async def run(self) -> None:
        """Serve until the client leaves, the link breaks, a limit is passed or `stop` is called."""
        try:
            await self._converse()
        except EndError as end:
            self._send(end.reply)
        except StoppedError:
            self._send(replies.STOPPING)
        except SilentError:
            self._send(replies.TIMED_OUT)
        except LostError:
            pass
        except Exception as error:  # noqa: BLE001 - one session's fault ends that session only
            self._desk.host.log.warning("smtp.session_failed", error=type(error).__name__)
            self._send(replies.FAILED)
        finally:
            self._link.close()

    async def _converse(self) -> None:
        name = self._desk.host.hub_name
        self._link.write(f"220 {name} ESMTP\r\n".encode())
        patience = self._settings.command_timeout.total_seconds()
        # Who has shown no certificate yet is not waited for as long.
        in_clear = min(patience, self._settings.handshake_timeout.total_seconds())
        while not self._stopping:
            self._listening = True
            try:
                line = await self._link.line(_MAX_COMMAND, in_clear if self._secured is None else patience)
            except LineError as error:
                if error.code != "smtp.line_end":
                    raise EndError(replies.LINE_TOO_LONG) from error
                self._answer(replies.LINE_ENDS)
                continue
            finally:
                self._listening = False
            reply = await self._obey(line)
            if reply is replies.BYE:
                raise EndError(reply)
            if reply is not None:
                self._answer(reply)
        raise EndError(replies.STOPPING)

    async def _obey(self, line: bytes) -> Reply | None:
        try:
            verb, _, argument = line.decode().partition(" ")
        except UnicodeDecodeError:
            return replies.NOT_TEXT
        if b"\r" in line or b"\0" in line:
            return replies.LINE_ENDS
        handler = self._handlers.get(verb.upper())
        if handler is None:
            return replies.UNKNOWN_COMMAND
        try:
            return await handler(argument)
        except CommandError as error:
            return error.reply
        except (LostError, SilentError):
            raise
        except HubError as error:
            return faults.reply_for(error)

    def _answer(self, reply: Reply) -> None:
        self._send(reply)
        if reply.code >= _SEVERE:
            self._errors += 1
            if self._errors >= self._settings.max_errors:
                raise EndError(replies.TOO_MANY_ERRORS)

    def _send(self, reply: Reply) -> None:
        utf8 = self._mail_command is not None and self._mail_command.smtputf8
        self._link.write(reply.encode(self._settings.language, utf8=utf8))

    def _count_idle(self) -> None:
        self._idle += 1
        if self._idle > self._settings.max_idle_commands:
            raise EndError(replies.TOO_MANY_COMMANDS)

    def _forget_mail(self) -> None:
        self._mail_command = None
        self._recipients = []

    # Commands, in the order of a session.

    async def _ehlo(self, argument: str) -> Reply | None:
        self._greet(argument)
        offers = ["STARTTLS"]
        if self._secured is not None:
            settings = self._settings
            offers = [*_OFFERS, f"SIZE {settings.max_message}", f"LIMITS RCPTMAX={settings.max_recipients}"]
        lines = [self._desk.host.hub_name, *offers]
        last = len(lines) - 1
        self._link.write(
            "".join(f"250{' ' if at == last else '-'}{one}\r\n" for at, one in enumerate(lines)).encode()
        )
        return None

    async def _helo(self, argument: str) -> Reply | None:
        self._greet(argument)
        self._link.write(f"250 {self._desk.host.hub_name}\r\n".encode())
        return None

    def _greet(self, argument: str) -> None:
        self._count_idle()
        if not _NAME.fullmatch(argument.strip(" ")):
            raise CommandError(replies.BAD_ARGUMENT)
        self._greeted = True
        self._forget_mail()

    async def _starttls(self, argument: str) -> Reply | None:
        if argument:
            return replies.NO_ARGUMENT
        if self._secured is not None:
            return replies.TLS_TWICE
        if self._link.pending:
            # Bytes in clear would be read as if the certificate's bearer had sent them.
            raise EndError(replies.TLS_PIPELINED)
        self._link.write(replies.READY_FOR_TLS.encode())
        self._secured = await shake_hands(self._link, self._desk)
        # RFC 3207, 4.2: whatever the client said in clear is forgotten.
        self._greeted = False
        self._forget_mail()
        return None

    async def _mail(self, argument: str) -> Reply:
        if self._secured is None:
            return replies.TLS_FIRST
        if not self._greeted:
            return replies.HELLO_FIRST
        if self._mail_command is not None:
            return replies.MAIL_TWICE
        mail = commands.parse_mail(argument)
        # Asked for each mail: a session may outlast the pins of the space of trust.
        self._peer = recognise(self._secured.certificate, self._desk)
        self._check_sender(mail, self._peer)
        self._mail_command = mail
        return replies.SENDER_OK

    def _check_sender(self, mail: Mail, peer: Peer | None) -> None:
        if peer is None:
            raise CommandError(replies.UNKNOWN_PEER)
        if mail.size > self._settings.max_message:
            raise CommandError(replies.too_large(self._settings.max_message))
        if mail.sender is not None and not peer.may_send_as(mail.sender):
            raise CommandError(replies.not_yours(mail.sender))

    async def _rcpt(self, argument: str) -> Reply | None:
        peer, mail = self._begun()
        rcpt = commands.parse_rcpt(argument, utf8=mail.smtputf8)
        own = self._desk.host.address.key
        if self._recipients and (rcpt.address.key == own) != (self._recipients[0].address.key == own):
            return replies.SEPARATELY
        if len(self._recipients) >= self._settings.max_recipients:
            return replies.too_many_recipients(self._settings.max_recipients)
        if rcpt.address.key != own:
            if mail.sender is None:
                return replies.NULL_SENDER
            if (why := await self._desk.intake.judge(peer, rcpt.address)) is not None:
                # A peer's list may be out of date: this counts as no error of the session.
                self._send(faults.refusal(why))
                self._desk.host.log.info(
                    "smtp.recipient_refused" if isinstance(why, Refused) else "smtp.recipient_deferred",
                    peer=peer.name,
                    code=why.code,
                )
                return None
        self._recipients.append(rcpt)
        return replies.RECIPIENT_OK

    async def _data(self, argument: str) -> Reply | None:
        if argument:
            return replies.NO_ARGUMENT
        peer, mail = self._begun()
        if not self._recipients:
            return replies.RCPT_FIRST
        now = self._desk.host.clock.now()
        reply = await self._taking.take(peer, mail, tuple(self._recipients), now)
        # Sent before the mail is forgotten: it says whether letters beyond ASCII may be used.
        self._send(reply)
        self._forget_mail()
        self._idle = 0
        if reply.code < _SEVERE:
            self._errors = 0
        return None

    def _begun(self) -> tuple[Peer, Mail]:
        if self._secured is None:
            raise CommandError(replies.TLS_FIRST)
        if self._peer is None or self._mail_command is None:
            raise CommandError(replies.MAIL_FIRST)
        return self._peer, self._mail_command

    async def _rset(self, argument: str) -> Reply:
        self._count_idle()
        if argument:
            return replies.NO_ARGUMENT
        self._forget_mail()
        return replies.OK

    async def _noop(self, _argument: str) -> Reply:
        self._count_idle()
        return replies.OK

    async def _vrfy(self, _argument: str) -> Reply:
        self._count_idle()
        return replies.CANNOT_VERIFY

    async def _help(self, _argument: str) -> Reply:
        self._count_idle()
        return replies.HELP

    async def _quit(self, _argument: str) -> Reply:
        return replies.BYE
