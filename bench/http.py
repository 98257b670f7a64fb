"""Messages of 10 KB to an operator over HTTPS: the described connector beside a client written by hand.

    python -m bench.http [--size 10240] [--count 1000] [--rounds 5] [--concurrency 50]

Both make the same calls to the same server, a process of its own: the same JSON with the document in base64,
the same HMAC over it, the same TLS, connections kept. They take turns in one run; what counts is the ratio.
The description is `conf/operators/webhook.toml`, its limits on rate and concurrency lifted.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import hashlib
import hmac
import json
import ssl
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from ipaddress import ip_network
from pathlib import Path
from typing import Final

import aiohttp
import uvloop
from aiohttp import web

from hub.adapters.clock import SystemChance, SystemClock
from hub.domain.address import Address
from hub.domain.message import DocumentRole
from hub.domain.outcome import Delivered
from hub.plugin.ledger import EphemeralLedger
from hub.ports.connector import Parcel
from hub.ports.host import Host
from hub.testing.contents import MemoryContent
from hub.testing.fakes import NullLog, entry
from hub.testing.parcels import Attached, parcel
from hub_http.description.reading import read
from hub_http.sending.connector import Connector
from hub_http.sending.opening import open_operator
from hub_http.settings import OperatorSettings, TlsSettings
from tests.servers import HOST, Papers, Tls, free_port

DESCRIPTION: Final = Path(__file__).parents[1] / "conf" / "operators" / "webhook.toml"
KEY: Final = "the-key-of-the-bench"
ACCOUNT: Final = "hub"
SENDER: Final = Address.parse("labo@hautmont.mssante.example")
RECIPIENT: Final = entry("dr.aubepine@valbrume.mssante.example")

Send = Callable[[Parcel], Awaitable[None]]


def serve(port: int, certificate: str, key: str) -> None:
    """Be the operator: read a message, answer with its id."""
    count = 0

    async def take(request: web.Request) -> web.Response:
        nonlocal count
        await request.read()
        count += 1
        return web.json_response({"id": f"M{count}"}, status=202)

    app = web.Application(client_max_size=8 << 20)
    app.add_routes([web.post("/messages", take)])
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    uvloop.install()
    web.run_app(app, host="127.0.0.1", port=port, ssl_context=context, access_log=None, print=None)


@asynccontextmanager
async def by_hand(url: str, tls: Tls) -> AsyncIterator[Send]:
    """Yield what somebody would write for this one operator."""
    context = ssl.create_default_context(cafile=str(tls.authority))
    connector = aiohttp.TCPConnector(ssl=context, limit=0)
    key = KEY.encode()
    async with aiohttp.ClientSession(connector=connector) as session:

        async def send(one: Parcel) -> None:
            message, addressee = one.sealed.envelope.message, one.addressees[0]
            documents, text = [], None
            for document in message.documents:
                data = await one.contents[document.id].read()
                if document.role is DocumentRole.BODY:
                    text = data.decode()
                    continue
                documents.append(
                    {
                        "name": document.name,
                        "type": document.media_type,
                        "sha256": document.sha256,
                        "data": base64.b64encode(data).decode(),
                    }
                )
            body = json.dumps(
                {
                    "from": str(message.sender.address),
                    "to": str(addressee.party.address),
                    "subject": message.subject,
                    "language": message.language,
                    "thread": message.thread,
                    "in_reply_to": message.in_reply_to,
                    "text": text,
                    "documents": documents,
                },
                ensure_ascii=False,
            ).encode()
            now = str(int(time.time()))
            signed = f"{now}.POST./messages.{hashlib.sha256(body).hexdigest()}"
            headers = {
                "Accept": "application/json",
                "Content-Type": "application/json",
                "Idempotency-Key": addressee.delivery,
                "X-Account": ACCOUNT,
                "X-Timestamp": now,
                "X-Signature": f"sha256={hmac.new(key, signed.encode(), hashlib.sha256).hexdigest()}",
            }
            async with session.post(f"{url}/messages", data=body, headers=headers) as answer:
                if answer.status != 202:  # noqa: PLR2004 - what it answers
                    raise SystemExit(await answer.text())
                if not (await answer.json())["id"]:
                    raise SystemExit("no id")

        yield send


@asynccontextmanager
async def described(url: str, tls: Tls, folder: Path) -> AsyncIterator[Send]:
    """Yield the connector that the description makes."""
    description = read(DESCRIPTION)
    limits = description.limits.model_copy(update={"requests_per_second": None, "concurrency": 1000})
    description = description.model_copy(update={"limits": limits})
    secret = folder / "key"
    secret.touch(mode=0o600)
    secret.write_text(KEY)
    settings = OperatorSettings(
        description=DESCRIPTION,
        base_url=url,
        tls=TlsSettings(anchors=(tls.authority,)),
        networks=(ip_network("127.0.0.0/8"), ip_network("::1/128")),
        parameters={"account": ACCOUNT},
        secrets={"our_key": secret, "their_key": secret},
    )
    host = Host(
        name="bench",
        hub_name="hub.hautmont.example",
        address=SENDER,
        clock=SystemClock(),
        chance=SystemChance(),
        log=NullLog(),
        data=folder,
        ledger=EphemeralLedger(),
    )
    async with open_operator(settings, host, description=description) as operator:
        connector = Connector(operator)

        async def send(one: Parcel) -> None:
            (outcome,) = (await connector.deliver(one)).values()
            if not isinstance(outcome, Delivered):
                raise SystemExit(outcome)

        yield send


async def measure(send: Send, parcels: Sequence[Parcel], concurrency: int) -> tuple[float, float]:
    """Return milliseconds per message, on the clock and of this process's CPU."""
    left = iter(parcels)

    async def work() -> None:
        for one in left:
            await send(one)

    began, used = time.perf_counter(), time.process_time()
    await asyncio.gather(*(work() for _ in range(concurrency)))
    took, used = time.perf_counter() - began, time.process_time() - used
    return took / len(parcels) * 1000, used / len(parcels) * 1000


