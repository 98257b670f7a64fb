"""A hub's connector and a double, both played from one description; where it has webhooks, a door between."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from hub.domain.address import Address
from hub.domain.ids import DeliveryId, OperatorName
from hub.domain.outcome import Outcome
from hub.plugin.double.papers import write_secret
from hub.plugin.ledger import EphemeralLedger
from hub.plugin.listening import Endpoint
from hub.ports.connector import Parcel
from hub.ports.host import Host
from hub.ports.intake import Peer
from hub.testing.contents import MemoryContent
from hub.testing.fakes import FixedChance, FixedClock, RecordingIntake, RecordingLog, entry
from hub.testing.parcels import Attached, parcel
from hub_http.description import reading
from hub_http.description.model import Description
from hub_http.door import server
from hub_http.door.settings import DoorSettings
from hub_http.double.opening import Double, Plans, open_double
from hub_http.fetching import polling
from hub_http.fetching.inbox import Inbox
from hub_http.fetching.tracking import Tracking
from hub_http.sending import connector
from hub_http.sending.connector import Connector
from hub_http.sending.opening import open_operator
from hub_http.sending.operator import Operator, Operators
from hub_http.settings import OperatorSettings, TlsSettings
from tests.servers import Papers
from tests.shape.codes import ROOT

NAME = "valbrume"
FOLDER = ROOT / "conf" / "operators"
PEER = Peer(
    name=f"operator:{NAME}",
    operator=OperatorName(NAME),
    domains=frozenset({"ch-hautmont.mssante.example", "valbrume.mssante.example"}),
)
SENDER = Address.parse("compte-rendus@ch-hautmont.mssante.example")
DOCTOR = entry("dr.aubepine@valbrume.mssante.example")
NURSE = entry("ide.bruyere@valbrume.mssante.example")
STRANGER = entry("inconnu@valbrume.mssante.example")
PDF = b"%PDF-1.7\nCompte rendu"
LIMITS = {
    "connect_timeout": timedelta(seconds=10),
    "answer_timeout": timedelta(seconds=1),
    "idle_timeout": timedelta(seconds=2),
    "total_timeout": timedelta(seconds=15),
    "requests_per_second": None,
}


def shipped() -> list[str]:
    """Return the names of the descriptions that say how a double plays them."""
    files = sorted(FOLDER.glob("*.toml"))
    return [one.stem for one in files if reading.read_whole(one).simulate is not None]


def described(name: str) -> Description:
    """Return a shipped description, impatient."""
    return impatient(reading.read_whole(FOLDER / f"{name}.toml"))


def impatient(description: Description) -> Description:
    """Return a description that waits for nothing long."""
    return description.model_copy(update={"limits": description.limits.model_copy(update=LIMITS)})


def again(sent: Parcel) -> Parcel:
    """Return a parcel as it is at its next attempt."""
    addressees = tuple(replace(one, attempt=one.attempt + 1) for one in sent.addressees)
    return replace(sent, addressees=addressees)


class Intake(RecordingIntake):
    """The hub's core, which tells when something came."""

    def __init__(self, peer: Peer = PEER) -> None:
        super().__init__(operators={NAME: peer})
        self.news = asyncio.Condition()

    async def submit(self, *arguments: Any, **named: Any) -> Any:
        """Take a submission."""
        taken = await super().submit(*arguments, **named)
        async with self.news:
            self.news.notify_all()
        return taken


