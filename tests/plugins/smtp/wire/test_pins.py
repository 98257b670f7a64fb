"""What the space of trust says of an operator's certificate is asked of every server, mail by mail."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hub.domain.outcome import Deferred, Delivered
from hub.ports.connector import Parcel
from hub.ports.trust import Admission
from hub_smtp.settings import TlsSettings
from tests.plugins.smtp.wire.test_client import OFFERS, sound, take_mail
from tests.plugins.smtp.wire.test_mx import names
from tests.plugins.smtp.wire.world import (
    DOCTOR,
    Papers,
    Stage_,
    by_address,
    connector,
    der,
    script,
    sent_to,
    until,
)

OTHER = "dr.petit@hautmont.example"
WRONG = f"sha256:{'0' * 64}"


def pinned(sent: Parcel, **by_domain: Any) -> Parcel:
    """Have the space of trust name certificates for domains, their first label the key."""

    def admission(domain: str) -> Admission | None:
        if (named := by_domain.get(domain.partition(".")[0])) is None:
            return None
        return Admission(domain=domain, member="Valbrume", source="trust:1", pins=frozenset(named))

    return replace(
        sent,
        addressees=tuple(
            replace(one, admission=admission(one.party.address.domain)) for one in sent.addressees
        ),
    )


def fingerprint(tls: TlsSettings) -> str:
    """Return the name of a certificate."""
    return f"sha256:{hashlib.sha256(der(tls)).hexdigest()}"


def spki(tls: TlsSettings) -> str:
    """Return the name of its key."""
    key = x509.load_der_x509_certificate(der(tls)).public_key()
    info = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"spki:{hashlib.sha256(info).hexdigest()}"


async def test_the_named_certificate_gets_the_mail(papers: Papers, mailbox: TlsSettings) -> None:
    """By its fingerprint, its key or its host name; one of several is enough, and none asks nothing."""
    named = ([fingerprint(mailbox)], [spki(mailbox)], ["dns:mx.cabinet.example"], [WRONG, spki(mailbox)], [])
    async with (
        script(papers.server(mailbox), sound) as server,
        connector(papers, server.port) as out,
    ):
        for one in named:
            (outcome,) = (await out.deliver(pinned(sent_to(), cabinet=one))).values()
            assert isinstance(outcome, Delivered), one


@pytest.mark.parametrize("pin", [WRONG, f"spki:{'0' * 64}", "dns:cabinet.example", "dns:*.cabinet.example"])
async def test_another_certificate_gets_nothing(papers: Papers, mailbox: TlsSettings, pin: str) -> None:
    """Sound and of the right authority and name as it is: not a word of the mail is said to it."""
    async with (
        script(papers.server(mailbox), sound) as server,
        connector(papers, server.port) as out,
    ):
        (outcome,) = (await out.deliver(pinned(sent_to(), cabinet=[pin]))).values()
        assert isinstance(outcome, Deferred)
        assert outcome.code == "smtp.pin"
        assert outcome.operator_failed
        for words in (outcome.reason.en, outcome.reason.fr):
            assert "mx.cabinet.example" in words
            assert "Valbrume" in words
        (heard,) = (one.heard for one in server.connections)
        assert {line.partition(" ")[0] for line in heard} <= {"EHLO", "STARTTLS", "QUIT"}


async def test_a_kept_connection_is_asked_again(papers: Papers, mailbox: TlsSettings) -> None:
    """A list that names another certificate since the connection was opened counts at once."""
    async with (
        script(papers.server(mailbox), sound) as server,
        connector(papers, server.port) as out,
    ):
        (first,) = (await out.deliver(pinned(sent_to(), cabinet=[spki(mailbox)]))).values()
        assert isinstance(first, Delivered)
        (second,) = (await out.deliver(pinned(sent_to(), cabinet=[WRONG]))).values()
        assert isinstance(second, Deferred)
        assert second.code == "smtp.pin"
        (third,) = (await out.deliver(pinned(sent_to(), cabinet=[spki(mailbox)]))).values()
        assert isinstance(third, Delivered)
        heard = [line for one in server.connections for line in one.heard]
        assert sum(line.startswith("MAIL") for line in heard) == 2


async def test_a_renewed_certificate_behind_a_kept_connection_is_found(
    papers: Papers, mailbox: TlsSettings
) -> None:
    """The list names the new one alone: the old connection is left, a new one made, the mail delivered."""
    context = papers.server(mailbox)
    async with script(context, sound) as server, connector(papers, server.port) as out:
        assert isinstance(next(iter((await out.deliver(sent_to())).values())), Delivered)
        renewed = papers.issue("mx.cabinet.example")
        context.load_cert_chain(renewed.certificate, renewed.key)
        (outcome,) = (await out.deliver(pinned(sent_to(), cabinet=[fingerprint(renewed)]))).values()
        assert isinstance(outcome, Delivered)
        assert len(server.connections) == 2
        await until(lambda: server.connections[0].heard[-1] == "QUIT")


async def test_each_recipient_s_own_pins_count(papers: Papers, mailbox: TlsSettings) -> None:
    """Of two domains behind one relay, the one that names its certificate gets the mail, in one piece."""

    async def scene(stage: Stage_) -> None:
        await stage.secure(*OFFERS)
        while True:
            await take_mail(stage)

    sent = pinned(sent_to(OTHER, DOCTOR), cabinet=[spki(mailbox)], hautmont=[WRONG])
    async with script(papers.server(mailbox), scene) as server, connector(papers, server.port) as out:
        outcomes = by_address(sent, await out.deliver(sent))
        assert isinstance(outcomes[DOCTOR], Delivered)
        refused = outcomes[OTHER]
        assert isinstance(refused, Deferred)
        assert "hautmont.example" in refused.reason.en
        (stage,) = server.connections
        assert OTHER not in "".join(stage.heard)


async def test_the_next_host_is_tried(papers: Papers, mailbox: TlsSettings) -> None:
    """Of two hosts that DNS names, the one whose certificate the list knows gets the mail."""
    stranger = papers.issue("mx1.cabinet.example")
    expected = papers.issue("mx2.cabinet.example")
    zone = {
        ("cabinet.example", "MX"): ["10 mx1.cabinet.example.", "20 mx2.cabinet.example."],
        ("mx1.cabinet.example", "A"): ["127.0.0.1"],
        ("mx2.cabinet.example", "A"): ["127.0.0.2"],
    }
    async with (
        names(zone) as resolver,
        script(papers.server(stranger), sound) as first,
        script(papers.server(expected), sound, host="127.0.0.2", port=first.port) as second,
        connector(
            papers, first.port, relay=None, server_name=None, port=first.port, nameservers=(resolver,)
        ) as out,
    ):
        (outcome,) = (await out.deliver(pinned(sent_to(), cabinet=[spki(expected)]))).values()
        assert isinstance(outcome, Delivered)
        assert "MAIL" not in "".join(first.connections[0].heard)
        assert "MAIL" in "".join(second.connections[0].heard)
