"""What every connector keeps, as tests that a plugin's own test file subclasses and passes.

    class TestMyConnector(ConnectorContract):
        @pytest.fixture
        async def rig(self) -> AsyncIterator[Rig]:
            async with my_server() as server, open_operator(settings, host) as connector:
                yield MyRig(connector, server)

A `Rig` is the connector together with a real counterpart that can be looked into.
Not checked here: what the messages look like on the wire. That is the plugin's own to test.
"""

# ruff: noqa: S101 -- a contract suite is made of assertions
from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pytest

from hub.domain.address import Address
from hub.domain.ids import DeliveryId
from hub.domain.outcome import Deferred, Delivered, Outcome, Refused, Uncertain
from hub.errors import HubError, PeerError
from hub.ports.connector import Delivers, Parcel, Probes, Recovers
from hub.ports.directory import Entry
from hub.testing.contents import MemoryContent
from hub.testing.fakes import FixedChance, FixedClock
from hub.testing.parcels import Attached, GeneratedContent, parcel

GUARD: Final = 60.0
"""Seconds after which a test is held to hang."""
DEADLINE: Final = 0.3
"""Seconds that the hub gives an operator that does not answer."""
LARGE: Final = 8 << 20
"""Bytes of a content that is too large to be held at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One message as it lies in a recipient's mailbox. `digests` are SHA-256 of its documents."""

    recipient: Address
    digests: frozenset[str]
    subject: str | None = None


class Rig:
    """A connector and its counterpart. Override what your counterpart can do.

    `good` are mailboxes that take anything, three at least; `unknown` is one that the operator
    refuses, None when it never does.
    """

    connector: Delivers
    sender: Address
    good: Sequence[Entry]
    unknown: Entry | None = None

    async def seen(self) -> Sequence[Seen]:
        """Return everything that has arrived in the mailboxes, doubles included."""
        raise NotImplementedError

    async def stall(self) -> None:
        """Make the operator stop answering, while it still listens."""
        pytest.skip("this counterpart can't be made to stall")

    async def resume(self) -> None:
        """Make the operator answer again."""

    async def shut(self) -> None:
        """Make the operator unreachable."""
        pytest.skip("this counterpart can't be made unreachable")

    async def reopen(self) -> None:
        """Make the operator reachable again."""


