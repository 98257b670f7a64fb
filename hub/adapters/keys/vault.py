"""Key-encryption keys (KEKs) in a file, and the wrapping of data keys under them (`Wraps`).

The file is text, mode 0600, one KEK a line, the newest first: `id base64key created_at`, with an id
of 16 hexadecimal digits, a 32-byte key and an RFC 3339 time in UTC. Whoever erases a line erases
every document whose key was wrapped under it.

Wrapping is XAES-256-GCM (C2SP): a key for AES-256-GCM is derived for each wrapping from the first
half of a 24-byte random nonce. Plain AES-256-GCM with 12 random bytes must stop at 2^32 wrappings
(NIST SP 800-38D, 8.3), which a busy hub reaches in months; this one needs no count.
Wrapped: KEK id (8 bytes), nonce (24), ciphertext and tag (key + 16).

Not done here: where the file is kept safe. A copy of the data without this file is noise.
"""

from __future__ import annotations

import base64
import binascii
import fcntl
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hub.adapters.keys import private
from hub.errors import ConfigError, StoreError, Words
from hub.ports.clock import Chance, Clock

_ID: Final = 8
_NONCE: Final = 24
_KEY: Final = 32
_TAG: Final = 16
_LINE: Final = re.compile(r"([0-9a-f]{16}) ([A-Za-z0-9+/]{43}=) (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)")
_TIME: Final = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyEncryptionKey:
    """One KEK. Its repr shows neither key nor anything derived from it."""

    id: bytes
    created_at: datetime
    key: bytes

    def __repr__(self) -> str:
        return f"KeyEncryptionKey(id={self.id.hex()})"


