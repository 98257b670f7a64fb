"""Hosts found by DNS, asked of a real name server on the loopback."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from hub.domain.outcome import Deferred, Delivered, Refused
from hub.errors import PeerError
from hub.plugin.listening import Endpoint
from hub.testing.fakes import FixedChance
from hub_smtp.mx import Mx
from hub_smtp.settings import TlsSettings
from tests.plugins.smtp.wire.test_client import OFFERS, sound, take_mail
from tests.plugins.smtp.wire.world import Papers, Stage_, by_address, connector, script, sent_to

Zone = Mapping[tuple[str, str], list[str]]
HOME = {("mx.cabinet.example", "A"): ["127.0.0.1"]}


class _Names(asyncio.DatagramProtocol):
    def __init__(self, zone: Zone) -> None:
        self._zone = zone
        self._known = {name for name, _ in zone}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True)
        kind = dns.rdatatype.to_text(question.rdtype)
        if (name, "SERVFAIL") in self._zone:
            answer.set_rcode(dns.rcode.SERVFAIL)
        elif name not in self._known:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        elif values := self._zone.get((name, kind)):
            answer.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *values))
        self._transport.sendto(answer.to_wire(), addr)  # type: ignore[attr-defined]


@contextlib.asynccontextmanager
async def names(zone: Zone) -> AsyncIterator[Endpoint]:
    """Run a name server."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: _Names(zone), local_addr=("127.0.0.1", 0))
    try:
        yield Endpoint(*transport.get_extra_info("sockname")[:2])
    finally:
        transport.close()


@pytest.mark.parametrize(
    ("zone", "hosts"),
    [
        (
            {("a.example", "MX"): ["20 second.a.example.", "10 first.a.example."]},
            ("first.a.example", "second.a.example"),
        ),
        ({("a.example", "A"): ["127.0.0.1"]}, ("a.example",)),
    ],
)
async def test_hosts_come_in_order(zone: Zone, hosts: tuple[str, ...]) -> None:
    """By preference; without MX, the domain itself (RFC 5321, 5.1)."""
    async with names(zone) as server:
        assert await Mx([server], FixedChance()).hosts("a.example") == hosts


async def test_equals_share_the_load() -> None:
    """Hosts of one preference come in any order."""
    zone = {("a.example", "MX"): [f"10 mx{number}.a.example." for number in range(4)]}
    async with names(zone) as server:
        mx = Mx([server], FixedChance())
        firsts = set()
        for _ in range(30):
            hosts = await mx.hosts("a.example")
            assert not isinstance(hosts, Refused)
            firsts.add(hosts[0])
        assert len(firsts) > 1


async def test_a_domain_may_take_no_mail() -> None:
    """A null MX (RFC 7505) is a refusal, at once."""
    async with names({("a.example", "MX"): ["0 ."]}) as server:
        answer = await Mx([server], FixedChance()).hosts("a.example")
        assert isinstance(answer, Refused)
        assert answer.code == "smtp.null_mx"


@pytest.mark.parametrize("zone", [{}, {("a.example", "SERVFAIL"): [""]}])
async def test_no_answer_is_no_refusal(zone: Zone) -> None:
    """DNS that knows nothing, or fails, puts the mail off: the operator's domain is configured, after all."""
    async with names(zone) as server:
        with pytest.raises(PeerError) as caught:
            await Mx([server], FixedChance()).hosts("a.example")
        assert caught.value.code == "smtp.dns"


async def test_the_next_host_is_tried(papers: Papers, mailbox: TlsSettings) -> None:
    """A host that can't be found, and one that shows a wrong certificate, cost nothing but time."""
    zone = HOME | {
        ("cabinet.example", "MX"): ["5 gone.cabinet.example.", "10 bad.example.", "20 mx.cabinet.example."],
        ("bad.example", "A"): ["127.0.0.1"],
    }
    async with (
        names(zone) as dns_server,
        script(papers.server(mailbox), sound) as server,
        connector(
            papers,
            server.port,
            relay=None,
            server_name=None,
            port=server.port,
            nameservers=(dns_server,),
        ) as out,
    ):
        (outcome,) = (await out.deliver(sent_to())).values()
        assert isinstance(outcome, Delivered)
        assert outcome.receipt.startswith("mx.cabinet.example: 250 ")
        assert len(server.connections) == 2
        await out.probe()


async def test_each_domain_goes_to_its_own_host(papers: Papers, mailbox: TlsSettings) -> None:
    """One mail for two domains of an operator becomes two; one that takes no mail refuses its part."""
    zone = HOME | {
        ("cabinet.example", "MX"): ["10 mx.cabinet.example."],
        ("closed.example", "MX"): ["0 ."],
        ("away.example", "MX"): ["10 nowhere.example."],
    }

    async def scene(stage: Stage_) -> None:
        await stage.secure(*OFFERS)
        await take_mail(stage, recipients=2)

    sent = sent_to("a@cabinet.example", "b@closed.example", "c@cabinet.example", "d@away.example")
    async with (
        names(zone) as dns_server,
        script(papers.server(mailbox), scene) as server,
        connector(
            papers,
            server.port,
            relay=None,
            server_name=None,
            port=server.port,
            nameservers=(dns_server,),
        ) as out,
    ):
        told = by_address(sent, await out.deliver(sent))
    assert {address: type(one) for address, one in told.items()} == {
        "a@cabinet.example": Delivered,
        "c@cabinet.example": Delivered,
        "b@closed.example": Refused,
        "d@away.example": Deferred,
    }
