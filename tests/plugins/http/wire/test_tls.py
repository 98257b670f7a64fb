"""Whom the wire believes, and to whom it shows what: checked on the very connection that a request takes."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import ssl
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from yarl import URL

from hub.errors import ConfigError
from hub.plugin import pins
from hub.ports.trust import Admission
from hub_http.settings import TlsSettings
from hub_http.wire import tls
from hub_http.wire.faults import WireFault
from tests.counterparts import program
from tests.plugins.http.wire.world import (
    HOST,
    OK,
    Papers,
    Server,
    Wire,
    exchange,
    polite,
    post,
    serving,
    tls_settings,
)
from tests.servers import Tls, free_port, running

WRONG = f"sha256:{'0' * 64}"


def shown(own: Tls) -> bytes:
    """Return a certificate in DER."""
    return ssl.PEM_cert_to_DER_cert(
        own.certificate.read_text().partition("-----END CERTIFICATE-----")[0] + "-----END CERTIFICATE-----\n"
    )


def admission(*named: str) -> Admission:
    """Have the space of trust name these."""
    return Admission(domain="valbrume.example", member="Valbrume", source="list 1", pins=frozenset(named))


async def unsent(way: object, server: Server, **more: object) -> WireFault:
    """Ask, see it fail with nothing sent, and return the fault."""
    with pytest.raises(WireFault) as caught:
        await way.ask(post(server.url()), **more)  # type: ignore[attr-defined]
    assert caught.value.stage == "unsent"
    assert server.requests == []
    assert HOST in caught.value.words.en
    assert HOST in caught.value.words.fr
    return caught.value


async def test_another_name_is_not_believed(papers: Papers) -> None:
    """A sound certificate of another host gets nothing."""
    async with serving(papers, polite, name="other.example") as server, exchange(papers, server.url()) as way:
        fault = await unsent(way, server)
        assert fault.code == "http.tls_failed"
        assert "mismatch" in fault.words.en.lower()


async def test_another_authority_is_not_believed(papers: Papers, tmp_path: Path) -> None:
    """Nor are the system's when some are configured; nor a stranger's when none is."""
    strange = Papers(tmp_path)
    async with serving(strange, polite) as server:
        for settings in (tls_settings(papers), TlsSettings()):
            async with exchange(papers, server.url(), settings=settings) as way:
                assert (await unsent(way, server)).code == "http.tls_failed"


async def test_an_old_certificate_is_not_believed(papers: Papers) -> None:
    """Even with the right name and authority."""
    own = issue(papers, datetime.now(UTC) - timedelta(days=1))
    async with serving(papers, polite, own=own) as server, exchange(papers, server.url()) as way:
        assert "expired" in (await unsent(way, server)).words.en


async def test_old_tls_is_not_spoken(papers: Papers) -> None:
    """Nothing under 1.2."""
    old = papers.issue(HOST).server()
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        old.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    async with serving(papers, polite, context=old) as server, exchange(papers, server.url()) as way:
        # a server in asyncio loses the alert: then the connection is just lost
        assert (await unsent(way, server)).code in {"http.tls_failed", "http.unreachable"}


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
async def test_our_certificate_is_shown_when_it_is_wanted(papers: Papers, version: ssl.TLSVersion) -> None:
    """Mutual TLS, in either version."""
    context = papers.issue(HOST).server(client=True)
    context.minimum_version = context.maximum_version = version
    ours = tls_settings(papers, papers.issue("hub.example"))
    async with (
        serving(papers, polite, context=context) as server,
        exchange(papers, server.url(), settings=ours) as way,
    ):
        assert (await way.ask(post(server.url()))).status == 200


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
@pytest.mark.parametrize("shows", ["none", "a-stranger-s"])
def test_a_server_that_refuses_our_certificate_did_nothing(
    papers: Papers, tmp_path: Path, version: str, shows: str
) -> None:
    """In TLS 1.3 its refusal comes when the request has left; it was never read, and may go again."""
    openssl, own, port = program("openssl"), papers.issue(HOST), free_port()
    command = [openssl, "s_server", "-accept", f"127.0.0.1:{port}", "-www", version, "-Verify", "2", "-quiet"]
    command += ["-verify_return_error", "-cert", str(own.certificate), "-key", str(own.key)]
    command += ["-CAfile", str(papers.authority), "-naccept", "20"]
    ours = Papers(tmp_path).issue("hub.example") if shows == "a-stranger-s" else None
    url = URL(f"https://{HOST}:{port}/")

    async def refused() -> WireFault:
        async with exchange(papers, url, settings=tls_settings(papers, ours)) as way:
            with pytest.raises(WireFault) as caught:
                await way.ask(post(url))
            return caught.value

    with running(command, port, tmp_path / "s_server.log"):
        for _ in range(3):
            fault = asyncio.run(refused())
            assert ("http.tls_failed", "unsent") == (fault.code, fault.stage)
            assert "alert" in fault.words.en


async def test_a_revoked_certificate_is_not_believed(papers: Papers) -> None:
    """When lists are configured, each authority must have one in force."""
    good, bad = issue(papers, name="good"), issue(papers, name="bad")
    settings = replace(tls_settings(papers), crls=(crl(papers, bad),))
    async with (
        serving(papers, polite, own=bad) as server,
        exchange(papers, server.url(), settings=settings) as way,
    ):
        assert "revoked" in (await unsent(way, server)).words.en
    async with (
        serving(papers, polite, own=good) as server,
        exchange(papers, server.url(), settings=settings) as way,
    ):
        assert (await way.ask(post(server.url()))).status == 200


async def test_the_named_certificate_gets_the_request(papers: Papers) -> None:
    """By its fingerprint, its key or its name; one of several is enough, and none asks nothing."""
    own = papers.issue(HOST)
    spki = next(one for one in pins.names(shown(own)) if one.startswith("spki:"))
    fingerprint = f"sha256:{hashlib.sha256(shown(own)).hexdigest()}"
    async with serving(papers, polite, own=own) as server, exchange(papers, server.url()) as way:
        for named in ([fingerprint], [spki], [f"dns:{HOST}"], [WRONG, spki], []):
            assert (await way.ask(post(server.url()), admission=admission(*named))).status == 200


@pytest.mark.parametrize("pin", [WRONG, f"spki:{'0' * 64}", "dns:valbrume.example", "dns:*.valbrume.example"])
async def test_another_certificate_gets_nothing(papers: Papers, pin: str) -> None:
    """Sound as it is: not a byte of the request leaves, on a new connection or a kept one."""
    async with serving(papers, polite) as server, exchange(papers, server.url()) as way:
        for _ in range(2):
            fault = await unsent(way, server, admission=admission(pin))
            assert fault.code == "http.pin"
            assert "Valbrume" in fault.words.fr
        assert (await way.ask(post(server.url()), admission=admission(f"dns:{HOST}"))).status == 200
        seen = len(server.requests)
        with pytest.raises(WireFault) as caught:
            await way.ask(post(server.url()), admission=admission(pin))
        assert ("http.pin", "unsent") == (caught.value.code, caught.value.stage)
        assert len(server.requests) == seen


async def test_a_renewed_certificate_behind_kept_connections_is_found(papers: Papers) -> None:
    """The list names the new one alone: old connections are left, a new one is made."""
    context = papers.issue(HOST).server()
    async with serving(papers, polite, context=context) as server, exchange(papers, server.url()) as way:
        await way.ask(post(server.url()))
        renewed = papers.issue(HOST)
        context.load_cert_chain(renewed.certificate, renewed.key)
        wanted = admission(f"sha256:{hashlib.sha256(shown(renewed)).hexdigest()}")
        assert (await way.ask(post(server.url()), admission=wanted)).status == 200
        assert len(server.wires) == 2
        assert [1, 1] == [len(wire.requests) for wire in server.wires]


def test_operators_with_the_same_files_share_a_context(papers: Papers, tmp_path: Path) -> None:
    """A thousand of them weigh as one; a file that changed makes another."""
    copied = tmp_path / "authority.pem"
    shutil.copy(papers.authority, copied)
    settings = TlsSettings(anchors=(copied,))
    first = tls.context(settings)
    assert first is tls.context(TlsSettings(anchors=(copied,)))
    assert first is not tls.context(tls_settings(papers))
    copied.write_bytes(copied.read_bytes() + b"\n")
    assert first is not tls.context(settings)
    assert tls.context(TlsSettings()) is tls.context(TlsSettings())


@pytest.mark.parametrize("which", ["missing", "no-pem", "other-key"])
def test_files_that_can_t_be_used_are_named(papers: Papers, tmp_path: Path, which: str) -> None:
    """Before anything is sent."""
    own, path = papers.issue(HOST), tmp_path / "one.pem"
    if which == "missing":
        settings = TlsSettings(anchors=(path,))
    elif which == "no-pem":
        path.write_text("nothing")
        settings = TlsSettings(anchors=(path,))
    else:
        shutil.copy(own.key, path)
        papers.issue(HOST)
        settings = TlsSettings(certificate=own.certificate, key=path)
    with pytest.raises(ConfigError) as caught:
        tls.check(settings)
    assert caught.value.code == "http.tls_files"
    assert str(path) in caught.value.words.fr


async def test_a_server_that_ends_the_handshake_gets_nothing(papers: Papers) -> None:
    """Plain text where TLS was expected."""

    async def plain(wire: Wire) -> None:
        await wire.say(OK)
        await wire.gone()

    async with serving(papers, plain, plain=True) as server, exchange(papers, server.url()) as way:
        assert (await unsent(way, server)).code == "http.tls_failed"


def issue(papers: Papers, until: datetime | None = None, name: str = "old") -> Tls:
    """Issue for the host, ending when it is said."""
    issued = papers.ca.issue_cert(HOST, not_after=until, not_before=datetime(2020, 1, 1, tzinfo=UTC))
    certificate, key = papers.folder / f"{name}.pem", papers.folder / f"{name}.key"
    certificate.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    key.touch(mode=0o600)
    key.write_bytes(issued.private_key_pem.bytes())
    return Tls(certificate=certificate, key=key, authority=papers.authority)


def crl(papers: Papers, *revoked: Tls) -> Path:
    """Publish a list of what is revoked."""
    authority = x509.load_pem_x509_certificate(papers.ca.cert_pem.bytes())
    key = serialization.load_pem_private_key(papers.ca.private_key_pem.bytes(), None)
    now = datetime.now(UTC)
    made = x509.CertificateRevocationListBuilder().issuer_name(authority.subject)
    made = made.last_update(now - timedelta(days=1)).next_update(now + timedelta(days=1))
    for one in revoked:
        serial = x509.load_der_x509_certificate(shown(one)).serial_number
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now)
        made = made.add_revoked_certificate(entry.build())
    path = papers.folder / "list.pem"
    signed = made.sign(key, hashes.SHA256())  # type: ignore[arg-type]
    path.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    return path


def test_the_context_is_strict(papers: Papers) -> None:
    """1.2 or later, chain and name verified, nothing resumed."""
    made = tls.context(tls_settings(papers))
    assert made.minimum_version == ssl.TLSVersion.TLSv1_2
    assert made.verify_mode == ssl.CERT_REQUIRED
    assert made.check_hostname
    assert made.options & ssl.OP_NO_TICKET
