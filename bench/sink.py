"""The far end of a measurement: an SMTP server over mutual TLS that counts mails and forgets them."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

_LIMIT = 16 << 20


class Sink:
    """Counts; `reached` waits for a number of mails."""

    def __init__(self) -> None:
        self.count = 0
        self._changed = asyncio.Event()

    async def reached(self, count: int) -> None:
        """Return when `count` mails have come."""
        while self.count < count:
            self._changed.clear()
            await self._changed.wait()

    def add(self) -> None:
        """Count one."""
        self.count += 1
        self._changed.set()


@asynccontextmanager
async def listen(port: int, tls: ssl.SSLContext) -> AsyncIterator[Sink]:
    """Serve on a loopback port."""
    sink = Sink()

    async def session(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await _session(reader, writer, tls, sink)
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(session, "127.0.0.1", port, limit=_LIMIT, backlog=200)
    try:
        yield sink
    finally:
        server.close()


async def _session(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, tls: ssl.SSLContext, sink: Sink
) -> None:
    writer.write(b"220 sink ESMTP\r\n")
    features = b"250-sink\r\n250-PIPELINING\r\n250-SIZE 104857600\r\n250-8BITMIME\r\n"
    secure = False
    while True:
        line = await reader.readuntil(b"\r\n")
        match line[:4].upper():
            case b"EHLO":
                extra = b"250-SMTPUTF8\r\n" if secure else b"250-STARTTLS\r\n"
                writer.write(features + extra + b"250 ENHANCEDSTATUSCODES\r\n")
            case b"STAR":
                writer.write(b"220 2.0.0 go\r\n")
                await writer.drain()
                await writer.start_tls(tls)
                secure = True
            case b"DATA":
                writer.write(b"354 go\r\n")
                await reader.readuntil(b"\r\n.\r\n")
                sink.add()
                writer.write(b"250 2.0.0 counted\r\n")
            case b"QUIT":
                writer.write(b"221 2.0.0 bye\r\n")
                return
            case _:
                writer.write(b"250 2.0.0 ok\r\n")


def server_tls(certificate: Path, key: Path, authority: Path) -> ssl.SSLContext:
    """Make the server's side of mutual TLS."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(authority))
    context.load_cert_chain(certificate, key)
    context.verify_mode = ssl.CERT_REQUIRED
    return context
