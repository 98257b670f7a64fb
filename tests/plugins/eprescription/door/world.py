"""A door on loopback with real TLS, a desk behind it, and a service that calls."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
import ssl
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import aiohttp
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from hub.domain.address import Address
from hub.domain.ids import OperatorName
from hub.errors import HubError
from hub.plugin.ledger import EphemeralLedger
from hub.plugin.listening import Endpoint
from hub.ports.host import Host
from hub.ports.intake import Peer
from hub.testing.fakes import FixedChance, FixedClock, RecordingIntake, RecordingLog
from hub_eprescription.door import server
from hub_eprescription.door.desk import Desks
from hub_eprescription.door.settings import DoorSettings, Proofs

NAME = "erezept"
PEER = Peer(name="operator:erezept", operator=OperatorName(NAME), domains=frozenset({"rezept.hub.example"}))
OTHER = Peer(name="operator:autre", operator=OperatorName("autre"), domains=frozenset({"autre.example"}))
KEY = "their-key-of-this-year"
TOKEN = "their-token-of-this-year"
DOCUMENT = b'{"resourceType": "Bundle"}'


class Log(RecordingLog):
    """A log that tells when the door listens."""

    def __init__(self) -> None:
        super().__init__()
        self.listening = asyncio.Event()

    def info(self, event: str, **fields: object) -> None:
        """Record what is normal."""
        super().info(event, **fields)
        if event == "door.listening":
            self.listening.set()


@dataclass(slots=True)
class RecordingDesk:
    """Takes what comes (`Desk`); `error` is raised instead when it is set. It waits for `gate`."""

    looks: int = 0
    taken: list[tuple[str, bytes]] = field(default_factory=list)
    error: Exception | None = None
    gate: asyncio.Event | None = None
    begun: asyncio.Event = field(default_factory=asyncio.Event)

    def look_now(self) -> None:
        """Count it."""
        self.looks += 1

    async def take(self, media_type: str, body: bytes) -> int:
        """Remember it."""
        self.begun.set()
        if self.gate is not None:
            await self.gate.wait()
        if self.error is not None:
            raise self.error
        self.taken.append((media_type, body))
        return 1


@dataclass(slots=True, kw_only=True)
class World:
    """A door that is open. `clock` is the hub's."""

    authority: trustme.CA
    folder: Path
    door: server.Door
    desk: RecordingDesk
    desks: Desks
    intake: RecordingIntake
    log: RecordingLog
    clock: FixedClock
    session: aiohttp.ClientSession
    task: asyncio.Task[None]
    shown: dict[str, bytes] = field(default_factory=dict)

    def url(self, what: str = "events", name: str = NAME) -> str:
        """Return where a call goes."""
        return f"https://localhost:{self.door.addresses[0].port}/operators/{name}/{what}"

    def signed(self, body: bytes = DOCUMENT, *, key: str = KEY, ahead: float = 0) -> dict[str, str]:
        """Return the headers by which a service proves a call with its key."""
        stamp = str(int(self.clock.now().timestamp() + ahead))
        digest = hmac.new(key.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
        return {"X-Timestamp": stamp, "X-Signature": f"sha256={digest}"}

    def stop(self) -> None:
        """Have the door end, as the hub does."""
        self.task.cancel()

    async def call(
        self,
        what: str = "events",
        body: Any = DOCUMENT,
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> tuple[int, Any, Mapping[str, str]]:
        """Call the door; the answer is status, JSON if any, headers."""
        name, method = more.pop("name", NAME), more.pop("method", "POST")
        kept = {"Content-Type": "application/fhir+json", **(headers or {})}
        async with self.session.request(
            method, self.url(what, name), data=body, headers=kept, **more
        ) as answer:
            raw = await answer.read()
            return answer.status, json.loads(raw) if raw else None, answer.headers

    def context(self, name: str | None = None) -> ssl.SSLContext:
        """Return a client's context, with a new certificate of that name; `shown` has it as DER."""
        context = ssl.create_default_context()
        self.authority.configure_trust(context)
        if name is not None:
            issued = self.authority.issue_cert(name)
            issued.configure_cert(context)
            pem = issued.cert_chain_pems[0].bytes()
            self.shown[name] = x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)
        return context


def secret(folder: Path, name: str, *lines: str) -> Path:
    """Write a secret's file."""
    path = folder / name
    path.touch(mode=0o600)
    path.write_text("\n".join(lines) + "\n")
    return path


@contextlib.asynccontextmanager
async def opened(
    folder: Path,
    proofs: Proofs | None = None,
    *,
    desk: bool = True,
    asks: bool = True,
    **settings: Any,
) -> AsyncIterator[World]:
    """Open a door for one service, which proves itself by a token unless said otherwise."""
    authority = trustme.CA()
    anchor = folder / "authority.pem"
    authority.cert_pem.write_to_path(str(anchor))
    issued = authority.issue_cert("localhost")
    certificate, key = folder / "door.pem", folder / "door.key"
    certificate.write_bytes(b"".join(one.bytes() for one in issued.cert_chain_pems))
    key.touch(mode=0o600)
    key.write_bytes(issued.private_key_pem.bytes())
    log, clock, intake, behind = Log(), FixedClock(), RecordingIntake(), RecordingDesk()
    host = Host(
        name="rx",
        hub_name="hub.example",
        address=Address.parse("hub@hub.example"),
        clock=clock,
        chance=FixedChance(1),
        log=log,
        data=folder,
        ledger=EphemeralLedger(),
    )
    wanted = DoorSettings(
        listen=(Endpoint("127.0.0.1", 0),),
        certificate=certificate,
        key=key,
        anchors=(anchor,) if asks else (),
        services={NAME: proofs or Proofs(bearer=secret(folder, "token", TOKEN))},
    )
    desks = Desks()
    async with contextlib.AsyncExitStack() as stack:
        if desk:
            stack.enter_context(desks.holding(NAME, behind))
        door = await stack.enter_async_context(server.open_receiver(replace(wanted, **settings), desks, host))
        task = asyncio.create_task(door.receive(intake))
        context = ssl.create_default_context()
        authority.configure_trust(context)
        session = await stack.enter_async_context(
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context))
        )
        world = World(
            authority=authority,
            folder=folder,
            door=door,
            desk=behind,
            desks=desks,
            intake=intake,
            log=log,
            clock=clock,
            session=session,
            task=task,
        )
        try:
            await log.listening.wait()
            yield world
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def bearer(token: str = TOKEN) -> dict[str, str]:
    """Return the header of a token."""
    return {"Authorization": f"Bearer {token}"}


def refused(error: HubError) -> RecordingDesk:
    """Return a desk that refuses everything."""
    return RecordingDesk(error=error)
