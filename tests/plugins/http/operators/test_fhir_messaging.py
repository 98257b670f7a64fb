"""The shipped description of a FHIR messaging operator against Prism and a real OAuth 2.0 server.

Prism makes an operator of an OpenAPI document that knows nothing of the hub: it refuses a body that the
document does not allow, and a request without a token.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from hub.adapters.clock import SystemChance, SystemClock
from hub.domain.address import Address
from hub.domain.ids import OperatorName
from hub.domain.outcome import Deferred, Delivered, Outcome, Refused, Uncertain
from hub.plugin import Table
from hub.plugin.ledger import EphemeralLedger
from hub.ports.connector import Delivers, Parcel, Recovers
from hub.ports.host import Host, Receives
from hub.ports.intake import Acknowledgement, Peer
from hub.testing.connector_contract import Rig, deliver, make
from hub.testing.contents import MemoryContent
from hub.testing.fakes import RecordingIntake, RecordingLog, entry
from hub.testing.parcels import Attached
from hub_http import parts
from tests.front import Front, front
from tests.servers import Papers, prism, token_server

DESCRIPTION: Final = Path(__file__).parents[4] / "conf" / "operators" / "fhir-messaging.toml"
OPENAPI: Final = Path(__file__).with_name("fhir-messaging.openapi.yaml")
SEND: Final = r"/CommunicationRequest/\$send-to-mailbox"
PEER: Final = Peer(
    name="operator:fhir", operator=OperatorName("fhir"), domains=frozenset({"hautmont.example"})
)


@dataclass
class FhirRig(Rig):
    """Our connector, Prism behind a front, and the token server behind another."""

    connector: Delivers
    before: Front
    tokens: Front
    log: RecordingLog
    sender = Address.parse("compte-rendus@ch-hautmont.mssante.example")
    good = (entry("dr.jeanne.valadier@hautmont.example"),)

    def parcel(self, *attached: Attached) -> Parcel:
        """Make a parcel to the one recipient."""
        return make(self, self.good, *attached)

    async def deliver(self, *attached: Attached) -> Outcome:
        """Deliver one, and return what became of it."""
        (outcome,) = (await deliver(self, self.parcel(*attached))).values()
        return outcome


Opened = Callable[..., AbstractAsyncContextManager[FhirRig]]


@dataclass(frozen=True, slots=True)
class Servers:
    """Prism and the token server, each behind a front."""

    papers: Papers
    before: Front
    tokens: Front


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Run them once for this file: neither remembers anything."""
    folder = tmp_path_factory.mktemp("fhir")
    papers = Papers(folder / "tls")
    tls = papers.issue()
    with ExitStack() as stack:
        before = stack.enter_context(front("http://127.0.0.1:1", tls))
        tokens = stack.enter_context(front(stack.enter_context(token_server(folder, tls)), tls))
        document = folder / "operator.yaml"
        tracking = f"{before.url}/CommunicationRequest/$tracking?transaction-id=5c1f2a0e"
        document.write_text(OPENAPI.read_text("utf-8").replace("TRACKING", tracking), "utf-8")
        before._upstream = stack.enter_context(prism(folder, document))
        yield Servers(papers, before, tokens)


@pytest.fixture
def opened(servers: Servers, tmp_path: Path) -> Opened:
    """Return what opens a rig. `prefer` is the answer that Prism is asked for (RFC 7240)."""
    for one in (servers.before, servers.tokens):
        one.seen.clear()
        one.spoils.clear()

    @asynccontextmanager
    async def rig(prefer: int | None = None) -> AsyncIterator[FhirRig]:
        log = RecordingLog()
        shared = parts.Shared()
        host = Host(
            name="fhir",
            hub_name="hub.valbrume.example",
            address=Address.parse("hub@hub.valbrume.example"),
            clock=SystemClock(),
            chance=SystemChance(),
            log=log,
            data=tmp_path,
            ledger=EphemeralLedger(),
        )
        _describe(tmp_path / "operator.toml", prefer)
        settings = shared.parse_operator(_table(tmp_path, servers))
        async with shared.open_operator(settings, host) as connector:
            yield FhirRig(connector=connector, before=servers.before, tokens=servers.tokens, log=log)

    return rig


@dataclass(slots=True, kw_only=True)
class Waited(RecordingIntake):
    """An intake that one can wait for: `told` is set by the first receipt."""

    told: asyncio.Event = field(default_factory=asyncio.Event)

    async def acknowledge(self, peer: Peer, acknowledgement: Acknowledgement) -> bool:
        """Remember it."""
        self.acknowledgements.append((peer, acknowledgement))
        self.told.set()
        return self.matches


def _describe(file: Path, prefer: int | None) -> None:
    """Write the shipped description; it tracks sooner, and may ask Prism for another answer."""
    text = DESCRIPTION.read_text("utf-8").replace('every = "1m"', 'every = "1ms"')
    if prefer is not None:
        path = 'path = "/CommunicationRequest/$send-to-mailbox"\n'
        text = text.replace(path, f'{path}headers.Prefer = "code={prefer}"\n', 1)
    file.write_text(text, "utf-8")


