"""A mail operator: a real SMTP server over mutual TLS that files what it gets, one folder a mailbox.

Run as a process of its own: `python -m hub_demo.operator HOST PORT FOLDER TLS`, where TLS is the folder
with `HOST.pem`, `HOST.key` and `authority.pem`. It prints `ready` once it listens.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import ssl
import sys
from dataclasses import dataclass, field
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session


# Without slots: aiosmtpd looks at every member, and the Python of Debian 12 fails at a slotted one's.
@dataclass(frozen=True)
class Mailboxes:
    """Files each mail under each of its recipients. `counts` says how many each mailbox holds."""

    folder: Path
    counts: dict[str, int] = field(default_factory=dict)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 -- aiosmtpd's name
        """Take one mail."""
        content = envelope.content
        if not isinstance(content, bytes):
            return "451 4.3.0 Not now"
        for recipient in envelope.rcpt_tos:
            folder = self.folder / recipient
            if recipient not in self.counts:
                folder.mkdir(parents=True, exist_ok=True)
                self.counts[recipient] = len(list(folder.glob("*.eml")))
            number = self.counts[recipient] = self.counts[recipient] + 1
            fresh = folder / f"{number:06}.part"
            fresh.write_bytes(content)
            fresh.rename(folder / f"{number:06}.eml")
        return "250 2.0.0 Filed"


def tls_of(host: str, folder: Path) -> ssl.SSLContext:
    """Make the server's side of mutual TLS."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(folder / "authority.pem"))
    context.load_cert_chain(folder / f"{host}.pem", folder / f"{host}.key")
    context.verify_mode = ssl.CERT_REQUIRED
    return context


async def serve(host: str, port: int, folder: Path, tls: Path) -> None:
    """Take mail until told to stop."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    context = tls_of(host, tls)
    mailboxes = Mailboxes(folder)  # one for all connections: they count together
    server = await loop.create_server(
        lambda: SMTP(
            mailboxes,
            hostname=host,
            tls_context=context,
            require_starttls=True,
            enable_SMTPUTF8=True,
            data_size_limit=100 << 20,
        ),
        "127.0.0.1",
        port,
    )
    async with server:
        print("ready", flush=True)  # noqa: T201 -- whoever started the process waits for this line
        await stop.wait()


if __name__ == "__main__":
    logging.getLogger("mail.log").setLevel(logging.ERROR)  # it warns of asking clients for certificates
    asyncio.run(serve(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4])))
