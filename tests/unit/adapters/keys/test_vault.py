"""The vault wraps, unwraps, rotates; whatever is wrong with its file is named."""

from __future__ import annotations

import base64
import multiprocessing
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.adapters.clock import SystemChance, SystemClock
from hub.adapters.keys import vault
from hub.adapters.keys.vault import Vault
from hub.errors import ConfigError, StoreError

KEY = bytes(range(32))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a vault file with one key."""
    Vault.create(tmp_path / "vault", SystemClock(), SystemChance())
    return tmp_path / "vault"


def _open(path: Path) -> Vault:
    return Vault.open(path, SystemChance())


@pytest.mark.parametrize(
    ("byte", "context", "expected"),
    [
        (1, b"", "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271"),
        (3, b"c2sp.org/XAES-256-GCM", "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d"),
    ],
)
def test_wrapping_is_xaes_256_gcm(byte: int, context: bytes, expected: str) -> None:
    """The two published vectors of C2SP XAES-256-GCM come out; they take both ways of doubling."""
    nonce = b"ABCDEFGHIJKLMNOPQRSTUVWX"

    class Fixed(SystemChance):
        def bytes(self, count: int) -> bytes:
            assert count == len(nonce)
            return nonce

    kek = vault.KeyEncryptionKey(
        id=b"8 bytes.", created_at=datetime(2026, 1, 1, tzinfo=UTC), key=bytes([byte]) * 32
    )
    wrapped = Vault(Path("unused"), (kek,), Fixed()).wrap(b"XAES-256-GCM", context)
    assert wrapped == b"8 bytes." + nonce + bytes.fromhex(expected)


def test_what_was_wrapped_comes_back_after_a_restart(path: Path) -> None:
    """A key wrapped by one process is unwrapped by the next, in its own context only."""
    wrapped = _open(path).wrap(KEY, b"envelope 1")
    assert _open(path).unwrap(wrapped, b"envelope 1") == KEY
    with pytest.raises(StoreError) as refused:
        _open(path).unwrap(wrapped, b"envelope 2")
    assert refused.value.code == "vault.broken"


def test_wrapping_twice_shows_nothing(path: Path) -> None:
    """The same key wrapped twice gives different bytes, and the plain key is in neither."""
    opened = _open(path)
    first, second = opened.wrap(KEY, b""), opened.wrap(KEY, b"")
    assert first[8:] != second[8:]
    assert KEY not in first + second


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(data=st.data())
def test_no_changed_byte_is_taken(path: Path, data: st.DataObject) -> None:
    """Whatever single byte is changed, or wherever it is cut, the wrapped key is refused."""
    opened = _open(path)
    wrapped = opened.wrap(KEY, b"context")
    at = data.draw(st.integers(0, len(wrapped) - 1))
    flipped = bytearray(wrapped)
    flipped[at] ^= data.draw(st.integers(1, 255))
    for wrong in (bytes(flipped), wrapped[:at]):
        with pytest.raises(StoreError):
            opened.unwrap(wrong, b"context")


def test_rotation_keeps_the_old_keys(path: Path) -> None:
    """After a rotation new keys are wrapped under the new KEK, and old ones still open."""
    opened = _open(path)
    old = opened.wrap(KEY, b"")
    fresh = opened.rotate(SystemClock())
    new = opened.wrap(KEY, b"")
    assert (old[:8] != fresh.id, new[:8]) == (True, fresh.id)
    again = _open(path)
    assert [one.id for one in again.keys] == [fresh.id, old[:8]]
    assert again.unwrap(old, b"") == again.unwrap(new, b"") == KEY
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in path.parent.iterdir()] == ["vault"]


def _rotate(path: Path) -> None:
    for _ in range(5):
        _open(path).rotate(SystemClock())


def test_rotations_at_once_lose_no_key(path: Path) -> None:
    """Two processes that rotate at the same time each leave their keys in the file."""
    context = multiprocessing.get_context("spawn")
    both = [context.Process(target=_rotate, args=(path,)) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join(30)
    assert [one.exitcode for one in both] == [0, 0]
    assert len(_open(path).keys) == 11


def test_an_erased_key_erases(path: Path) -> None:
    """When a KEK's line is gone, what it wrapped is gone, and the error names its id."""
    opened = _open(path)
    wrapped = opened.wrap(KEY, b"")
    opened.rotate(SystemClock())
    path.write_bytes(path.read_bytes().splitlines(keepends=True)[0])
    with pytest.raises(StoreError) as refused:
        _open(path).unwrap(wrapped, b"")
    assert refused.value.code == "vault.key_unknown"
    assert wrapped[:8].hex() in refused.value.words.en


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o602])
def test_a_file_that_others_can_reach_is_refused(path: Path, mode: int) -> None:
    """The words give the command that puts it right, and following them does."""
    path.chmod(mode)
    with pytest.raises(ConfigError) as refused:
        _open(path)
    assert refused.value.code == "keys.mode"
    assert f"chmod 600 {path}" in refused.value.words.en
    assert f"chmod 600 {path}" in refused.value.words.fr
    path.chmod(0o600)
    assert len(_open(path).keys) == 1


GOOD = f"0123456789abcdef {base64.b64encode(KEY).decode()} 2026-01-01T00:00:00Z\n".encode()


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"", 1),
        (b"\n", 1),
        (GOOD.removesuffix(b"\n"), 1),
        (GOOD + b"# a comment\n", 2),
        (GOOD + GOOD.replace(b"0123", b"012"), 2),
        (GOOD.replace(b"2026-01-01", b"2026-02-30"), 1),
        (GOOD.replace(b"AAEC", b"\xff\xfe\xfd\xfc"), 1),
        (GOOD.replace(b"Hh8=", b"Hh9="), 1),
        (GOOD.replace(b"\n", b"\r\n"), 1),
    ],
    ids=["empty", "blank", "cut", "comment", "short id", "no such day", "binary", "stray bits", "crlf"],
)
def test_a_malformed_file_is_refused_at_its_line(path: Path, data: bytes, line: int) -> None:
    """The error names file and line, and never shows a key."""
    path.write_bytes(data)
    with pytest.raises(ConfigError) as refused:
        _open(path)
    words = refused.value.words
    assert (refused.value.code, refused.value.fields) == ("keys.vault", {"file": str(path)})
    assert f"line {line} " in words.en
    assert f"ligne {line} " in words.fr
    assert "AAEC" not in words.en + words.fr


def test_one_id_stands_once(path: Path) -> None:
    """Two lines with one id are refused: no one could say which key it names."""
    path.write_bytes(GOOD + GOOD)
    with pytest.raises(ConfigError, match="twice"):
        _open(path)


def test_a_vault_is_never_overwritten(path: Path) -> None:
    """Making a vault where one stands would erase every document."""
    before = path.read_bytes()
    with pytest.raises(ConfigError) as refused:
        Vault.create(path, SystemClock(), SystemChance())
    assert refused.value.code == "keys.exists"
    assert path.read_bytes() == before


def test_no_repr_shows_a_key(path: Path) -> None:
    """What a debugger or a log prints of a vault holds no key."""
    opened = _open(path)
    shown = repr(opened) + repr(opened.keys) + str(vars(opened))
    for kek in opened.keys:
        assert repr(kek.key) not in shown
        assert base64.b64encode(kek.key).decode() not in shown
