"""The SMTP connector keeps what every connector keeps, against an independent server (aiosmtpd)."""

from __future__ import annotations

import asyncio
import email
import email.policy
import hashlib
import ssl
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP

from hub.domain.address import Address
from hub.plugin.listening import Endpoint
from hub.testing.connector_contract import ConnectorContract, Rig, Seen
from hub.testing.fakes import entry
from hub_smtp.composing import Composer
from hub_smtp.connector import Connector, open_connector
from hub_smtp.mail_settings import Encrypt, Format, MailWriting
from hub_smtp.settings import ConnectorSettings
from tests.plugins.smtp.wire.world import Papers, host


class Mailboxes:
    """An SMTP server of somebody else's making, with mailboxes that can be looked into."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        self._server: asyncio.Server | None = None
        self._sessions: list[SMTP] = []
        self.port = 0
        self.awake = asyncio.Event()
        self.awake.set()
        self.mails: list[tuple[Address, bytes]] = []

    async def open(self) -> None:
        """Listen, on the same port as before."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._session, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop listening and drop every connection."""
        assert self._server is not None
        self._server.close()
        for session in self._sessions:
            if session.transport is not None:
                session.transport.abort()
        self._sessions.clear()
        for _ in range(5):
            await asyncio.sleep(0)

    def _session(self) -> SMTP:
        session = SMTP(self, tls_context=self._context, require_starttls=True, hostname="mx.cabinet.example")
        self._sessions.append(session)
        return session

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Any, envelope: Any, address: str, _options: Sequence[str]
    ) -> str:
        """Know everybody but one."""
        await self.awake.wait()
        if address.startswith("unknown@"):
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, _server: SMTP, _session: Any, envelope: Any) -> str:  # noqa: N802 - as above
        """Put the mail into every mailbox."""
        self.mails += [(Address.parse(one), envelope.content) for one in envelope.rcpt_tos]
        return "250 2.0.0 OK"


class SmtpRig(Rig):
    """Our connector and their server."""

    sender = Address.parse("labo@chu.example")
    good = tuple(entry(f"dr.{name}@cabinet.example") for name in ("a", "b", "c"))
    unknown = entry("unknown@cabinet.example")

    def __init__(self, connector: Connector, mailboxes: Mailboxes) -> None:
        self.connector = connector
        self._mailboxes = mailboxes

    async def seen(self) -> Sequence[Seen]:
        """Read every mail with Python's own parser."""
        return [_seen(recipient, data) for recipient, data in self._mailboxes.mails]

    async def stall(self) -> None:
        """Answer no RCPT."""
        self._mailboxes.awake.clear()

    async def resume(self) -> None:
        """Answer again."""
        self._mailboxes.awake.set()

    async def shut(self) -> None:
        """Go away."""
        await self._mailboxes.close()

    async def reopen(self) -> None:
        """Come back."""
        await self._mailboxes.open()


def _seen(recipient: Address, data: bytes) -> Seen:
    mail = email.message_from_bytes(data, policy=email.policy.default)
    parts = [part.get_payload(decode=True) for part in mail.walk() if not part.is_multipart()]
    return Seen(
        recipient=recipient,
        digests=frozenset(hashlib.sha256(part).hexdigest() for part in parts if isinstance(part, bytes)),
        subject=mail["Subject"],
    )


class TestSmtp(ConnectorContract):
    @pytest.fixture
    async def rig(self, tmp_path: Path) -> AsyncIterator[Rig]:
        """Yield both ends."""
        papers = Papers(tmp_path)
        mailboxes = Mailboxes(papers.server(papers.issue("mx.cabinet.example")))
        await mailboxes.open()
        settings = ConnectorSettings(
            tls=papers.issue("hub.valbrume.example"),
            relay=Endpoint("127.0.0.1", mailboxes.port),
            server_name="mx.cabinet.example",
            command_timeout=timedelta(seconds=20),
        )
        lent = host(tmp_path)
        composer = Composer(MailWriting(format=Format.PLAIN, encrypt=Encrypt.NEVER), lent)
        async with open_connector(settings, composer, lent) as connector:
            yield SmtpRig(connector, mailboxes)
        await mailboxes.close()