def _table(folder: Path, servers: Servers) -> Table:
    secret = folder / "secret"
    secret.touch(mode=0o600)
    secret.write_text("s3cret-of-the-client")
    values: dict[str, Any] = {
        "description": "operator.toml",
        "base_url": servers.before.url,
        "anchors": [str(servers.papers.authority)],
        "networks": ["127.0.0.0/8", "::1/128"],
        "parameters": {
            "token_url": f"{servers.tokens.url}/token",
            "client_id": "caducee",
            "audience": "https://fhir.hautmont.example",
        },
        "secrets": {"client_secret": "secret"},
    }
    return Table(values, file=folder / "hub.toml", path="operators.fhir")


async def test_a_message_is_as_the_operators_document_says(opened: Opened) -> None:
    """Prism, which refuses every other body, takes it; the document in it is byte-equal."""
    report = Attached(content=MemoryContent(b"%PDF-1.7 compte rendu " * 1000))
    async with opened() as rig:
        outcome = await rig.deliver(report)
        assert isinstance(outcome, Delivered)
        assert "5c1f2a0e-7d41-4b7e-9a53-2a8f6d1f0c11" in outcome.receipt
        (request,) = rig.before.asked("POST", SEND)
        said = {one["name"]: one for one in json.loads(request.body)["parameter"]}
        title, content = said["document"]["part"]
        assert "compte-rendu.pdf" == title["valueString"]
        assert b"%PDF-1.7 compte rendu " * 1000 == base64.b64decode(content["resource"]["data"])
        assert "dr.jeanne.valadier@hautmont.example" == said["recipient"]["valueString"]


async def test_one_token_serves_many_messages(opened: Opened) -> None:
    """It is asked for once, by the client's secret and with the audience, whoever waits for it."""
    async with opened() as rig:
        outcomes = await asyncio.gather(*(rig.deliver() for _ in range(4)))
        assert all(isinstance(one, Delivered) for one in outcomes)
        (asked,) = rig.tokens.asked("POST", "/token")
        assert b"grant_type=client_credentials" in asked.body
        assert b"audience=https%3A%2F%2Ffhir.hautmont.example" in asked.body
        bearers = {one.headers["Authorization"] for one in rig.before.asked("POST", SEND)}
        assert 1 == len(bearers)


@pytest.mark.parametrize(("status", "words"), [(412, "several mailboxes"), (422, "it does not work")])
async def test_a_refusal_has_the_operators_words(opened: Opened, status: int, words: str) -> None:
    """The sender reads what the OperationOutcome says."""
    async with opened(status) as rig:
        outcome = await rig.deliver()
        assert isinstance(outcome, Refused)
        assert words in outcome.reason.en
        assert words in outcome.reason.fr


async def test_a_full_operator_is_left_alone_as_long_as_it_says(opened: Opened) -> None:
    """429 defers, by at least what Retry-After and the description say."""
    async with opened(429) as rig:
        outcome = await rig.deliver()
        assert isinstance(outcome, Deferred)
        assert outcome.retry_after is not None
        assert outcome.retry_after >= timedelta(seconds=7)


async def test_an_answer_401_costs_one_fresh_token_and_no_more(opened: Opened) -> None:
    """Then it waits for whoever configures the hub."""
    async with opened(401) as rig:
        outcome = await rig.deliver()
        assert isinstance(outcome, Deferred)
        assert outcome.operator_failed
        assert 2 == len(rig.before.asked("POST", SEND))
        assert 2 == len(rig.tokens.asked("POST", "/token"))


async def test_what_may_have_left_is_nobodys_to_send_again(opened: Opened) -> None:
    """The answer is lost: it is uncertain, nobody is asked, and a double is not called harmless."""
    async with opened() as rig:
        rig.before.spoil("POST", SEND, "cut")
        assert isinstance(await rig.deliver(), Uncertain)
        assert not isinstance(rig.connector, Recovers)
        assert not rig.connector.capabilities.resend_harmless
        assert 1 == len(rig.before.asked("POST", SEND))


async def test_a_token_server_that_fails_costs_nothing(opened: Opened) -> None:
    """Nothing has left, so it is tried later."""
    async with opened() as rig:
        await asyncio.to_thread(rig.tokens.shut)
        outcome = await rig.deliver()
        assert isinstance(outcome, Deferred)
        assert outcome.operator_failed
        assert [] == rig.before.asked("POST", SEND)
        await asyncio.to_thread(rig.tokens.reopen)
        assert isinstance(await rig.deliver(), Delivered)


async def test_what_becomes_of_it_is_tracked(opened: Opened) -> None:
    """The tracking URL, taken from the answer, tells of a refusal with the operator's reason."""
    intake = Waited(operators={"fhir": PEER})
    async with opened() as rig:
        parcel = rig.parcel()
        await deliver(rig, parcel)
        assert isinstance(rig.connector, Receives)
        polling = asyncio.ensure_future(rig.connector.receive(intake))
        try:
            async with asyncio.timeout(30):
                await intake.told.wait()
        finally:
            polling.cancel()
            await asyncio.gather(polling, return_exceptions=True)
    (peer, told), *_ = intake.acknowledgements
    assert PEER == peer
    assert isinstance(told, Acknowledgement)
    assert parcel.addressees[0].delivery == told.delivery
    assert isinstance(told.outcome, Refused)
    assert "mailbox closed" in told.outcome.reason.en
