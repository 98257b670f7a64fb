"""A small world for the SMTP sessions: an authority, doors, servers that follow a script, mails."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from hub.adapters.clock import SystemChance, SystemClock
from hub.domain.address import Address
from hub.domain.ids import DeliveryId, OperatorName
from hub.domain.message import SenderSignature, SignatureResult
from hub.domain.outcome import Outcome
from hub.plugin.ledger import EphemeralLedger
from hub.plugin.listening import Endpoint
from hub.ports.connector import Addressee, Parcel
from hub.ports.host import Host
from hub.ports.intake import Acknowledgement, Peer, Stage, Submission, To
from hub.testing.fakes import FixedChance, FixedClock, RecordingIntake, RecordingLog, entry
from hub.testing.parcels import parcel
from hub_smtp.connector import Connector, open_connector
from hub_smtp.server import Receiver, open_receiver
from hub_smtp.settings import ConnectorSettings, ReceiverSettings, TlsSettings
from hub_smtp.wire import Arrived, Outgoing

OWN = Address.parse("hub@hub.valbrume.example")
SENDER = Address.parse("labo@chu.example")
DOCTOR = "dr.martin@cabinet.example"
PEER = Peer(name="operator:chu", operator=OperatorName("chu"), domains=frozenset({"chu.example"}))
MAIL = b"From: labo@chu.example\r\nTo: dr.martin@cabinet.example\r\nSubject: Essai\r\n\r\nBonjour.\r\n"


class Papers:
    """One authority and the certificates that it issued, as files and as contexts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.authority = trustme.CA(key_type=trustme.KeyType.ECDSA)
        self.anchor = folder / "authority.pem"
        self.authority.cert_pem.write_to_path(str(self.anchor))

    def issue(self, name: str, **options: Any) -> TlsSettings:
        """Write a certificate for `name` and return settings that use it."""
        return self.issue_by(self.authority, name, **options)

    def issue_by(self, authority: trustme.CA, name: str, **options: Any) -> TlsSettings:
        """Write a certificate of any authority's; those settings believe in ours."""
        made = authority.issue_cert(name, key_type=trustme.KeyType.ECDSA, **options)
        number = len(list(self.folder.iterdir()))
        certificate, key = self.folder / f"{number}-{name}.pem", self.folder / f"{number}-{name}.key"
        for blob in made.cert_chain_pems:
            blob.write_to_path(str(certificate), append=True)
        made.private_key_pem.write_to_path(str(key))
        return TlsSettings(certificate=certificate, key=key, anchors=(self.anchor,))

    def client(self, settings: TlsSettings | None) -> ssl.SSLContext:
        """Return an independent client's context, with or without a certificate of its own."""
        context = ssl.create_default_context(cafile=str(self.anchor))
        if settings is not None:
            context.load_cert_chain(settings.certificate, settings.key)
        return context

    def server(self, settings: TlsSettings) -> ssl.SSLContext:
        """Return an independent server's context that demands a certificate."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(self.anchor))
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_cert_chain(settings.certificate, settings.key)
        return context


def der(settings: TlsSettings) -> bytes:
    """Return the certificate as DER."""
    return x509.load_pem_x509_certificate(settings.certificate.read_bytes()).public_bytes(Encoding.DER)


@dataclass
class Plainly:
    """A reader that takes a mail as it is; what `answer` returns or raises comes first."""

    arrived: list[Arrived] = field(default_factory=list)
    answer: Callable[[Arrived], Submission | tuple[Acknowledgement, ...] | None] = lambda _arrived: None

    async def read(self, arrived: Arrived, stage: Stage) -> Submission | tuple[Acknowledgement, ...]:
        """Make a submission of little."""
        self.arrived.append(arrived)
        if (answer := self.answer(arrived)) is not None:
            return answer
        return Submission(
            connector="smtp",
            peer=arrived.peer,
            native_id=f"sha256:{arrived.content.sha256}",
            key=arrived.content.sha256,
            sender=arrived.mail_from or SENDER,
            recipients=tuple(To(target=one.address) for one in arrived.recipients),
            subject="Essai",
            parts=(),
            signature=SenderSignature(result=SignatureResult.NONE),
        )


def host(folder: Path, log: RecordingLog | None = None, *, real: bool = True) -> Host:
    """Make what the hub lends to a part."""
    return Host(
        name="smtp",
        hub_name="hub.valbrume.example",
        address=OWN,
        clock=SystemClock() if real else FixedClock(),
        chance=SystemChance(),
        log=log or RecordingLog(),
        data=folder,
        ledger=EphemeralLedger(),
    )


@dataclass
class Door:
    """A receiver that runs, and what stands behind it."""

    receiver: Receiver
    intake: RecordingIntake
    reader: Plainly
    log: RecordingLog
    port: int
    task: asyncio.Task[None]


@contextlib.asynccontextmanager
async def door(
    papers: Papers, operator: TlsSettings | None, *, intake: RecordingIntake | None = None, **options: Any
) -> AsyncIterator[Door]:
    """Open a door on the loopback that knows one operator's certificate."""
    settings = ReceiverSettings(
        listen=(Endpoint("127.0.0.1", 0),),
        tls=options.pop("tls", None) or papers.issue("hub.valbrume.example"),
        **options,
    )
    intake = intake or RecordingIntake()
    if operator is not None:
        intake.peers = {der(operator): PEER}
    reader, log = Plainly(), RecordingLog()
    async with open_receiver(settings, reader, host(papers.folder, log)) as receiver:
        port = receiver.addresses[0].port
        task = asyncio.create_task(receiver.receive(intake))
        await until(lambda: "smtp.listening" in log.events())
        try:
            yield Door(receiver, intake, reader, log, port, task)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def until(condition: Callable[[], object]) -> None:
    """Let the others run until it is so; the test's own timeout ends what never is."""
    while not condition():  # noqa: ASYNC110 - what is waited for raises no event of its own
        await asyncio.sleep(0.001)


