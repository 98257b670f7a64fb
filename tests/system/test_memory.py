"""A large message passes through the hub and leaves its memory as it was."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import smtplib
import ssl
from collections.abc import Iterator
from email import message_from_bytes
from email.policy import SMTP
from pathlib import Path
from typing import Final

import pytest

from hub_demo.story import COLLEAGUE
from hub_demo.world import HOSPITAL, World, until
from tests.system import worlds

SIZE: Final = 50_000_000
ALLOWED: Final = 48 << 20
"""Bytes by which the peak may grow: pieces in flight, TLS and database buffers, never the message."""


@pytest.fixture
def world() -> Iterator[World]:
    """Run a hub and the hospital's operator."""
    with worlds.world() as made:
        made.hautmont.start()
        made.start_hub()
        yield made


def _peak(world: World) -> int:
    """Return the hub's peak of resident memory so far, in bytes."""
    assert world.hub is not None
    status = Path(f"/proc/{world.hub.pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) << 10


def _send(world: World, subject: str, document: bytes) -> None:
    lines = base64.encodebytes(document).replace(b"\n", b"\r\n")
    head = (
        f"From: {COLLEAGUE}\r\nTo: {HOSPITAL}\r\nSubject: {subject}\r\n"
        f"Message-ID: <{subject}@load.example>\r\n"
        "Date: Mon, 02 Nov 2026 10:35:00 +0100\r\nMIME-Version: 1.0\r\n"
        'Content-Type: application/pdf; name="scan.pdf"\r\nContent-Transfer-Encoding: base64\r\n'
        'Content-Disposition: attachment; filename="scan.pdf"\r\n\r\n'
    )
    tls, host = world.folder / "tls", world.valbrume.host
    context = ssl.create_default_context(cafile=str(world.authority.file))
    context.check_hostname = False
    context.load_cert_chain(tls / f"{host}.pem", tls / f"{host}.key")
    with smtplib.SMTP("127.0.0.1", world.smtp_port, timeout=120) as session:
        session.starttls(context=context)
        session.sendmail(COLLEAGUE, [HOSPITAL], head.encode() + lines)
    until(lambda: _found(world, subject) is not None, "it did not arrive", "il n'est pas arrivé")


def _found(world: World, subject: str) -> bytes | None:
    for mail in world.hautmont.mails(HOSPITAL):
        if subject.encode() in mail.read_bytes()[:4096]:
            return mail.read_bytes()
    return None


def test_fifty_megabytes_pass_and_memory_stays_flat(world: World) -> None:
    """The document arrives as it was sent, and the hub's peak of memory hardly moves."""
    for number in range(20):
        _send(world, f"small-{number}", os.urandom(10_000))
    before = _peak(world)
    document = os.urandom(SIZE * 3 // 4 * 76 // 78)
    _send(world, "large", document)
    grown = _peak(world) - before
    print(f"peak before {before >> 20} MiB, grown by {grown >> 20} MiB")
    arrived = _found(world, "large")
    assert arrived is not None
    parts = message_from_bytes(arrived, policy=SMTP).walk()
    pdf = next(part for part in parts if part.get_content_type() == "application/pdf")
    assert hashlib.sha256(document).digest() == hashlib.sha256(pdf.get_payload(decode=True)).digest()
    assert grown < ALLOWED
