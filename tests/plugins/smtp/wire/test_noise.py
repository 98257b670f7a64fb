"""Noise on the wire, both ways: answered or left, never a fault of ours."""

from __future__ import annotations

import asyncio
import contextlib
import random

import pytest

from hub.domain.outcome import Deferred, Uncertain
from hub_smtp.settings import TlsSettings
from tests.plugins.smtp.wire.world import (
    DOCTOR,
    MAIL,
    SENDER,
    Papers,
    Stage_,
    Wire,
    connector,
    door,
    script,
    sent_to,
)

PIECES = [
    f"MAIL FROM:<{SENDER}>\r\n".encode(),
    f"MAIL FROM:<{SENDER}> SMTPUTF8 SIZE=12 RET=FULL\r\n".encode(),
    f"RCPT TO:<{DOCTOR}>\r\n".encode(),
    b"DATA\r\n",
    b"\r\n.\r\n",
    b"\r\n.\n",
    b"RSET\r\n",
    b"EHLO a\r\n",
    b"HELO\r\n",
    b"NOOP x y\r\n",
    b"MAIL FROM:<>\r\n",
    b"STARTTLS\r\n",
    b"\0\xff\xfe\r\n",
    b"\r",
    b"\n",
    b"A" * 300,
    MAIL,
]


@pytest.mark.parametrize("seed", range(25))
async def test_the_server_bears_any_client(papers: Papers, operator: TlsSettings, seed: int) -> None:
    """Commands and fragments in any order: every session ends in order, and the next client is served."""
    noise = random.Random(seed)
    async with door(papers, operator, max_errors=1000, max_idle_commands=1000) as hub:
        wire = await Wire.open(hub.port, papers.client(operator))
        for _ in range(60):
            wire.send(noise.choice(PIECES))
        wire.send(b"\r\n.\r\n\r\nQUIT\r\n")
        with contextlib.suppress(OSError):
            while await wire.reply():
                pass
        await wire.close()
        assert "smtp.session_failed" not in hub.log.events()
        again = await Wire.open(hub.port, papers.client(operator))
        await again.envelope()
        again.send(MAIL + b".\r\n")
        assert (await again.reply()).startswith("250 2.0.0 ")
        await again.close()


@pytest.mark.parametrize("seed", range(25))
async def test_the_client_bears_any_server(papers: Papers, mailbox: TlsSettings, seed: int) -> None:
    """Whatever a server says, wherever it stops, there is an outcome, and it is never a wrong success."""
    noise = random.Random(seed)

    async def scene(stage: Stage_) -> None:
        steps = noise.randrange(5)
        if steps:
            await stage.secure("PIPELINING")
            for verb in ("MAIL", "RCPT", "DATA")[: steps - 1]:
                await stage.expect(verb, "354 go" if verb == "DATA" else "250 Ok")
        stage.send(
            noise.choice([b"\r\n", b"2", b"250", b"25x y\r\n", b"999 \r\n", noise.randbytes(50), b"\n"])
        )
        stage.send(noise.randbytes(noise.randrange(5000)) + b"\r\n")
        await asyncio.sleep(0)

    async with script(papers.server(mailbox), scene) as server, connector(papers, server.port) as out:
        (outcome,) = (await out.deliver(sent_to())).values()
        assert isinstance(outcome, Deferred | Uncertain)
