"""The near end of a measurement: connections over mutual TLS that send one mail after the other."""

from __future__ import annotations

import asyncio
import base64
import os
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where to send, as whom, to whom."""

    port: int
    tls: ssl.SSLContext
    sender: str
    recipient: str


def client_tls(certificate: Path, key: Path, authority: Path) -> ssl.SSLContext:
    """Make the client's side of mutual TLS. The address is loopback: the chain is verified, not the name."""
    context = ssl.create_default_context(cafile=str(authority))
    context.check_hostname = False
    context.load_cert_chain(certificate, key)
    return context


async def send(target: Target, size: int, count: int, connections: int) -> list[float]:
    """Send `count` mails of `size` bytes; returns each one's seconds from its last byte to its 250."""
    body = _body(size)
    numbers = iter(range(count))
    latencies: list[float] = []
    async with asyncio.TaskGroup() as group:
        for _ in range(connections):
            group.create_task(_connection(target, body, numbers, latencies))
    return latencies


async def _connection(target: Target, body: bytes, numbers: Iterator[int], latencies: list[float]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", target.port)
    await _answer(reader, b"220")
    await _say(reader, writer, b"EHLO load.example\r\n")
    await _say(reader, writer, b"STARTTLS\r\n", b"220")
    await writer.start_tls(target.tls)
    await _say(reader, writer, b"EHLO load.example\r\n")
    envelope = f"MAIL FROM:<{target.sender}>\r\nRCPT TO:<{target.recipient}>\r\nDATA\r\n".encode()
    for number in numbers:
        writer.write(envelope)
        await _answer(reader, b"250")
        await _answer(reader, b"250")
        await _answer(reader, b"354")
        mail = _head(target, number) + body
        writer.write(mail)
        await writer.drain()
        began = time.perf_counter()
        await _answer(reader, b"250")
        latencies.append(time.perf_counter() - began)
    await _say(reader, writer, b"QUIT\r\n", b"221")
    writer.close()


def _head(target: Target, number: int) -> bytes:
    return (
        f"From: <{target.sender}>\r\nTo: <{target.recipient}>\r\nSubject: Compte rendu {number}\r\n"
        "Date: Mon, 02 Nov 2026 10:35:00 +0100\r\n"
        f"Message-ID: <{number}.{os.urandom(8).hex()}@load.example>\r\n"
        "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=parts\r\n\r\n"
    ).encode()


def _body(size: int) -> bytes:
    """Return a short text and a document of such a size that the mail has about `size` bytes, and a dot."""
    document = base64.encodebytes(os.urandom(max(size - 600, 0) * 57 // 78)).replace(b"\n", b"\r\n")
    return (
        b"--parts\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\nVeuillez trouver le compte rendu.\r\n"
        b"--parts\r\nContent-Type: application/pdf; name=cr.pdf\r\nContent-Transfer-Encoding: base64\r\n"
        b"Content-Disposition: attachment; filename=cr.pdf\r\n\r\n" + document + b"--parts--\r\n.\r\n"
    )


async def _say(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, line: bytes, expected: bytes = b"250"
) -> None:
    writer.write(line)
    await _answer(reader, expected)


async def _answer(reader: asyncio.StreamReader, expected: bytes) -> None:
    while True:
        line = await reader.readuntil(b"\r\n")
        if not line.startswith(expected):
            raise ConnectionError(line.decode("utf-8", "replace"))
        if line[3:4] == b" ":
            return
