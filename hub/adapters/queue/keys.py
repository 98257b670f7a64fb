"""Keys at rest: one per envelope for what is said of it, one per submission for its contents.

The first is wrapped by the vault, bound to the envelope's id; the second is encrypted under the first,
once for each envelope that holds the contents. What must be found again without being
read is a keyed digest (HMAC-SHA-256, cut to 128 bits) under a random key of the store's own. The lines of
ledgers have a key that is derived for each of them from another one of the store's own.
"""

from __future__ import annotations

import hmac
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hub.adapters.queue import faults
from hub.domain.ids import EnvelopeId
from hub.ports.clock import Chance
from hub.ports.vault import Wraps

KEY: Final = 32
NONCE: Final = 12
_LOOKUP: Final = 16
_LOOKUP_CONTEXT: Final = b"store:lookup"
_LEDGER_CONTEXT: Final = b"store:ledger"


class RecordKey:
    """Encrypts what is said of one envelope: some dozens of short texts, so random nonces do."""

    __slots__ = ("_chance", "_cipher", "raw")

    def __init__(self, raw: bytes, chance: Chance) -> None:
        self.raw = raw
        self._cipher = AESGCM(raw)
        self._chance = chance

    def seal(self, data: bytes, what: str) -> bytes:
        """Encrypt `data`, bound to `what` it is."""
        nonce = self._chance.bytes(NONCE)
        return nonce + self._cipher.encrypt(nonce, data, what.encode())

    def open(self, data: bytes, what: str) -> bytes:
        """Decrypt. Raises StoreError `store.altered`."""
        try:
            return self._cipher.decrypt(data[:NONCE], data[NONCE:], what.encode())
        except (InvalidTag, ValueError):
            raise faults.altered() from None


class LineKeys:
    """Encrypts the lines of ledgers, each under a key derived for it alone.

    One key for all would come to the 2^32 random nonces that AES-256-GCM bears (NIST SP 800-38D, 8.3):
    lines are written anew without end. A line moved to another's place does not open there.
    """

    __slots__ = ("_chance", "_raw")

    def __init__(self, raw: bytes, chance: Chance) -> None:
        self._raw = raw
        self._chance = chance

    def seal(self, lookup: bytes, data: bytes, bound: bytes) -> bytes:
        """Encrypt the line found by `lookup`, bound to what stands beside it in clear."""
        nonce = self._chance.bytes(NONCE)
        return nonce + self._cipher(lookup).encrypt(nonce, data, bound)

    def open(self, lookup: bytes, data: bytes, bound: bytes) -> bytes:
        """Decrypt. Raises StoreError `store.altered`."""
        try:
            return self._cipher(lookup).decrypt(data[:NONCE], data[NONCE:], bound)
        except (InvalidTag, ValueError):
            raise faults.altered() from None

    def _cipher(self, lookup: bytes) -> AESGCM:
        return AESGCM(hmac.digest(self._raw, lookup, "sha256"))


class StoreKeys:
    """Makes, wraps and unwraps keys, and digests what is looked up. `lines` is for ledgers."""

    def __init__(
        self, wraps: Wraps, chance: Chance, *, wrapped_lookup_key: bytes, wrapped_ledger_key: bytes
    ) -> None:
        self._wraps = wraps
        self._chance = chance
        self._lookup_key = wraps.unwrap(wrapped_lookup_key, _LOOKUP_CONTEXT)
        self.lines = LineKeys(wraps.unwrap(wrapped_ledger_key, _LEDGER_CONTEXT), chance)

    @staticmethod
    def new_lookup_key(wraps: Wraps, chance: Chance) -> bytes:
        """Return a fresh key for keyed digests, wrapped."""
        return wraps.wrap(chance.bytes(KEY), _LOOKUP_CONTEXT)

    @staticmethod
    def new_ledger_key(wraps: Wraps, chance: Chance) -> bytes:
        """Return a fresh key for the lines of ledgers, wrapped."""
        return wraps.wrap(chance.bytes(KEY), _LEDGER_CONTEXT)

    def lookup(self, kind: str, *parts: str | bytes) -> bytes:
        """Return the digest by which `parts` are found again; each part's length is in it."""
        said = kind.encode()
        for part in parts:
            data = part.encode() if isinstance(part, str) else part
            said += len(data).to_bytes(4) + data
        return hmac.digest(self._lookup_key, said, "sha256")[:_LOOKUP]

    def new_record_key(self, envelope: EnvelopeId) -> tuple[RecordKey, bytes]:
        """Return a fresh key for what is said of `envelope`, and the same wrapped."""
        raw = self._chance.bytes(KEY)
        return RecordKey(raw, self._chance), self._wraps.wrap(raw, _context(envelope))

    def record_key(self, wrapped: bytes, envelope: EnvelopeId) -> RecordKey:
        """Unwrap. Raises StoreError when its key-encryption key is not at hand."""
        return RecordKey(self._wraps.unwrap(wrapped, _context(envelope)), self._chance)


def _context(envelope: EnvelopeId) -> bytes:
    return f"record:{envelope}".encode()
