"""The shipped description of a two-phase operator against one that was written without it."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import pytest

from hub.adapters.clock import SystemChance, SystemClock
from hub.domain.address import Address
from hub.domain.ids import OperatorName
from hub.domain.message import DocumentRole
from hub.domain.outcome import Delivered, Refused, Uncertain
from hub.plugin import Table
from hub.plugin.ledger import EphemeralLedger
from hub.ports.connector import Delivers, Recovers
from hub.ports.host import Host, Receives
from hub.ports.intake import Peer
from hub.testing.connector_contract import ConnectorContract, Rig, Seen, deliver, make
from hub.testing.fakes import RecordingIntake, RecordingLog, entry
from hub_http import parts
from tests.plugins.http.operators import cantons
from tests.plugins.http.operators.cantons import Cantons
from tests.servers import Papers

DESCRIPTION: Final = Path(__file__).parents[4] / "conf" / "operators" / "two-phase.toml"
DOMAIN: Final = "cantons.example"
KNOWN: Final = tuple(f"dr.{name}@{DOMAIN}" for name in ("arvine", "humagne", "diolinoir"))
PEER: Final = Peer(name="operator:cantons", operator=OperatorName("cantons"), domains=frozenset({DOMAIN}))


@dataclass
class TwoPhaseRig(Rig):
    """Our connector, and the operator."""

    connector: Delivers
    operator: Cantons
    sender = Address.parse("compte-rendus@ch-hautmont.mssante.example")
    good = tuple(entry(one) for one in KNOWN)
    unknown = entry(f"dr.personne@{DOMAIN}")

    async def seen(self) -> Sequence[Seen]:
        """Read what was uploaded, once for each recipient."""
        found = []
        for message in self.operator.sent:
            said = message.payload
            assert said is not None
            data = [base64.b64decode(one["data"], validate=True) for one in said["documents"]]
            digests = frozenset(hashlib.sha256(one).hexdigest() for one in data)
            found += [
                Seen(recipient=Address.parse(one), digests=digests, subject=said["subject"])
                for one in message.recipients
            ]
        return found

    async def stall(self) -> None:
        """Answer nobody."""
        self.operator.awake.clear()

    async def resume(self) -> None:
        """Answer again."""
        self.operator.awake.set()

    async def shut(self) -> None:
        """Listen no more."""
        await self.operator.close()

    async def reopen(self) -> None:
        """Listen again."""
        await self.operator.open()


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[TwoPhaseRig]:
    """Yield both ends."""
    papers = Papers(tmp_path / "tls")
    secret = tmp_path / "password"
    secret.touch(mode=0o600)
    secret.write_text(cantons.PASSWORD)
    text = DESCRIPTION.read_text("utf-8").replace('every = "1m"', 'every = "1s"')
    (tmp_path / "operator.toml").write_text(text, "utf-8")
    async with cantons.running(papers.issue().server(), *KNOWN) as operator:
        values: dict[str, Any] = {
            "description": "operator.toml",
            "base_url": operator.url,
            "anchors": [str(papers.authority)],
            "networks": ["127.0.0.0/8", "::1/128"],
            "parameters": {"participant": cantons.PARTICIPANT},
            "secrets": {"password": "password"},
        }
        shared = parts.Shared()
        settings = shared.parse_operator(Table(values, file=tmp_path / "hub.toml", path="operators.cantons"))
        host = Host(
            name="cantons",
            hub_name="hub.valbrume.example",
            address=Address.parse("hub@hub.valbrume.example"),
            clock=SystemClock(),
            chance=SystemChance(),
            log=RecordingLog(),
            data=tmp_path,
            ledger=EphemeralLedger(),
        )
        async with shared.open_operator(settings, host) as connector:
            yield TwoPhaseRig(connector=connector, operator=operator)


class TestContract(ConnectorContract):
    """What every connector keeps."""


@asynccontextmanager
async def fetching(rig: TwoPhaseRig, intake: RecordingIntake) -> AsyncIterator[None]:
    """Let the connector fetch while the block lasts."""
    assert isinstance(rig.connector, Receives)
    task = asyncio.ensure_future(rig.connector.receive(intake))
    try:
        async with asyncio.timeout(30):
            yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until_empty(held: dict[str, Any]) -> None:
    """Wait until the operator's list is empty: everything was acknowledged."""
    while held:  # noqa: ASYNC110 - the operator is another's server, which tells nobody
        await asyncio.sleep(0.01)


