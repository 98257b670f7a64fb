"""A door on loopback with real TLS, operators behind it, and clients that call."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
import ssl
import tomllib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import aiohttp
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from hub.domain.address import Address
from hub.domain.ids import DeliveryId, OperatorName
from hub.plugin.ledger import EphemeralLedger
from hub.plugin.listening import Endpoint
from hub.ports.host import Host
from hub.ports.intake import Intake, Peer
from hub.ports.keyring import Opens
from hub.ports.ledger import Ledger
from hub.testing.fakes import FixedChance, FixedClock, RecordingIntake, RecordingLog
from hub_http.description.model import Description
from hub_http.door import server
from hub_http.door.settings import DoorSettings
from hub_http.sending import lines
from hub_http.sending.operator import Operator, Operators
from hub_http.settings import OperatorSettings
from tests.shape.codes import ROOT

PEER = Peer(
    name="operator:courrier",
    operator=OperatorName("courrier"),
    domains=frozenset({"valbrume.example"}),
)
OTHER = Peer(name="operator:autre", operator=OperatorName("autre"), domains=frozenset({"autre.example"}))
KEY = "their-key-of-this-year"
SENDER = "dr.jeanne.valadier@valbrume.example"
RECIPIENT = "accueil@ch-hautmont.example"
EVENTS = "/operators/courrier/events"
DELIVERY = "0190163d-8694-739b-aea5-966c26f8ad91"
SHIPPED = tomllib.loads((ROOT / "conf" / "operators" / "webhook.toml").read_text())


def described(**webhook: Any) -> Description:
    """Return the plain webhook operator's description, its one webhook changed by `webhook`."""
    events = {**SHIPPED["webhooks"]["events"], **webhook}
    changed = {
        **SHIPPED,
        "webhooks": {"events": {key: one for key, one in events.items() if one is not None}},
    }
    return Description.model_validate(changed)


def message(number: int = 1, **fields: Any) -> dict[str, Any]:
    """Return a call that brings a message."""
    said = {
        "id": f"m-{number}",
        "from": SENDER,
        "to": [RECIPIENT],
        "subject": "Compte rendu",
        "text": "Cher confrère,",
        "documents": [{"name": "cr.pdf", "type": "application/pdf", "data": "JVBERi0xLjc="}],
    }
    return {"id": f"evt-{number}", "type": "message", "message": {**said, **fields}}


def receipt(number: int = 1, **fields: Any) -> dict[str, Any]:
    """Return a call that brings a receipt."""
    return {"id": f"rec-{number}", "type": "receipt", "receipt": {"state": "delivered", **fields}}


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
class World:
    """A door that is open. `clock` is the hub's."""

    authority: trustme.CA
    folder: Path
    door: server.Door
    operators: Operators
    intake: RecordingIntake
    log: RecordingLog
    clock: FixedClock
    task: asyncio.Task[None]
    session: aiohttp.ClientSession
    secrets: dict[str, str] = field(default_factory=dict)
    shown: dict[str, bytes] = field(default_factory=dict)

    @property
    def operator(self) -> Operator:
        """The operator `courrier`."""
        found = self.operators.named("courrier")
        assert found is not None
        return found

    def url(self, path: str = EVENTS) -> str:
        """Return where a path is."""
        return f"https://localhost:{self.door.addresses[0].port}{path}"

    def signed(self, body: bytes, *, key: str = KEY, at: float | None = None) -> dict[str, str]:
        """Return the headers by which the operator proves a call."""
        stamp = str(int(self.clock.now().timestamp() if at is None else at))
        digest = hmac.new(key.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
        return {
            "X-Timestamp": stamp,
            "X-Signature": f"sha256={digest}",
            "Content-Type": "application/json",
        }

    async def call(self, said: Any, **more: Any) -> tuple[int, Any, Mapping[str, str]]:
        """Call as the operator does; `headers`, `path` and `body` may be others."""
        body = more.pop("body", None)
        body = json.dumps(said).encode() if body is None else body
        headers = {**self.signed(body), **more.pop("headers", {})}
        return await self.post(body, headers, **more)

    async def post(
        self,
        body: Any,
        headers: Mapping[str, str | None],
        path: str = "/operators/courrier/events",
        **more: Any,
    ) -> tuple[int, Any, Mapping[str, str]]:
        """Post anything; a header without a value is left out."""
        kept = {key: value for key, value in headers.items() if value is not None}
        async with self.session.post(self.url(path), data=body, headers=kept, **more) as answer:
            raw = await answer.read()
            return answer.status, json.loads(raw) if raw else None, answer.headers

    async def sent(self, remote: str | None = "r-1") -> None:
        """Let the ledger know of a send, as the sender leaves it."""
        key = Address.parse(SENDER).key
        sent = lines.Sent(call=DELIVERY, recipients={key: DeliveryId(DELIVERY)}, remote=remote)
        until = self.clock.now().replace(year=self.clock.now().year + 1)
        await self.operator.ledger.put(lines.line_of(lines.key_of(DELIVERY), sent, until))

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


@contextlib.asynccontextmanager
async def opened(
    folder: Path,
    description: Description | None = None,
    *,
    intake: Intake | None = None,
    operators: Sequence[str] = ("courrier",),
    asks: bool = True,
    ledger: Ledger | None = None,
    opens: Opens | None = None,
    parameters: Mapping[str, Any] | None = None,
    **settings: Any,
) -> AsyncIterator[World]:
    """Open a door with operators of this description behind it."""
    authority = trustme.CA()
    anchor = folder / "authority.pem"
    authority.cert_pem.write_to_path(str(anchor))
    issued = authority.issue_cert("localhost")
    certificate, key = folder / "door.pem", folder / "door.key"
    certificate.write_bytes(b"".join(one.bytes() for one in issued.cert_chain_pems))
    key.touch(mode=0o600)
    key.write_bytes(issued.private_key_pem.bytes())
    log, clock = Log(), FixedClock()
    host = Host(
        name="web",
        hub_name="hub.example",
        address=Address.parse("hub@hub.example"),
        clock=clock,
        chance=FixedChance(1),
        log=log,
        data=folder,
        ledger=EphemeralLedger(),
    )
    known = Operators()
    taking = intake or RecordingIntake(operators={"courrier": PEER, "autre": OTHER})
    secrets = {"our_key": "our-key", "their_key": KEY}
    wanted = DoorSettings(
        listen=(Endpoint("127.0.0.1", 0),),
        certificate=certificate,
        key=key,
        anchors=(anchor,) if asks else (),
    )
    async with contextlib.AsyncExitStack() as stack:
        for name in operators:
            operator = Operator(
                name=name,
                description=description or described(),
                settings=OperatorSettings(description=ROOT / "conf" / "operators" / "webhook.toml"),
                host=replace(host, name=name, ledger=ledger or EphemeralLedger(), opens=opens),
                exchange=cast("Any", None),
                authority=cast("Any", None),
                held=cast("Any", None),
                bases=(),
                parameters={"account": "hub", **(parameters or {})},
                secrets=cast("Any", secrets),
            )
            stack.enter_context(known.holding(operator))
        door = await stack.enter_async_context(server.open_receiver(replace(wanted, **settings), known, host))
        task = asyncio.create_task(door.receive(taking))
        world = World(
            authority=authority,
            folder=folder,
            door=door,
            operators=known,
            intake=cast("RecordingIntake", taking),
            log=log,
            clock=clock,
            task=task,
            session=cast("Any", None),
            secrets=secrets,
        )
        world.session = await stack.enter_async_context(
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=world.context()))
        )
        try:
            await log.listening.wait()
            yield world
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
