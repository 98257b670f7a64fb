"""Relay speed: the hub beside Postfix, same machine, same disk, same run, TLS on both hops.

Run as `python -m bench.relay` (root, with Postfix). Each takes mails over mutual TLS, has them on disk
before it says 250, and hands them on over mutual TLS to a sink that counts. The load and the sink are
one process, the same for both. The hub does more with each: it asks the directory, seals an envelope,
encrypts at rest, and signs (S/MIME). Ratios are within one run; absolute numbers are the machine's.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import uvloop
from rich.console import Console
from rich.table import Table

from bench import load, sink
from hub_demo.story import COLLEAGUE, DOCTOR
from hub_demo.world import HOSPITAL, HUB, World
from tests.system.postfix import Postfix, missing

SIZES = {"10 KB": 10_000, "100 KB": 100_000, "1 MB": 1_000_000}
COUNTS = {"10 KB": (200, 1000, 3000), "100 KB": (100, 400, 800), "1 MB": (20, 60, 100)}
CONNECTIONS = (1, 10, 50)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One cell: mails a second end to end, and accept latency in milliseconds."""

    rate: float
    median: float
    p99: float


async def measure(target: load.Target, counter: sink.Sink, size: int, count: int, connections: int) -> Result:
    """Send and wait until all have come out at the other end."""
    before = counter.count
    began = time.perf_counter()
    latencies = sorted(await load.send(target, size, count, connections))
    await asyncio.wait_for(counter.reached(before + count), 300)
    seconds = time.perf_counter() - began
    return Result(
        rate=count / seconds,
        median=latencies[len(latencies) // 2] * 1000,
        p99=latencies[int(len(latencies) * 0.99)] * 1000,
    )


@asynccontextmanager
async def hub_relay(world: World) -> AsyncIterator[int]:
    """Run the hub; yields the port that takes mail."""
    await asyncio.to_thread(world.start_hub)
    try:
        yield world.smtp_port
    finally:
        await asyncio.to_thread(world.close)


@asynccontextmanager
async def postfix_relay(world: World) -> AsyncIterator[int]:
    """Run a Postfix in the hub's place, with the hub's certificate."""
    host = world.authority.host(HUB)
    one = await asyncio.to_thread(
        lambda: Postfix.start(
            world.folder / "postfix",
            host=host,
            host_name=HUB,
            authority=world.authority.file,
            mailboxes=["postmaster@elsewhere.example"],
            relay=world.valbrume.port,
            relay_name=world.valbrume.host,
            relay_domains=["valbrume.mssante.example"],
        )
    )
    try:
        yield one.tls
    finally:
        await asyncio.to_thread(one.stop)


def prepare(folder: Path) -> World:
    """Make the demonstration's world in a folder that Postfix's user can reach, its directory filled.

    Mails pass as they are, as they do with Postfix: no documents are packed into XDM on the way.
    """
    folder.chmod(0o755)
    world = World.create(folder / "hub", DOCTOR, language="en")
    configuration = world.folder / "hub.toml"
    configuration.write_text(configuration.read_text().replace('format = "xdm"', 'format = "plain"'))
    for one in (world.folder, world.folder / "tls"):
        one.chmod(0o755)
    sample = sorted(Path(str(files("hub_demo") / "annuaire")).glob("*.txt"))
    world.json("directory", "import", *map(str, sample), language="en")
    return world


async def main(world: World, sizes: Sequence[str], connections: Sequence[int], scale: float) -> None:
    """Measure and print."""
    tls = world.folder / "tls"
    far, near = world.valbrume.host, world.hautmont.host
    server = sink.server_tls(tls / f"{far}.pem", tls / f"{far}.key", world.authority.file)
    client = load.client_tls(tls / f"{near}.pem", tls / f"{near}.key", world.authority.file)
    results: dict[str, dict[tuple[str, int], Result]] = {}
    async with sink.listen(world.valbrume.port, server) as counter:
        for relay in (postfix_relay, hub_relay):
            cells = results[relay.__name__] = {}
            async with relay(world) as port:
                target = load.Target(port=port, tls=client, sender=HOSPITAL, recipient=COLLEAGUE)
                await measure(target, counter, 10_000, 100, 10)
                for size in sizes:
                    for number in connections:
                        count = max(int(COUNTS[size][CONNECTIONS.index(number)] * scale), number)
                        cells[size, number] = await measure(target, counter, SIZES[size], count, number)
    Console().print(_table(results["postfix_relay"], results["hub_relay"]))


def _table(postfix: dict[tuple[str, int], Result], hub: dict[tuple[str, int], Result]) -> Table:
    table = Table(
        "size",
        "connections",
        "Postfix msg/s",
        "hub msg/s",
        "ratio",
        "Postfix 250 p50/p99 ms",
        "hub 250 p50/p99 ms",
    )
    for (size, number), one in hub.items():
        other = postfix[size, number]
        table.add_row(
            size,
            str(number),
            f"{other.rate:.0f}",
            f"{one.rate:.0f}",
            f"{one.rate / other.rate:.2f}",
            f"{other.median:.1f} / {other.p99:.1f}",
            f"{one.median:.1f} / {one.p99:.1f}",
        )
    return table


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--size", choices=SIZES, action="append")
    arguments.add_argument("--connections", type=int, choices=CONNECTIONS, action="append")
    arguments.add_argument("--scale", type=float, default=1.0, help="multiply the number of mails")
    chosen = arguments.parse_args()
    if (why := missing()) is not None:
        raise SystemExit(why)
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as name:
        uvloop.run(
            main(
                prepare(Path(name)),
                chosen.size or list(SIZES),
                chosen.connections or CONNECTIONS,
                chosen.scale,
            )
        )