class Wire:
    """A client of few illusions: sends bytes, returns replies."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def open(cls, port: int, context: ssl.SSLContext | None = None) -> Wire:
        """Connect; with a context, go on to the secured EHLO."""
        wire = cls(*await asyncio.open_connection("127.0.0.1", port))
        assert (await wire.reply()).startswith("220 ")
        if context is not None:
            await wire.say("EHLO client.example")
            assert (await wire.say("STARTTLS")).startswith("220 ")
            await wire.writer.start_tls(context, server_hostname="hub.valbrume.example")
            await wire.say("EHLO client.example")
        return wire

    async def reply(self) -> str:
        """Return the next reply, its lines joined by LF; empty when the server is gone."""
        lines = []
        while line := (await self.reader.readline()).decode():
            lines.append(line.removesuffix("\r\n"))
            if line[3:4] != "-":
                break
        return "\n".join(lines)

    async def say(self, *lines: str) -> str:
        """Send command lines in one piece and return the first reply."""
        self.send("".join(f"{line}\r\n" for line in lines).encode())
        return await self.reply()

    def send(self, data: bytes) -> None:
        """Send bytes."""
        self.writer.write(data)

    async def envelope(self, *recipients: str) -> str:
        """Begin a mail up to 354 and return that reply."""
        assert (await self.say(f"MAIL FROM:<{SENDER}>")).startswith("250 ")
        for one in recipients or (DOCTOR,):
            assert (await self.say(f"RCPT TO:<{one}>")).startswith("250 ")
        return await self.say("DATA")

    async def close(self) -> None:
        """Leave."""
        self.writer.close()
        with contextlib.suppress(OSError):
            await self.writer.wait_closed()


# The other way: servers for our client.

Scene = Callable[["Stage_"], Awaitable[None]]


class Stage_(Wire):  # noqa: N801 - `Stage` is the intake's
    """One connection as the server of a script sees it. `heard` are all lines, in order."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, context: ssl.SSLContext
    ) -> None:
        super().__init__(reader, writer)
        self.context = context
        self.heard: list[str] = []

    async def line(self) -> str:
        """Return the client's next line."""
        data = await self.reader.readline()
        if not data:
            raise ConnectionResetError
        self.heard.append(data.decode().removesuffix("\r\n"))
        return self.heard[-1]

    async def expect(self, verb: str, *answers: str) -> str:
        """Take a line that begins with `verb` and answer it."""
        line = await self.line()
        assert line.upper().startswith(verb), line
        self.answer(*answers)
        return line

    def answer(self, *lines: str) -> None:
        """Send lines."""
        self.send("".join(f"{line}\r\n" for line in lines).encode())

    async def secure(self, *offers: str) -> None:
        """Go from the greeting to the secured EHLO, with these offers."""
        self.answer("220 mx.cabinet.example ESMTP")
        await self.expect("EHLO", "250-mx.cabinet.example", "250 STARTTLS")
        await self.expect("STARTTLS", "220 go")
        await self.writer.start_tls(self.context)
        await self.hello(*offers)

    async def hello(self, *offers: str) -> None:
        """Answer the secured EHLO."""
        lines = ("mx.cabinet.example", *offers)
        await self.expect("EHLO", *(f"250-{one}" for one in lines[:-1]), f"250 {lines[-1]}")

    async def body(self) -> bytes:
        """Take a mail up to its final dot, and return it as it travelled."""
        data = b""
        while not (data.endswith(b"\r\n.\r\n") or data == b".\r\n"):
            chunk = await self.reader.read(65536)
            if not chunk:
                raise ConnectionResetError
            data += chunk
        return data