class Vault:
    """The KEKs of one file: the newest wraps, all unwrap."""

    def __init__(self, path: Path, keys: tuple[KeyEncryptionKey, ...], chance: Chance) -> None:
        self._path = path
        self._chance = chance
        self._take(keys)

    @classmethod
    def open(cls, path: Path, chance: Chance) -> Vault:
        """Read the file. Raises ConfigError as `private.read_secret`, and `keys.vault`."""
        return cls(path, _parse(path), chance)

    @classmethod
    def create(cls, path: Path, clock: Clock, chance: Chance) -> Vault:
        """Make a file with one KEK. Raises ConfigError `keys.exists` or `keys.unwritable`."""
        keys = (_fresh(clock, chance),)
        private.write_new(path, _spell(keys), secret=True)
        return cls(path, keys, chance)

    @property
    def keys(self) -> tuple[KeyEncryptionKey, ...]:
        """The KEKs, newest first."""
        return self._keys

    def wrap(self, key: bytes, context: bytes) -> bytes:
        """Return `key` encrypted under the newest KEK, bound to `context`."""
        nonce = self._chance.bytes(_NONCE)
        id_, deriver = self._newest
        return id_ + nonce + deriver.cipher(nonce).encrypt(nonce[_NONCE // 2 :], key, context)

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """Return the key again.

        Raises StoreError: `vault.key_unknown` when its KEK is not in the file, `vault.broken` when it
        was altered or wrapped for another context.
        """
        id_, nonce, rest = wrapped[:_ID], wrapped[_ID : _ID + _NONCE], wrapped[_ID + _NONCE :]
        if len(rest) < _TAG:
            raise _broken()
        deriver = self._derivers.get(id_)
        if deriver is None:
            raise StoreError(
                "vault.key_unknown",
                Words(
                    en=f"The key-encryption key {id_.hex()} is not in the vault file.",
                    fr=f"La clé de chiffrement {id_.hex()} n'est pas dans le coffre.",
                ),
                kek=id_.hex(),
            )
        try:
            return deriver.cipher(nonce).decrypt(nonce[_NONCE // 2 :], rest, context)
        except InvalidTag:
            raise _broken() from None

    def rotate(self, clock: Clock) -> KeyEncryptionKey:
        """Put a new KEK first, in the file and here; the old ones go on unwrapping.

        The file is read again under a lock, so that two rotations at once give two keys. Another
        process goes on wrapping under the key it knows until it opens the file again; that key stays.
        """
        with _locked(self._path):
            fresh = _fresh(clock, self._chance)
            keys = (fresh, *_parse(self._path))
            private.replace(self._path, _spell(keys))
        self._take(keys)
        return fresh

    def _take(self, keys: tuple[KeyEncryptionKey, ...]) -> None:
        derivers = {one.id: _Deriver(one.key) for one in keys}
        self._keys = keys
        self._derivers: Mapping[bytes, _Deriver] = derivers
        self._newest = (keys[0].id, derivers[keys[0].id])


class _Deriver:
    """Derives the AES-256-GCM key of one nonce from a KEK (XAES-256-GCM, C2SP)."""

    def __init__(self, key: bytes) -> None:
        self._blocks = Cipher(algorithms.AES256(key), modes.ECB())  # noqa: S305 -- CMAC's own use of it
        last = int.from_bytes(self._encrypt(bytes(16)))
        # Doubling in GF(2^128), as CMAC's first subkey (NIST SP 800-38B, 6.1).
        doubled = last << 1 & (1 << 128) - 1
        subkey = doubled ^ 0x87 if last >> 127 else doubled
        self._first = subkey ^ (0x00015800 << 96)
        self._second = subkey ^ (0x00025800 << 96)

    def cipher(self, nonce: bytes) -> AESGCM:
        """Return AES-256-GCM under the key for `nonce`, whose last 12 bytes are still to be used."""
        half = int.from_bytes(nonce[: _NONCE // 2])
        return AESGCM(self._encrypt((self._first ^ half).to_bytes(16) + (self._second ^ half).to_bytes(16)))

    def _encrypt(self, blocks: bytes) -> bytes:
        return self._blocks.encryptor().update(blocks)


def _fresh(clock: Clock, chance: Chance) -> KeyEncryptionKey:
    now = clock.now().astimezone(UTC).replace(microsecond=0)
    return KeyEncryptionKey(id=chance.bytes(_ID), key=chance.bytes(_KEY), created_at=now)


def _spell(keys: tuple[KeyEncryptionKey, ...]) -> bytes:
    return b"".join(
        f"{one.id.hex()} {base64.b64encode(one.key).decode()} {one.created_at.strftime(_TIME)}\n".encode()
        for one in keys
    )


def _parse(path: Path) -> tuple[KeyEncryptionKey, ...]:
    data = private.read_secret(path)
    keys: list[KeyEncryptionKey] = []
    for number, line in enumerate(data.split(b"\n")[:-1], 1):
        keys.append(_parse_line(path, number, line))
    if not keys or not data.endswith(b"\n"):
        raise _malformed(path, len(keys) + 1)
    if len({one.id for one in keys}) != len(keys):
        raise private.fault("vault", path, "holds one id twice", "contient deux fois le même identifiant")
    return tuple(keys)


def _parse_line(path: Path, number: int, line: bytes) -> KeyEncryptionKey:
    try:
        found = _LINE.fullmatch(line.decode("ascii"))
        if not found:
            raise ValueError
        key = base64.b64decode(found[2], validate=True)
        if base64.b64encode(key).decode() != found[2]:
            raise ValueError
        created_at = datetime.strptime(found[3], _TIME).replace(tzinfo=UTC)
    except (ValueError, binascii.Error):
        raise _malformed(path, number) from None
    return KeyEncryptionKey(id=bytes.fromhex(found[1]), key=key, created_at=created_at)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    # The folder is locked, not the file: the file is about to be another one.
    number = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(number, fcntl.LOCK_EX)
        yield
    finally:
        os.close(number)


def _malformed(path: Path, line: int) -> ConfigError:
    return private.fault(
        "vault",
        path,
        f"is not a vault file: line {line} is not `id base64key created_at`",
        f"n'est pas un coffre : la ligne {line} n'est pas `id cléBase64 created_at`",
    )


def _broken() -> StoreError:
    return StoreError(
        "vault.broken",
        Words(
            en="A wrapped key was altered, or belongs to something else.",
            fr="Une clé chiffrée a été modifiée, ou appartient à autre chose.",
        ),
    )
