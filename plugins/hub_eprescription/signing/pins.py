"""A wrong PIN is tried once, and never again before another is configured or another card is there.

Cards lock after a few wrong PINs, for good. So what is about to be tried is written down first, durably,
and struck out when it was right. After a crash in between, the token itself says whether its last PIN was
wrong. What is written is a digest (scrypt), in a ledger that rests encrypted.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import secrets
from datetime import timedelta
from enum import StrEnum
from typing import Final

from hub.ports.host import Host
from hub.ports.ledger import Line

_KEPT: Final = timedelta(days=3650)
_COST: Final = 1 << 14


class Tried(StrEnum):
    """What is known of a PIN at a token."""

    NEVER = "never"
    TRYING = "trying"
    WRONG = "wrong"


class PinMemory:
    """What was tried at one token, by one part of the hub. `token` names module and token."""

    def __init__(self, host: Host, token: str) -> None:
        self._host = host
        self._key = f"signer-pin:{hashlib.sha256(token.encode()).hexdigest()}"
        self._token = token

    async def tried(self, serial: str, pin: str) -> Tried:
        """Return what is known of this PIN at the token with this serial number. Raises StoreError."""
        line = await self._host.ledger.get(self._key)
        if line is None:
            return Tried.NEVER
        held = json.loads(line.value)
        digest = await self._digest(serial, pin, bytes.fromhex(held["salt"]))
        same = hmac.compare_digest(digest, held["digest"])
        return Tried(held["state"]) if same else Tried.NEVER

    async def note(self, serial: str, pin: str, state: Tried) -> None:
        """Write down that it is about to be tried, or was wrong; durable on return. Raises StoreError."""
        salt = secrets.token_bytes(16)
        value = {
            "state": state.value,
            "salt": salt.hex(),
            "digest": await self._digest(serial, pin, salt),
        }
        until = self._host.clock.now() + _KEPT
        await self._host.ledger.put(Line(key=self._key, value=json.dumps(value), until=until))

    async def right(self) -> None:
        """Strike it out. Raises StoreError."""
        await self._host.ledger.strike(self._key)

    async def _digest(self, serial: str, pin: str, salt: bytes) -> str:
        what = json.dumps([self._token, serial, pin]).encode()
        made = await asyncio.to_thread(hashlib.scrypt, what, salt=salt, n=_COST, r=8, p=1)
        return made.hex()
