"""Passwords as they are kept: scrypt with a salt (RFC 7914), written `$scrypt$ln=15,r=8,p=1$SALT$HASH`."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from dataclasses import dataclass, field
from typing import Final

NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""What an account may be called."""
MAX_PASSWORD: Final = 1024
"""Bytes of a password that are looked at at all."""
_LOG_COST: Final = 15
_BLOCKS: Final = 8
_MAX_LOG_COST: Final = 18
_SALT: Final = 16
_HASH: Final = 32
_KEPT: Final = re.compile(
    r"\$scrypt\$ln=([0-9]{1,2}),r=([0-9]{1,2}),p=([0-9]{1,2})\$([A-Za-z0-9+/]{16,86})\$([A-Za-z0-9+/]{43})"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is kept of one password."""

    log_cost: int
    blocks: int
    parallel: int
    salt: bytes = field(repr=False)
    hash: bytes = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> Kept:
        """Read it. Raises ValueError."""
        found = _KEPT.fullmatch(text)
        if found is None:
            raise ValueError("not a kept password")
        log_cost, blocks, parallel = map(int, found.groups()[:3])
        if not (10 <= log_cost <= _MAX_LOG_COST and 1 <= blocks <= 16 and 1 <= parallel <= 4):  # noqa: PLR2004 - what one login may cost
            raise ValueError("unreasonable cost")
        return cls(
            log_cost=log_cost,
            blocks=blocks,
            parallel=parallel,
            salt=_unb64(found[4]),
            hash=_unb64(found[5]),
        )

    def is_of(self, password: str) -> bool:
        """Whether this is of that password. Takes a tenth of a second and 32 MiB: call it from a thread."""
        given = password.encode()
        made = _scrypt(given[:MAX_PASSWORD], self.salt, self.log_cost, self.blocks, self.parallel)
        return hmac.compare_digest(made, self.hash) and len(given) <= MAX_PASSWORD

    def __str__(self) -> str:
        cost = f"ln={self.log_cost},r={self.blocks},p={self.parallel}"
        return f"$scrypt${cost}${_b64(self.salt)}${_b64(self.hash)}"


def keep(password: str, salt: bytes) -> Kept:
    """Return what to keep of a password; `salt` is 16 fresh random bytes."""
    if len(salt) != _SALT:
        raise ValueError("a salt has 16 bytes")
    made = _scrypt(password.encode(), salt, _LOG_COST, _BLOCKS, 1)
    return Kept(log_cost=_LOG_COST, blocks=_BLOCKS, parallel=1, salt=salt, hash=made)


def _scrypt(password: bytes, salt: bytes, log_cost: int, blocks: int, parallel: int) -> bytes:
    memory = 128 * blocks * ((1 << log_cost) + parallel + 2)
    return hashlib.scrypt(
        password, salt=salt, n=1 << log_cost, r=blocks, p=parallel, maxmem=memory + (1 << 20), dklen=_HASH
    )


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode().rstrip("=")


def _unb64(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
