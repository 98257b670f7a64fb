"""Certificates of a double: the hub can trust them, and nobody else does."""

from __future__ import annotations

import ssl
from datetime import timedelta
from pathlib import Path

from cryptography import x509

from hub.plugin.double import papers
from hub.plugin.double.papers import Papers


def shaken(client: ssl.SSLContext, server: ssl.SSLContext, name: str) -> bool:
    """Whether a client that trusts the double gets to it by this name."""
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = client.wrap_bio(down, up, server_hostname=name)
    theirs = server.wrap_bio(up, down, server_side=True)
    done = 0
    for _ in range(4):
        for one in (ours, theirs):
            try:
                one.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLError:
                return False
            done += 1
    return done > 1


def test_whoever_trusts_the_authority_gets_through(tmp_path: Path) -> None:
    """By the names of this machine and by those that were asked for; nobody else gets through."""
    made = papers.issue(tmp_path, "double", "A double", hosts=["double.example", "127.0.0.1", "10.1.2.3"])
    server = papers.server(made.certificate, made.key, None)
    trusting = ssl.create_default_context(cafile=str(made.anchors))
    for name in ("localhost", "127.0.0.1", "::1", "double.example", "10.1.2.3"):
        assert shaken(trusting, server, name)
    assert not shaken(trusting, server, "other.example")
    assert not shaken(ssl.create_default_context(), server, "localhost")
    assert made.key.stat().st_mode & 0o777 == 0o600


def test_files_that_last_are_kept(tmp_path: Path) -> None:
    """A hub that trusts a double once still trusts it the next time, but in their last week."""
    first = papers.kept(tmp_path, "double", "A double", valid=timedelta(days=6))
    assert first == Papers.within(tmp_path, "double")
    held = first.anchors.read_bytes()
    assert papers.kept(tmp_path, "double", "A double").anchors.read_bytes() != held
    held = first.anchors.read_bytes()
    assert papers.kept(tmp_path, "double", "A double").anchors.read_bytes() == held
    first.key.unlink()
    assert papers.kept(tmp_path, "double", "A double").anchors.read_bytes() != held


def test_no_two_authorities_have_one_name(tmp_path: Path) -> None:
    """A client that trusts both is never led to the wrong one."""
    names = set()
    for one in "ab":
        (tmp_path / one).mkdir()
        made = papers.issue(tmp_path / one, "double", "A double")
        names.add(x509.load_pem_x509_certificate(made.anchors.read_bytes()).subject)
    assert len(names) == 2


def test_callers_may_have_to_show_a_certificate(tmp_path: Path) -> None:
    """One of the authorities that are named."""
    made = papers.issue(tmp_path, "double", "A double")
    assert papers.server(made.certificate, made.key, made.anchors).verify_mode is ssl.CERT_REQUIRED
    assert papers.server(made.certificate, made.key, None).verify_mode is ssl.CERT_NONE
