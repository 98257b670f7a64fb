"""The SMTP sessions alone, with TLS: our client to our server, in one process, as in the hub.

    python bench/smtp_wire.py [--size 10240] [--count 2000] [--connections 1 10 50]

No store, no MIME: what is measured is the share of the wire. Needs the `dev` extra (trustme).
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import sys
import tempfile
import time
from pathlib import Path

import uvloop

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))


from hub.domain.outcome import Delivered
from hub.testing.contents import MemoryStage
from hub.testing.reception import RecordingIntake
from tests.plugins.smtp.wire import world


class Forgetful(RecordingIntake):
    """Takes everything and keeps nothing."""

    def stage(self) -> MemoryStage:
        """Open a place that is forgotten."""
        return MemoryStage()


async def measure(size: int, count: int, connections: int) -> tuple[float, float]:
    """Return messages per second and milliseconds of CPU per message, both ends together."""
    mail = world.MAIL + (b"x" * 74 + b"\r\n") * ((size - len(world.MAIL)) // 76)
    with tempfile.TemporaryDirectory() as folder:
        papers = world.Papers(Path(folder))
        operator = papers.issue("mx.chu.example")
        many = connections + 10
        async with world.door(
            papers, operator, intake=Forgetful(), max_connections=many, max_connections_per_host=many
        ) as hub:
            hub.reader.arrived = _Nothing()
            left = iter(range(count))
            async with world.connector(
                papers,
                hub.port,
                world.Ready(mail, piece=256 << 10, options={"mail_from": world.SENDER}),
                tls=operator,
                server_name="hub.valbrume.example",
                connections=connections,
            ) as out:

                async def send() -> None:
                    parcel = world.sent_to()
                    for _ in left:
                        (outcome,) = (await out.deliver(parcel)).values()
                        if not isinstance(outcome, Delivered):
                            raise SystemExit(outcome)

                await asyncio.gather(*(out.deliver(world.sent_to()) for _ in range(connections)))
                began, used = time.perf_counter(), _cpu()
                await asyncio.gather(*(send() for _ in range(connections)))
                took, used = time.perf_counter() - began, _cpu() - used
    return count / took, used / count * 1000


class _Nothing(list):  # type: ignore[type-arg]
    def append(self, _item: object) -> None:
        """Keep nothing."""


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    """Print one line per number of connections."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=10240, help="bytes of a mail")
    parser.add_argument("--count", type=int, default=2000, help="mails per measurement")
    parser.add_argument("--connections", type=int, nargs="*", default=[1, 10, 50])
    given = parser.parse_args()
    for connections in given.connections:
        rate, cpu = uvloop.run(measure(given.size, given.count, connections))
        print(f"{connections:3} connections: {rate:8.0f} mails/s  {cpu:6.3f} ms CPU per mail, both ends")


if __name__ == "__main__":
    main()