class ConnectorContract:
    """Subclass it, with a fixture `rig` that yields a `Rig`."""

    pytestmark = pytest.mark.asyncio

    async def test_its_capabilities_are_sane(self, rig: Rig) -> None:
        """The router can rely on them: positive, and the same each time."""
        assert isinstance(rig.connector, Delivers)
        able = rig.connector.capabilities
        assert able.max_concurrency >= 1
        assert able.max_recipients >= 1
        assert able.max_bytes is None or able.max_bytes > 0
        assert rig.connector.capabilities == able

    async def test_every_recipient_gets_it_once(self, rig: Rig) -> None:
        """One outcome per addressee, a receipt each, and one message in each mailbox."""
        report = Attached(content=MemoryContent(b"%PDF-1.7 compte rendu"))
        sent = make(rig, rig.good[:3], report)
        outcomes = await deliver(rig, sent)
        assert set(outcomes) == {one.delivery for one in sent.addressees}
        for outcome in outcomes.values():
            assert isinstance(outcome, Delivered)
            assert outcome.receipt
        assert await holders(rig, report) == sorted(entry.address.key for entry in rig.good[:3])

    async def test_a_refused_recipient_does_not_stop_the_others(self, rig: Rig) -> None:
        """A refusal is a value, with a stable code and words in both languages."""
        unknown = _unknown(rig)
        report = Attached(content=MemoryContent(b"%PDF-1.7 partial"))
        sent = make(rig, [unknown, rig.good[0]], report)
        outcomes = await deliver(rig, sent)
        refused, delivered = (outcomes[one.delivery] for one in sent.addressees)
        assert isinstance(refused, Refused)
        assert refused.code
        assert refused.reason.en
        assert refused.reason.fr
        assert isinstance(delivered, Delivered)
        assert await holders(rig, report) == [rig.good[0].address.key]

    async def test_nothing_is_raised_when_everybody_is_refused(self, rig: Rig) -> None:
        """Nor does anything arrive anywhere."""
        report = Attached(content=MemoryContent(b"%PDF-1.7 nobody"))
        sent = make(rig, [_unknown(rig)], report)
        outcomes = await deliver(rig, sent)
        assert [type(outcome) for outcome in outcomes.values()] == [Refused]
        assert await holders(rig, report) == []

    async def test_parcels_go_side_by_side(self, rig: Rig) -> None:
        """As many at once as the connector says it can, each arriving once, none mixed up."""
        count = min(rig.connector.capabilities.max_concurrency, 10)
        reports = [
            Attached(content=MemoryContent(f"%PDF-1.7 number {number}".encode())) for number in range(count)
        ]
        recipients = [rig.good[number % len(rig.good)] for number in range(count)]
        pairs = list(zip(reports, recipients, strict=True))
        answers = await asyncio.gather(*(deliver(rig, make(rig, [to], report)) for report, to in pairs))
        assert all(isinstance(one, Delivered) for answer in answers for one in answer.values())
        for report, to in pairs:
            assert await holders(rig, report) == [to.address.key]

    async def test_an_empty_document_arrives(self, rig: Rig) -> None:
        """Nothing is something: its name and its digest are those of the sender."""
        empty = Attached(content=MemoryContent(b""), name="vide.txt", media_type="text/plain")
        assert await _all_delivered(rig, make(rig, rig.good[:1], empty))
        assert await holders(rig, empty) == [rig.good[0].address.key]

    @pytest.mark.parametrize(
        "text",
        [
            "Éléonore Cœur, œdème aigu — suite",
            'a "quoted" \\ name; with=signs',
            "血液検査 결과 تحليل",
            "👩‍⚕️ report",
            "x" * 200,
        ],
    )
    async def test_any_name_and_subject_arrives(self, rig: Rig, text: str) -> None:
        """Letters beyond ASCII, quotes, separators and long words damage nothing."""
        report = Attached(content=MemoryContent(text.encode()), name=f"{text}.pdf")
        sent = make(rig, rig.good[:1], report, subject=text)
        assert await _all_delivered(rig, sent)
        assert await holders(rig, report) == [rig.good[0].address.key]
        subjects = {one.subject for one in await rig.seen() if report.content.sha256 in one.digests}
        assert subjects <= {text, None}

    async def test_a_large_document_passes_in_pieces(self, rig: Rig) -> None:
        """It arrives byte-exact, and is never asked for as a whole."""
        limit = rig.connector.capabilities.max_bytes
        large = Attached(content=GeneratedContent(LARGE if limit is None else min(LARGE, limit // 2)))
        assert await _all_delivered(rig, make(rig, rig.good[:1], large))
        assert await holders(rig, large) == [rig.good[0].address.key]

    async def test_a_document_that_can_t_be_read_is_not_delivered(self, rig: Rig) -> None:
        """A damaged disk never makes half a message; the connector works on afterwards."""
        damaged = Attached(content=GeneratedContent(2 << 20, breaks_at=1 << 20))
        sent = make(rig, rig.good[:1], damaged)
        try:
            outcomes = await deliver(rig, sent)
        except HubError:
            outcomes = {}
        assert all(isinstance(one, Deferred | Uncertain) for one in outcomes.values())
        assert await holders(rig, damaged) == []
        assert await _all_delivered(rig, make(rig, rig.good[:1]))

    async def test_it_lets_go_at_the_deadline(self, rig: Rig) -> None:
        """Cancelled while the operator is silent, it ends; the next attempt works."""
        await rig.stall()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(GUARD), asyncio.timeout(DEADLINE):
                await rig.connector.deliver(make(rig, rig.good[:1]))
        await rig.resume()
        assert await _all_delivered(rig, make(rig, rig.good[:1]))

    async def test_an_unreachable_operator_takes_nothing(self, rig: Rig) -> None:
        """It says so with PeerError or Deferred, marked as the operator's failure; then it recovers."""
        await rig.shut()
        try:
            outcomes = await deliver(rig, make(rig, rig.good[:1]))
        except PeerError:
            outcomes = {}
        assert all(isinstance(one, Deferred) and one.operator_failed for one in outcomes.values())
        await rig.reopen()
        assert await _all_delivered(rig, make(rig, rig.good[:1]))

    async def test_it_knows_what_arrived(self, rig: Rig) -> None:
        """A connector that recovers tells what arrived from what did not."""
        connector = rig.connector
        if not isinstance(connector, Recovers):
            pytest.skip("this connector can't ask its operator")
        arrived, never = make(rig, rig.good[:1]), make(rig, rig.good[:1])
        await deliver(rig, arrived)
        (yes,) = (await connector.recover(arrived)).values()
        (no,) = (await connector.recover(never)).values()
        assert isinstance(yes, Delivered)
        assert isinstance(no, Deferred)

    async def test_its_probe_tells_up_from_down(self, rig: Rig) -> None:
        """A probe returns from an operator that answers, and raises PeerError from one that doesn't."""
        connector = rig.connector
        if not isinstance(connector, Probes):
            pytest.skip("this connector can't probe its operator")
        async with asyncio.timeout(GUARD):
            await connector.probe()
            await rig.shut()
            with pytest.raises(PeerError):
                await connector.probe()


def make(rig: Rig, recipients: Sequence[Entry], *attached: Attached, subject: str = "Compte rendu") -> Parcel:
    """Make a parcel from the rig's sender. Each has ids of its own."""
    global _made  # noqa: PLW0603 -- ids must differ between all parcels of a test run
    _made += 1
    return parcel(
        rig.sender,
        recipients,
        clock=FixedClock(),
        chance=FixedChance(_made),
        subject=subject,
        attached=attached,
    )


_made = 0


async def deliver(rig: Rig, sent: Parcel) -> Mapping[DeliveryId, Outcome]:
    """Hand a parcel over, as the hub does."""
    async with asyncio.timeout(GUARD):
        return await rig.connector.deliver(sent)


async def holders(rig: Rig, one: Attached) -> list[str]:
    """Return whose mailboxes hold a document, by address key, doubles included."""
    return sorted(seen.recipient.key for seen in await rig.seen() if one.content.sha256 in seen.digests)


async def _all_delivered(rig: Rig, sent: Parcel) -> bool:
    outcomes = await deliver(rig, sent)
    return len(outcomes) == len(sent.addressees) and all(
        isinstance(one, Delivered) for one in outcomes.values()
    )


def _unknown(rig: Rig) -> Entry:
    if rig.unknown is None:
        pytest.skip("this operator refuses nobody")
    return rig.unknown