@dataclass
class Script:
    """A server that plays one scene per connection; the last one again and again."""

    port: int
    connections: list[Stage_] = field(default_factory=list)


@contextlib.asynccontextmanager
async def script(
    context: ssl.SSLContext, *scenes: Scene, host: str = "127.0.0.1", port: int = 0
) -> AsyncIterator[Script]:
    """Run a scripted server on the loopback."""
    played = Script(port=0)
    running: set[asyncio.Task[Any]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        running.add(asyncio.current_task())  # type: ignore[arg-type]
        stage = Stage_(reader, writer, context)
        number = min(len(played.connections), len(scenes) - 1)
        played.connections.append(stage)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                await scenes[number](stage)
        finally:
            writer.close()

    server = await asyncio.start_server(serve, host, port)
    played.port = server.sockets[0].getsockname()[1]
    try:
        yield played
    finally:
        server.close()
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        for stage in played.connections:
            # The Python of Debian 12 raises it for one that has ended under TLS.
            with contextlib.suppress(AttributeError):
                stage.writer.transport.abort()
        for _ in range(5):
            # Let TLS, and the socket under it, hear of it.
            await asyncio.sleep(0)


@dataclass
class Ready:
    """A composer that sends `data` to everybody, in one mail."""

    data: bytes = MAIL
    piece: int = 4096
    options: Mapping[str, Any] = field(default_factory=dict)

    async def mails(self, sent: Parcel) -> tuple[Sequence[Outgoing], Mapping[DeliveryId, Outcome]]:
        """Return one mail."""

        async def pieces() -> AsyncIterator[bytes]:
            for at in range(0, len(self.data), self.piece):
                yield self.data[at : at + self.piece]

        mail = Outgoing(
            addressees=sent.addressees,
            mail_from=OWN,
            pieces=pieces,
            size=len(self.data),
            envid=sent.sealed.envelope.id,
            notify=("SUCCESS", "FAILURE"),
        )
        return [replace(mail, **self.options)], {}


@contextlib.asynccontextmanager
async def connector(
    papers: Papers, local_port: int, composer: Any = None, **options: Any
) -> AsyncIterator[Connector]:
    """Open a connector to the loopback that expects `mx.cabinet.example` there."""
    settings = ConnectorSettings(
        tls=options.pop("tls", None) or papers.issue("hub.valbrume.example"),
        relay=options.pop("relay", Endpoint("127.0.0.1", local_port)),
        server_name=options.pop("server_name", "mx.cabinet.example"),
        **options,
    )
    async with open_connector(settings, composer or Ready(), host(papers.folder)) as ready:
        yield ready


_seed = 0


def sent_to(*recipients: str) -> Parcel:
    """Make a parcel."""
    global _seed  # noqa: PLW0603 - ids differ between parcels
    _seed += 1
    return parcel(
        SENDER,
        [entry(one) for one in recipients or (DOCTOR,)],
        clock=FixedClock(),
        chance=FixedChance(_seed),
    )


def by_address(sent: Parcel, outcomes: Mapping[DeliveryId, Outcome]) -> dict[str, Outcome]:
    """Return the outcomes by address."""
    named = {one.delivery: one for one in sent.addressees}
    return {str(named[key].party.address): outcome for key, outcome in outcomes.items()}


def addressee(one: Addressee) -> str:
    """Return whom it is for."""
    return str(one.party.address)
