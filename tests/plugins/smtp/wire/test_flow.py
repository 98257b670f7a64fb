"""Large mails through the client and the server, in a process of their own whose memory is measured."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

LARGE = 50 << 20
ROOM = 24 << 20
"""Bytes by which the peak may grow: buffers of both ends and of TLS, never the mail."""

PROGRAM = """
import asyncio, resource, sys, hashlib, tempfile
from pathlib import Path
sys.path.insert(0, {root!r})
from hub.ports.content import PIECE
from hub.domain.outcome import Delivered
from tests.plugins.smtp.wire import world

class Digest:
    def __init__(self):
        self.size, self.hash = 0, hashlib.sha256()
    async def write(self, data):
        assert len(data) <= 2 * PIECE
        await asyncio.sleep(0)
        self.size += len(data)
        self.hash.update(data)
    async def finish(self):
        self.sha256 = self.hash.hexdigest()
        return self

class Stage:
    discarded = False
    def sink(self, limit=None):
        return Digest()
    async def discard(self):
        pass

class Counting(world.RecordingIntake):
    def stage(self):
        return Stage()

line = b"." + b"x" * 75 + b"\\r\\n"

class Lines:
    def __init__(self, size):
        self.count = size // len(line)
    async def mails(self, sent):
        async def pieces():
            left = self.count
            while left:
                now = min(left, PIECE // len(line))
                yield line * now
                left -= now
        return [world.Outgoing(addressees=sent.addressees, mail_from=world.SENDER, pieces=pieces,
                               size=self.count * len(line), envid="x")], {{}}

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

async def main():
    with tempfile.TemporaryDirectory() as folder:
        papers = world.Papers(Path(folder))
        operator = papers.issue("mx.chu.example")
        async with world.door(papers, operator, intake=Counting(), max_message=1 << 30) as hub:
            async def send(size):
                lines = Lines(size)
                async with world.connector(papers, hub.port, lines, tls=operator, max_message=1 << 30,
                                           server_name="hub.valbrume.example") as out:
                    (outcome,) = (await out.deliver(world.sent_to())).values()
                assert isinstance(outcome, Delivered), outcome
                arrived = hub.reader.arrived.pop().content
                assert arrived.size == lines.count * len(line)
                whole = hashlib.sha256()
                for _ in range(lines.count):
                    whole.update(line)
                assert whole.hexdigest() == arrived.sha256
            await send(1 << 20)
            before = peak()
            await send({large})
            print(peak() - before)

if {fast}:
    import uvloop
    uvloop.run(main())
else:
    asyncio.run(main())
"""


@pytest.mark.parametrize("fast", [False, True])
def test_memory_stays_flat_with_a_large_mail(*, fast: bool) -> None:
    """50 MB pass from client to server, byte for byte, and the peak hardly grows."""
    root = str(Path(__file__).resolve().parents[4])
    program = PROGRAM.format(root=root, large=LARGE, fast=fast)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout) < ROOM