@dataclass(slots=True, kw_only=True)
class Stage:
    """Both ends. `clock` is everybody's."""

    description: Description
    double: Double
    operator: Operator
    connector: Connector
    intake: Intake
    clock: FixedClock
    settings: OperatorSettings
    chance: FixedChance = field(default_factory=lambda: FixedChance(7))

    def parcel(self, *recipients: Any, data: bytes = PDF) -> Parcel:
        """Make a parcel with a document, to the doctor unless somebody else is named."""
        return parcel(
            SENDER,
            recipients or (DOCTOR,),
            clock=self.clock,
            chance=self.chance,
            attached=(Attached(content=MemoryContent(data)),),
        )

    async def send(self, sent: Parcel) -> Mapping[DeliveryId, Outcome]:
        """Hand a parcel over."""
        async with asyncio.timeout(20):
            return await self.connector.deliver(sent)

    async def outcome(self, sent: Parcel) -> Outcome:
        """Hand over a parcel to one recipient; return what became of it."""
        (only,) = (await self.send(sent)).values()
        return only

    @property
    def log(self) -> RecordingLog:
        """What the operator's parts told the log."""
        log = self.operator.host.log
        assert isinstance(log, RecordingLog)
        return log

    @asynccontextmanager
    async def restarted(self) -> AsyncIterator[Connector]:
        """Open the operator anew, with nothing in memory, on the same ledger."""
        before = self.operator
        async with open_operator(self.settings, before.host, description=self.description) as operator:
            self.operator = operator
            yield connector.of(operator, polling.fetch)
        self.operator = before

    def inbox(self, key: str = "inbox") -> Inbox:
        """Return what looks into an inbox."""
        inboxes = dict(polling.inboxes(self.operator))
        return Inbox(self.operator, inboxes[key], key, self.intake)

    async def track(self) -> int:
        """Ask about all that has come up."""
        track = self.description.track
        assert track is not None
        return await Tracking(self.operator, track, self.intake).ask_due()

    async def back(self) -> None:
        """Let another user send the hub what it sent first, and wait until the hub has it."""
        first = self.double.messages[0]
        headers = dict(first.headers) | self.addressed()
        await self.double.incoming(first.body, headers)
        await self.double.settled()
        for key, _ in polling.inboxes(self.operator):
            await self.inbox(key).look()

    def addressed(self) -> dict[str, str]:
        """Return the headers that bring a message to the hub's own mailbox."""
        mailbox = self.operator.parameters.get("mailbox")
        return {} if mailbox is None else {"Mex-To": str(mailbox)}


@asynccontextmanager
async def staged(folder: Path, description: Description, plans: Plans | None = None) -> AsyncIterator[Stage]:
    """Open both ends."""
    clock, intake, known = FixedClock(), Intake(), Operators()
    host = Host(
        name=NAME,
        hub_name="hub.hautmont.example",
        address=Address.parse("hub@hautmont.mssante.example"),
        clock=clock,
        chance=FixedChance(),
        log=RecordingLog(),
        data=folder,
        ledger=EphemeralLedger(),
    )
    async with AsyncExitStack() as stack:
        plans = replace(plans or Plans(), now=clock.now)
        if description.webhooks:
            door = await stack.enter_async_context(_door(folder / "door", known, intake, host))
            plans = replace(plans, webhook=f"{door[0]}/operators/{NAME}", webhook_anchors=door[1])
        own = folder / "double"
        own.mkdir()
        double = await stack.enter_async_context(open_double(description, own, plans))
        settings = OperatorSettings(
            description=folder / "unused.toml",
            base_url=double.url,
            tls=TlsSettings(anchors=(double.anchors,)),
            networks=(ip_network("127.0.0.0/8"), ip_network("::1/128")),
            parameters=double.parameters,
            secrets=files(folder / "secrets", double.secrets),
        )
        operator = await stack.enter_async_context(open_operator(settings, host, description=description))
        stack.enter_context(known.holding(operator))
        yield Stage(
            description=description,
            double=double,
            operator=operator,
            connector=connector.of(operator, polling.fetch),
            intake=intake,
            clock=clock,
            settings=settings,
        )


class _Log(RecordingLog):
    def __init__(self) -> None:
        super().__init__()
        self.listening = asyncio.Event()

    def info(self, event: str, **fields: object) -> None:
        super().info(event, **fields)
        if event == "door.listening":
            self.listening.set()


@asynccontextmanager
async def _door(
    folder: Path, operators: Operators, intake: Intake, host: Host
) -> AsyncIterator[tuple[str, Path]]:
    made, log = Papers(folder).issue(), _Log()
    settings = DoorSettings(
        listen=(Endpoint("127.0.0.1", 0),), certificate=made.certificate, key=made.key, anchors=()
    )
    async with server.open_receiver(settings, operators, replace(host, name="web", log=log)) as door:
        task = asyncio.create_task(door.receive(intake))
        await log.listening.wait()
        try:
            yield f"https://localhost:{door.addresses[0].port}", made.authority
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


def files(folder: Path, secrets: Mapping[str, str]) -> dict[str, Path]:
    """Write secrets, as a configuration names them."""
    folder.mkdir(exist_ok=True)
    for name, secret in secrets.items():
        write_secret(folder / name, secret)
    return {name: folder / name for name in secrets}