async def main(size: int, count: int, rounds: int, concurrency: int, folder: Path) -> None:
    """Measure and print."""
    tls, port = Papers(folder / "tls").issue(), free_port()
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.http", "--serve", str(port), str(tls.certificate), str(tls.key)
    )
    try:
        await _listening(port)
        url = f"https://{HOST}:{port}"
        report = Attached(content=MemoryContent(b"%PDF-1.7 " + bytes(range(256)) * (size // 256)))
        clock, chance = SystemClock(), SystemChance()
        parcels = [
            parcel(SENDER, [RECIPIENT], clock=clock, chance=chance, attached=[report]) for _ in range(count)
        ]
        async with by_hand(url, tls) as hand, described(url, tls, folder) as ours:
            ways = {"by hand": hand, "described": ours}
            for send in ways.values():
                await measure(send, parcels[: concurrency * 4], concurrency)
            taken: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
            for number in range(rounds):
                for name in list(ways)[:: 1 if number % 2 else -1]:
                    taken[name].append(await measure(ways[name], parcels, concurrency))
    finally:
        server.terminate()
        await server.wait()
    _print(taken)


def _print(taken: dict[str, list[tuple[float, float]]]) -> None:
    for name, rounds in taken.items():
        clock, cpu = (statistics.median(values) for values in zip(*rounds, strict=True))
        print(f"{name:10} {clock:7.3f} ms per message, {1000 / clock:6.0f} messages/s, {cpu:.3f} ms of CPU")
    pairs = list(zip(taken["described"], taken["by hand"], strict=True))
    for what, place in (("time", 0), ("CPU of the client", 1)):
        ratios = [one[place] / other[place] for one, other in pairs]
        print(f"ratio of {what}: {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")


async def _listening(port: int) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
                continue
            writer.close()
            return


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=10240, help="bytes of the document")
    parser.add_argument("--count", type=int, default=1000, help="messages per round")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each")
    parser.add_argument("--concurrency", type=int, default=50)
    parser.add_argument("--serve", nargs=3, metavar=("PORT", "CERTIFICATE", "KEY"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        serve(int(given.serve[0]), given.serve[1], given.serve[2])
    else:
        with tempfile.TemporaryDirectory() as name:
            uvloop.run(main(given.size, given.count, given.rounds, given.concurrency, Path(name)))
