"""A mail operator with moods: files mail as the demonstration's does, but not always, and not everything.

python moody.py HOST PORT FOLDER TLS: like `hub_demo.operator`. By chance it asks to come again, at RCPT
or after the mail, or closes; a mail whose subject says `refuse` it refuses for good.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import subprocess
import sys
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from hub_demo import operator, world

CHANCE = random.Random(os.environ.get("SEED", "0"))


class Moods(operator.Mailboxes):
    """Files each mail, in the mood for it."""

    async def handle_RCPT(  # noqa: N802 -- aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take one recipient, mostly."""
        if CHANCE.random() < 0.03:
            return "450 4.2.1 Mailbox busy"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 -- aiosmtpd's name
        """Take one mail, mostly."""
        assert isinstance(envelope.content, bytes)
        mood = CHANCE.random()
        if mood < 0.03:
            return "451 4.3.0 Not now"
        if mood < 0.05:
            return "421 4.3.2 Closing"
        if b"\nSubject: refuse" in envelope.content.split(b"\r\n\r\n", 1)[0]:
            return "554 5.6.0 Refused for what it says"
        return await super().handle_DATA(server, session, envelope)


class Moody(world.Operator):
    """Starts this file in place of the demonstration's operator."""

    def start(self) -> None:
        """Start it and wait until it listens."""
        command = [sys.executable, __file__, self.host, str(self.port), str(self.mailboxes), str(self.tls)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"


if __name__ == "__main__":
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)
    operator.Mailboxes = Moods  # type: ignore[misc]
    asyncio.run(operator.serve(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4])))
