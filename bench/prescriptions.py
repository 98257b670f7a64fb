"""Prescriptions through the connector, beside a client that makes the same calls and nothing else.

    python -m bench.prescriptions [--count 300] [--rounds 5] [--concurrency 20]

Both issue at the same service: what `hub prescription simulate` plays, a process of its own, over HTTPS. Both
ask for a number, put it into the bundle, sign (CAdES, P-256) and activate. The connector also reads and
checks the bundle, verifies what it signed, and writes each step to a durable store before the next; the other
keeps nothing. They take turns in one run; what counts is the ratio.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import ssl
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import aiohttp
import uvloop

from hub.adapters.clock import SystemChance, SystemClock
from hub.adapters.keys.vault import Vault
from hub.adapters.queue.settings import StoreSettings
from hub.adapters.queue.store import open_store
from hub.domain.address import Address
from hub.domain.ids import EnvelopeId, uuid7
from hub.domain.outcome import Delivered
from hub.domain.party import Party, PartyKind
from hub.plugin.table import Table
from hub.ports.host import Host
from hub.ports.prescription import Order
from hub.testing.fakes import NullLog, entry
from hub_demo.authority import Authority
from hub_demo.rezept import Rezept
from hub_eprescription.gematik import bundle, fhir
from hub_eprescription.gematik import settings as gematik
from hub_eprescription.gematik.opening import open_service
from hub_eprescription.records import Records
from hub_eprescription.signing import cades, pem
from hub_eprescription.signing.pem import PemSettings
from tests.servers import free_port

PRESCRIBER: Final = "dr.camille.lilas@cabinet-lilas.mssante.example"
_CREATE: Final = (
    b'<Parameters xmlns="http://hl7.org/fhir"><parameter><name value="workflowType"/><valueCoding>'
    b'<system value="https://gematik.de/fhir/erp/CodeSystem/GEM_ERP_CS_FlowType"/><code value="160"/>'
    b"</valueCoding></parameter></Parameters>"
)
_ACTIVATE: Final = (
    '<Parameters xmlns="http://hl7.org/fhir"><parameter><name value="ePrescription"/><resource><Binary>'
    '<contentType value="application/pkcs7-mime"/><data value="{data}"/></Binary></resource></parameter>'
    "</Parameters>"
)

Issue = Callable[[], Awaitable[None]]


@asynccontextmanager
async def by_hand(rezept: Rezept, folder: Path) -> AsyncIterator[Issue]:
    """Yield what somebody would write who has no hub: the calls, and nothing beside them."""
    token = (rezept.folder / "prescriber.token").read_text().strip()
    context = ssl.create_default_context(cafile=str(rezept.folder / "authority.pem"))
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/fhir+xml; charset=UTF-8"}
    signer = pem.load(_keys(folder))
    content = rezept.prescription()
    connector = aiohttp.TCPConnector(ssl=context, limit=0)
    async with aiohttp.ClientSession(rezept.url, headers=headers, connector=connector) as session:

        async def issue() -> None:
            """Issue one."""
            async with session.post("/Task/$create", data=_CREATE) as answer:
                draft = fhir.read(await answer.read(), fhir.XML)
            identifiers = {one.text("system"): one.text("value") for one in draft.all("identifier")}
            number = draft.text("id")
            code = next(value for system, value in identifiers.items() if system.endswith("AccessCode"))
            signed = await cades.envelop(bundle.with_number(content, number), signer, datetime.now(UTC))
            body = _ACTIVATE.replace("{data}", base64.b64encode(signed).decode()).encode()
            async with session.post(
                f"/Task/{number}/$activate", data=body, headers={"X-AccessCode": code}
            ) as answer:
                if answer.status != 200:  # noqa: PLR2004 -- OK
                    raise SystemExit(f"the service answered {answer.status}")
                await answer.read()

        yield issue


@asynccontextmanager
async def by_connector(rezept: Rezept, folder: Path) -> AsyncIterator[Issue]:
    """Yield the adapter, writing its journal to a store on disk."""
    clock, chance = SystemClock(), SystemChance()
    vault = Vault.create(folder / "vault", clock, chance)
    store_settings = StoreSettings(path=folder / "hub.db")
    async with open_store(store_settings, vault=vault, clock=clock, chance=chance, exclusive=True) as store:
        ledger = store.ledger("operators.erezept")
        host = Host(
            name="erezept",
            hub_name="hub.example",
            address=Address.parse("hub@hub.example"),
            clock=clock,
            chance=chance,
            log=NullLog(),
            data=folder,
            ledger=ledger,
        )
        async with open_service(gematik.parse(_table(rezept, folder)), host) as service:
            records, content = Records(ledger, clock), rezept.prescription()
            prescriber = Party(kind=PartyKind.PERSON, name="Dr Lilas", address=Address.parse(PRESCRIBER))

            async def issue() -> None:
                """Issue one."""
                order = Order(
                    id=EnvelopeId(uuid7(time.time_ns() // 1_000_000, chance.bytes(10))),
                    prescriber=prescriber,
                    media_type=fhir.XML,
                    content=content,
                    entry=entry(PRESCRIBER),
                )
                service.check(order)
                outcome = await service.issue(order, await records.journal(order.id))
                if not isinstance(outcome, Delivered):
                    raise SystemExit(f"it was not issued: {outcome}")

            yield issue


def _keys(folder: Path) -> PemSettings:
    return PemSettings(
        key=folder / "tls" / f"{PRESCRIBER}.key", certificate=folder / "tls" / f"{PRESCRIBER}.pem"
    )


def _table(rezept: Rezept, folder: Path) -> Table:
    keys = _keys(folder)
    return Table(
        {
            "mailbox": "erezept@rezept.hub.example",
            "answers_for": "Cabinet des Lilas",
            "base_urls": [rezept.url],
            "token": str(rezept.folder / "prescriber.token"),
            "anchors": [str(rezept.folder / "authority.pem")],
            "trust": [str(folder / "tls" / "authority.pem")],
            "signers": {
                PRESCRIBER: {"kind": "pem", "key": str(keys.key), "certificate": str(keys.certificate)}
            },
        },
        file=folder / "hub.toml",
    )


async def timed(issue: Issue, count: int, concurrency: int) -> tuple[float, float]:
    """Issue `count`, so many at once; return prescriptions a second, and the median time of one in ms."""
    left, times = iter(range(count)), list[float]()

    async def work() -> None:
        for _ in left:
            began = time.perf_counter()
            await issue()
            times.append(time.perf_counter() - began)

    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(concurrency):
            group.create_task(work())
    return count / (time.perf_counter() - began), statistics.median(times) * 1000


async def compare(rezept: Rezept, folder: Path, options: argparse.Namespace) -> None:
    """Let them take turns, and print what each did."""
    print(f"{'':10}{'one at a time':>22}{f'{options.concurrency} at a time':>26}")
    found: dict[str, list[tuple[float, float]]] = {"by hand": [], "connector": []}
    async with by_hand(rezept, folder) as hand, by_connector(rezept, folder) as connector:
        both = {"by hand": hand, "connector": connector}
        for issue in both.values():
            await timed(issue, 5, 1)
        for _ in range(options.rounds):
            for name, issue in both.items():
                _, alone = await timed(issue, max(options.count // 10, 10), 1)
                rate, _ = await timed(issue, options.count, options.concurrency)
                found[name].append((alone, rate))
    middle = {
        name: (statistics.median(a for a, _ in rows), statistics.median(r for _, r in rows))
        for name, rows in found.items()
    }
    for name, (alone, rate) in middle.items():
        print(f"{name:10}{alone:16.2f} ms {rate:22.0f}/s")
    (hand_alone, hand_rate), (alone, rate) = middle["by hand"], middle["connector"]
    print(f"added      {alone - hand_alone:16.2f} ms {hand_rate / rate:20.2f} ×")


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--concurrency", type=int, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hub-bench-") as name:
        folder = Path(name)
        authority = Authority(folder / "tls", "Bench")
        authority.mailbox(PRESCRIBER, "Camille Lilas")
        rezept = Rezept(folder / "rezept", free_port(), authority.file)
        try:
            rezept.start()
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(compare(rezept, folder, options))
        finally:
            rezept.stop()


if __name__ == "__main__":
    main()
