"""OCSP asked of a real responder, `openssl ocsp`: every status, every signer, and what is made of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from hub.ports.host import Host
from hub.testing.fakes import FixedClock
from hub_smtp.revocation.checker import State, Status
from tests.plugins.smtp.revocation.authority import (
    NOW,
    Issued,
    OpensslAuthority,
    free_port,
    places,
)
from tests.plugins.smtp.revocation.world import checker, host, settings


async def asked(
    authority: OpensslAuthority,
    what: Issued,
    port: int,
    lent: Host,
    signer: Issued | None = None,
    *options: str,
) -> Status:
    """Ask about a certificate while a responder runs."""
    with authority.answering(port, signer, *options):
        async with checker(settings(port), lent) as revocation:
            return await revocation.check((what.certificate, authority.certificate))


async def test_good(authority: OpensslAuthority, tmp_path: Path) -> None:
    """A certificate that its authority vouches for is good, until the answer ends."""
    port = free_port()
    status = await asked(authority, authority.issue(*places(port)), port, host(tmp_path))
    assert status.state is State.GOOD
    now = datetime.now(UTC)
    assert now < status.until <= now + timedelta(minutes=60)


@pytest.mark.parametrize(
    ("reason", "en", "fr"),
    [
        ("unspecified", "no reason given", "motif non précisé"),
        ("keyCompromise", "key was compromised", "clé compromise"),
        ("affiliationChanged", "affiliation changed", "changement d'affiliation"),
        ("superseded", "replaced by another", "remplacé"),
        ("cessationOfOperation", "no longer needed", "cessation"),
        ("certificateHold", "suspended", "suspendu"),
    ],
)
async def test_revoked(authority: OpensslAuthority, tmp_path: Path, reason: str, en: str, fr: str) -> None:
    """A revoked certificate is known with its day and its reason, in both languages."""
    port = free_port()
    revoked = authority.issue(*places(port))
    authority.revoke(revoked, reason)
    status = await asked(authority, revoked, port, host(tmp_path))
    assert status.state is State.REVOKED
    assert status.answer is not None
    assert en in status.answer.words.en
    assert fr in status.answer.words.fr
    assert status.answer.revoked_at is not None
    assert f"{status.answer.revoked_at:%Y-%m-%d}" in status.answer.words.en


async def test_a_certificate_that_the_responder_does_not_know(
    authority: OpensslAuthority, tmp_path: Path
) -> None:
    """'Unknown' is no answer, and its reason says whose fault it is."""
    port = free_port()
    stranger = authority.issue(*places(port))
    (authority.folder / "index.txt").write_text("")
    status = await asked(authority, stranger, port, host(tmp_path))
    assert (status.state, status.reason.code) == (State.UNANSWERED, "unknown")


@pytest.mark.parametrize("more", [("-rmd", "sha256"), ("-rmd", "sha512"), ("-resp_key_id",)], ids=str)
async def test_delegated(authority: OpensslAuthority, tmp_path: Path, more: tuple[str, ...]) -> None:
    """One whom the authority has charged with answering is believed, named by subject or by key."""
    port = free_port()
    signer = authority.responder("OCSPSigning", "noCheck = ignored")
    what = authority.issue(*places(port))
    status = await asked(authority, what, port, host(tmp_path), signer, "-nmin", "60", *more)
    assert status.state is State.GOOD


async def test_a_responder_of_the_authoritys_name(authority: OpensslAuthority, tmp_path: Path) -> None:
    """One charged with answering may bear the authority's own name: its key is what counts."""
    port = free_port()
    (name,) = authority.certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    signer = authority.responder(name=str(name.value))
    status = await asked(authority, authority.issue(*places(port)), port, host(tmp_path), signer)
    assert status.state is State.GOOD


async def test_weak_digest(authority: OpensslAuthority, tmp_path: Path) -> None:
    """An answer signed over SHA-1 does not count."""
    port = free_port()
    what = authority.issue(*places(port))
    status = await asked(authority, what, port, host(tmp_path), None, "-nmin", "60", "-rmd", "sha1")
    assert (status.state, status.reason.code) == (State.UNANSWERED, "weak")


async def test_not_charged(authority: OpensslAuthority, tmp_path: Path) -> None:
    """A doctor's certificate of the same authority can't answer for it, nor another authority's responder."""
    port = free_port()
    what = authority.issue(*places(port))
    doctor = authority.responder("emailProtection")
    status = await asked(authority, what, port, host(tmp_path), doctor)
    assert (status.state, status.reason.code) == (State.UNANSWERED, "forged")
    foreign = OpensslAuthority(tmp_path / "foreign").responder()
    status = await asked(authority, what, port, host(tmp_path), foreign)
    assert (status.state, status.reason.code) == (State.UNANSWERED, "forged")


async def test_a_responder_that_was_revoked(authority: OpensslAuthority, tmp_path: Path) -> None:
    """Whoever has the stolen key of a responder can't answer any more, once a list says so."""
    port = free_port()
    what, signer = authority.issue(*places(port)), authority.responder()
    authority.revoke(signer)
    (tmp_path / "lists").mkdir()
    other = OpensslAuthority(tmp_path / "other")
    (tmp_path / "lists" / "other.crl").write_bytes(other.revocation_list())
    listed = settings(port, lists=(tmp_path / "lists",))
    lent = host(tmp_path)
    with authority.answering(port, signer):
        async with checker(listed, lent) as revocation:
            good = await revocation.check((what.certificate, authority.certificate))
            assert good.state is State.GOOD
    # The list itself would answer for the doctor: it is out of date, which a revocation outlives.
    stale = authority.revocation_list(NOW - timedelta(days=9), NOW - timedelta(days=2))
    (tmp_path / "lists" / "ours.crl").write_bytes(stale)
    with authority.answering(port, signer):
        async with checker(listed, host(tmp_path / "fresh")) as revocation:
            status = await revocation.check((what.certificate, authority.certificate))
    assert (status.state, status.reason.code) == (State.UNANSWERED, "forged")


async def test_an_answer_is_used_until_it_ends(authority: OpensslAuthority, tmp_path: Path) -> None:
    """Once answered, nobody is asked before the answer's end, not even after a restart."""
    port = free_port()
    lent = host(tmp_path)
    what = authority.issue(*places(port))
    assert (await asked(authority, what, port, lent)).state is State.GOOD
    path = (what.certificate, authority.certificate)
    # The responder is gone. What it said is on disk.
    async with checker(settings(port), lent) as revocation:
        assert (await revocation.check(path)).state is State.GOOD
        assert isinstance(lent.clock, FixedClock)
        lent.clock.advance(timedelta(minutes=90))
        ended = await revocation.check(path)
        assert (ended.state, ended.reason.code) == (State.UNANSWERED, "unreachable")


async def test_an_authority_above_that_was_revoked(tmp_path: Path) -> None:
    """Every certificate of the path counts, not the last alone."""
    port = free_port()
    root = OpensslAuthority(tmp_path / "root")
    middle = root.issue(*places(port), name="Intermédiaire")
    root.revoke(middle, "CACompromise")
    leaf = middle.certificate  # its issuer is what matters here
    with root.answering(port):
        async with checker(settings(port), host(tmp_path)) as revocation:
            status = await revocation.check((_unasked(tmp_path), leaf, root.certificate))
    assert status.state is State.REVOKED
    assert status.certificate == leaf


def _unasked(tmp_path: Path) -> x509.Certificate:
    """Return a certificate that names no place to ask."""
    return OpensslAuthority(tmp_path / "unasked").issue().certificate
