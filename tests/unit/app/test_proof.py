"""The offline check says step by step what holds; one changed byte anywhere, and it does not."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from hub.adapters.keys import files, issue
from hub.adapters.keys.issue import KeyType, Subject
from hub.adapters.keys.jws import Seal
from hub.app.proof import prove, read
from hub.domain.envelope import to_bytes
from hub.errors import InputError
from tests import build_assets

ASSETS = Path("tests/assets/envelope")
NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)


def sealed(kind: KeyType = KeyType.ED25519, days: int = 365) -> tuple[bytes, x509.Certificate]:
    """Return a sealed envelope and its signer's certificate."""
    key = issue.new_key(kind)
    envelope = next(iter(build_assets.envelopes().values()))
    certificate = issue.self_signed(key, Subject(common_name="Hub"), envelope.created_at, days)
    return Seal(key, [certificate]).seal(to_bytes(envelope)), certificate


JWS, CERTIFICATE = sealed()


@pytest.mark.parametrize("kind", list(KeyType))
def test_what_was_sealed_holds(kind: KeyType) -> None:
    """Signature, content and trust are each told, with the signer's fingerprint and the id."""
    jws, certificate = sealed(kind)
    proven = prove(jws, [certificate], NOW)
    assert proven.error is None
    assert len(proven.checks) == 3
    assert proven.envelope is not None
    assert proven.signer is not None
    assert proven.signer.subject == "CN=Hub"


@given(st.integers(0, len(JWS) - 1), st.integers(1, 255))
def test_one_changed_byte_is_refused(at: int, flip: int) -> None:
    """Wherever it is, whatever it becomes."""
    changed = bytearray(JWS)
    changed[at] ^= flip
    assert prove(bytes(changed), [CERTIFICATE], NOW).error is not None


def test_an_ended_certificate_still_proves_what_it_sealed() -> None:
    """What counts is the moment of sealing."""
    jws, certificate = sealed(days=1)
    assert prove(jws, [certificate], certificate.not_valid_after_utc + timedelta(days=3650)).error is None


def test_a_stranger_is_told_apart_from_a_forger() -> None:
    """The signature holds, and the words say that nobody vouches for who made it."""
    _, other = sealed()
    for anchors, code in ([other], "chain.untrusted"), ([], "chain.no_anchors"):
        proven = prove(JWS, anchors, NOW)
        assert [one.error is None for one in proven.checks] == [True, True, False]
        assert proven.error is not None
        assert proven.error.code == code


def test_a_signed_something_else_is_no_envelope() -> None:
    """A good signature over other JSON stops at the second step."""
    key = issue.new_key(KeyType.ED25519)
    certificate = issue.self_signed(key, Subject(common_name="Hub"), NOW, 10)
    proven = prove(Seal(key, [certificate]).seal(b'{"v":1}'), [certificate], NOW)
    assert [one.error is None for one in proven.checks] == [True, False]
    assert proven.envelope is None


def test_documents_are_found_by_what_they_are(tmp_path: Path) -> None:
    """The name does not matter, the bytes do; what is missing or altered is named."""
    envelope = next(iter(build_assets.envelopes().values()))
    key = issue.new_key(KeyType.ED25519)
    certificate = issue.self_signed(key, Subject(common_name="Hub"), envelope.created_at, 10)
    jws = Seal(key, [certificate]).seal(to_bytes(envelope))
    (tmp_path / "anything").write_bytes(b"not it")
    proven = prove(jws, [certificate], NOW, tmp_path)
    documents = envelope.message.documents
    assert [one.error is None for one in proven.checks] == [True] * 3 + [False] * len(documents)
    assert proven.error is not None
    assert proven.error.code == "document.absent"
    with pytest.raises(InputError):
        prove(jws, [certificate], NOW, tmp_path / "nowhere")


def test_no_more_is_read_than_an_envelope_can_have() -> None:
    """A gigabyte by mistake is refused by its size."""
    with pytest.raises(InputError, match=r"envelope\.too_large"):
        read(bytes(3 << 20))


def test_the_golden_envelopes_hold() -> None:
    """The published vectors verify with the published anchor."""
    anchors = files.load_anchors(sorted(ASSETS.glob("*.pem")))
    vectors = sorted(ASSETS.glob("*.jws*"))
    assert vectors
    for vector in vectors:
        assert json.loads(vector.read_bytes())
        assert prove(vector.read_bytes(), anchors, NOW).error is None, vector


@pytest.mark.parametrize("data", [b"", b"[hub]\n", b"\x7fELF", b"%PDF-1.4", b" {}"])
def test_what_is_no_envelope_is_told_so(data: bytes) -> None:
    """Not that its signature fails: who named the wrong file learns what to name."""
    with pytest.raises(InputError) as caught:
        read(data)
    assert caught.value.code == "envelope.not_one"
