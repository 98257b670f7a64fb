"""Revoked certificates, in both directions."""

from __future__ import annotations

import contextlib
import datetime as dt
from dataclasses import replace
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from hub.domain.outcome import Deferred, Delivered
from hub_smtp.settings import TlsSettings
from tests.plugins.smtp.wire.test_client import sound
from tests.plugins.smtp.wire.world import SENDER, Papers, Wire, connector, door, script, sent_to, until


def revoke(papers: Papers, path: Path, *revoked: TlsSettings) -> tuple[Path, ...]:
    """Write the authority's revocation list."""
    authority = x509.load_pem_x509_certificate(papers.anchor.read_bytes())
    key = serialization.load_pem_private_key(papers.authority.private_key_pem.bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    now = dt.datetime.now(dt.UTC)
    listed = x509.CertificateRevocationListBuilder(
        authority.subject, now - dt.timedelta(days=1), now + dt.timedelta(days=1)
    )
    for one in revoked:
        serial = x509.load_pem_x509_certificate(one.certificate.read_bytes()).serial_number
        listed = listed.add_revoked_certificate(x509.RevokedCertificateBuilder(serial, now).build())
    path.write_bytes(listed.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return (path,)


async def test_a_revoked_client_is_refused(papers: Papers, operator: TlsSettings, tmp_path: Path) -> None:
    """Its certificate is otherwise sound; one that is not on the list still comes in."""
    bad = papers.issue("mx.chu.example")
    crls = revoke(papers, tmp_path / "crl.pem", bad)
    ours = replace(papers.issue("hub.valbrume.example"), crls=crls)
    async with door(papers, operator, tls=ours) as hub:
        with contextlib.suppress(OSError):
            wire = await Wire.open(hub.port, papers.client(bad))
            assert await wire.say(f"MAIL FROM:<{SENDER}>") == ""
        await until(lambda: "smtp.tls_refused" in hub.log.events())
        assert "certificate revoked" in str(hub.log.lines)
        wire = await Wire.open(hub.port, papers.client(operator))
        assert (await wire.say(f"MAIL FROM:<{SENDER}>")).startswith("250 ")
        await wire.close()


async def test_a_revoked_server_gets_nothing(papers: Papers, mailbox: TlsSettings, tmp_path: Path) -> None:
    """And one that is not on the list does."""
    for revoked, kind in (((mailbox,), Deferred), ((), Delivered)):
        crls = revoke(papers, tmp_path / "crl.pem", *revoked)
        ours = replace(papers.issue("hub.valbrume.example"), crls=crls)
        async with (
            script(papers.server(mailbox), sound) as server,
            connector(papers, server.port, tls=ours) as out,
        ):
            (outcome,) = (await out.deliver(sent_to())).values()
            assert type(outcome) is kind
