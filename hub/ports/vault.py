"""Wrapping of data keys under key-encryption keys that can be rotated."""

from __future__ import annotations

from typing import Protocol


class Wraps(Protocol):
    """Wraps 32-byte keys. Pure CPU work, a few microseconds, no I/O; safe from any thread."""

    def wrap(self, key: bytes, context: bytes) -> bytes:
        """Return `key` encrypted under the newest key-encryption key, bound to `context`."""
        ...

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """Return the key again. Raises StoreError when its key-encryption key is not at hand."""
        ...