async def test_one_message_goes_to_all_of_its_recipients(rig: TwoPhaseRig) -> None:
    """Three recipients are one registration and one upload."""
    outcomes = await deliver(rig, make(rig, rig.good))
    assert [Delivered] * 3 == [type(one) for one in outcomes.values()]
    assert [KNOWN] == [one.recipients for one in rig.operator.sent]


async def test_whom_the_registration_bars_is_refused_and_the_others_get_it(rig: TwoPhaseRig) -> None:
    """The draft is made anew without them; the refusal has the operator's code."""
    parcel = make(rig, [rig.good[0], rig.unknown, rig.good[1]])
    outcomes = await deliver(rig, parcel)
    first, barred, second = (outcomes[one.delivery] for one in parcel.addressees)
    assert isinstance(first, Delivered)
    assert isinstance(second, Delivered)
    assert isinstance(barred, Refused)
    assert "unknown recipient" in barred.reason.en
    assert [(KNOWN[0], KNOWN[1])] == [one.recipients for one in rig.operator.sent]


async def test_a_lost_answer_is_made_good_by_sending_again(rig: TwoPhaseRig) -> None:
    """The operator knows the id, so the second send makes no second message."""
    parcel = make(rig, rig.good[:1])
    rig.operator.lose.add("payload")
    (lost,) = (await deliver(rig, parcel)).values()
    assert isinstance(lost, Uncertain)
    assert not isinstance(rig.connector, Recovers)
    assert rig.connector.capabilities.resend_harmless
    second = replace(parcel, addressees=tuple(replace(one, attempt=2) for one in parcel.addressees))
    (again,) = (await deliver(rig, second)).values()
    assert isinstance(again, Delivered)
    assert 1 == len(rig.operator.sent)


async def test_receipts_tell_of_each_recipient(rig: TwoPhaseRig) -> None:
    """By the call's id and the address they find the one delivery, and are deleted then."""
    parcel = make(rig, rig.good[:2])
    await deliver(rig, parcel)
    (message,) = rig.operator.sent
    rig.operator.receipts.clear()
    rig.operator.receipt(message, KNOWN[0], 100, "message correctly transmitted")
    rig.operator.receipt(message, KNOWN[1], 204, "message expired")
    intake = RecordingIntake(operators={"cantons": PEER})
    async with fetching(rig, intake):
        await until_empty(rig.operator.receipts)
    told = {one.delivery: one.outcome for _, one in intake.acknowledgements}
    first, second = (told[one.delivery] for one in parcel.addressees)
    assert isinstance(first, Delivered)
    assert isinstance(second, Refused)
    assert "message expired" in second.reason.en


async def test_a_message_of_another_participant_comes_in_whole(rig: TwoPhaseRig) -> None:
    """Its document is byte-equal, and it is deleted once it is taken."""
    document = b"%PDF-1.7 bilan " * 5000
    rig.operator.held["USM9"] = cantons.payload(
        KNOWN[0], ("compte-rendus@ch-hautmont.mssante.example",), "Bilan", document
    )
    intake = RecordingIntake(operators={"cantons": PEER})
    async with fetching(rig, intake):
        await until_empty(rig.operator.held)
    (submission,) = intake.submissions
    assert (KNOWN[0], "Bilan") == (str(submission.sender), submission.subject)
    (report,) = [one for one in submission.parts if one.role is DocumentRole.ATTACHMENT]
    assert ("bilan.pdf", "application/pdf") == (report.name, report.media_type)
    assert hashlib.sha256(document).hexdigest() == report.content.sha256
