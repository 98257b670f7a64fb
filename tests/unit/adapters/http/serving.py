"""An API on a loopback port, with a recording intake behind it, and a client that talks to it."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import aiohttp

from hub.adapters.clock import SystemChance
from hub.adapters.http.server import open_api
from hub.adapters.http.settings import ApiLimits, ApiSettings, Client, Listen
from hub.adapters.keys.names import names_of
from hub.domain.ids import DeliveryId, EnvelopeId
from hub.ports.intake import Peer
from hub.ports.prescribing import Prescriptions
from hub.ports.records import Report, Waiting
from hub.testing.contents import MemoryStage
from hub.testing.fakes import FixedClock, RecordingIntake, RecordingLog

TOKEN = "s3cret-token-of-the-practice"
OTHER = "s3cret-token-of-another"
LETTER: dict[str, Any] = {
    "from": "dr.martin@cabinet.example",
    "to": ["dr.aubepine@valbrume.example"],
    "subject": "Compte rendu",
    "text": "Cher confrère,",
}


class WatchedIntake(RecordingIntake):
    """A recording intake that says when a stage was opened."""

    def __init__(self) -> None:
        super().__init__()
        self.staged = asyncio.Event()

    def stage(self) -> MemoryStage:
        """Open a place for one submission's contents."""
        self.staged.set()
        return super().stage()


@dataclass(slots=True)
class TinyRecords:
    """Reports by envelope; `error` is raised instead when set (`Records`)."""

    reports: dict[str, Report] = field(default_factory=dict)
    error: Exception | None = None

    async def waiting(self, **_wanted: Any) -> Sequence[Waiting]:
        """Return nothing."""
        return ()

    async def envelope_of(self, delivery: DeliveryId) -> EnvelopeId | None:
        """Return nothing."""
        del delivery

    async def report(self, envelope: EnvelopeId) -> Report | None:
        """Return the report, if there is one."""
        if self.error is not None:
            raise self.error
        return self.reports.get(envelope)

    async def ready(self) -> None:
        """Return, or raise `error`."""
        if self.error is not None:
            raise self.error


def client(name: str, *, token: str | None = None, certificate: str | None = None) -> Client:
    """Make a client that may send for one domain."""
    return Client(
        peer=Peer(name=f"client:{name}", domains=frozenset({"cabinet.example"})),
        token_sha256=hashlib.sha256(token.encode()).digest() if token else None,
        certificate=certificate,
    )


SETTINGS = ApiSettings(
    listen=Listen(host="127.0.0.1", port=0),
    certificate=None,
    key=None,
    client_anchors=(),
    clients=(client("cabinet", token=TOKEN), client("other", token=OTHER)),
    limits=ApiLimits(
        body=1 << 20,
        json=256 << 10,
        inline_document=64 << 10,
        upload=timedelta(seconds=30),
        idle=timedelta(seconds=30),
        concurrency=8,
        searches=4,
    ),
)


@dataclass(slots=True)
class Served:
    """An API that listens, what is behind it, and a client in front of it."""

    url: str
    intake: RecordingIntake
    records: TinyRecords
    log: RecordingLog
    session: aiohttp.ClientSession

    @property
    def staged(self) -> asyncio.Event:
        """Set as soon as a submission began to be read."""
        assert isinstance(self.intake, WatchedIntake)
        return self.intake.staged

    async def post(self, message: Any = None, *, key: str = "k1", **more: Any) -> tuple[Any, Any]:
        """Post a message; return the response and its JSON."""
        headers = {"Authorization": f"Bearer {TOKEN}", "Idempotency-Key": key, **more.pop("headers", {})}
        if "data" not in more:
            more["data"] = json.dumps(LETTER if message is None else message)
            headers.setdefault("Content-Type", "application/json")
        async with self.session.post(
            f"{self.url}/v1/messages", headers={k: v for k, v in headers.items() if v is not None}, **more
        ) as response:
            return response, await response.json(content_type=None)

    async def get(self, path: str, *, token: str | None = TOKEN, **more: Any) -> tuple[Any, bytes]:
        """Get a path; return the response and its bytes."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with self.session.get(
            f"{self.url}{path}", headers={**headers, **more.pop("headers", {})}, **more
        ) as response:
            return response, await response.read()

    def nothing_kept(self) -> bool:
        """Whether no submission was taken and every stage was discarded."""
        return not self.intake.submissions and all(one.discarded for one in self.intake.stages)


@asynccontextmanager
async def serving(
    *, intake: Any = None, prescriptions: Prescriptions | None = None, **changes: Any
) -> AsyncIterator[Served]:
    """Open an API; its limits and settings may be changed by name."""
    names = set(ApiLimits.__slots__)
    settings = replace(
        SETTINGS,
        limits=replace(SETTINGS.limits, **{k: v for k, v in changes.items() if k in names}),
        **{k: v for k, v in changes.items() if k not in names},
    )
    intake = intake or WatchedIntake()
    records, log = TinyRecords(), RecordingLog()
    async with (
        open_api(
            settings,
            intake=intake,
            records=records,
            names_of=names_of,
            log=log,
            clock=FixedClock(),
            chance=SystemChance(),
            prescriptions=prescriptions,
        ) as api,
        aiohttp.ClientSession() as session,
    ):
        yield Served(api.url, intake, records, log, session)
