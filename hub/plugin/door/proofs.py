"""Whether what a call shows is one of the secrets that it may show. No comparison tells how near it came.

There may be several right ones: while a secret is being changed, the old and the new will each do.
"""

from __future__ import annotations

import hmac
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from hub.plugin.door.faults import UnprovedError
from hub.ports.host import Host

_MOST_SIGNATURES: Final = 4
"""Headers of one name that are tried: who calls may sign under an old and a new secret at once."""


def bears(authorization: str, tokens: Iterable[bytes]) -> bool:
    """Whether an `Authorization` holds one of the bearer tokens (RFC 6750, 2.1)."""
    scheme, _, said = authorization.partition(" ")
    return scheme.lower() == "bearer" and among(raw(said.strip()), tokens)


def unhexed(text: str) -> bytes:
    """Return bytes that were written in hexadecimal; none for what was not."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""


def signed(
    values: Sequence[str],
    right: Sequence[bytes],
    *,
    prefix: str,
    decoded: Callable[[str], bytes] = unhexed,
) -> bool:
    """Whether one of the first values of a header is, after its prefix, one of the right digests."""
    for one in values[:_MOST_SIGNATURES]:
        said = one.strip()
        if said.startswith(prefix) and among(decoded(said.removeprefix(prefix)), right):
            return True
    return False


def among(said: bytes, right: Iterable[bytes]) -> bool:
    """Whether it is one of them; takes as long whichever it is."""
    found = False
    for one in right:
        found |= hmac.compare_digest(said, one)
    return found


def raw(text: str) -> bytes:
    """Return what stood in a header, whatever its bytes are."""
    return text.encode("utf-8", "surrogateescape")


class Forgeries:
    """Counts the calls that prove nothing, for the log."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._counts: Counter[str] = Counter()

    def note(self, error: UnprovedError, operator: str = "-") -> None:
        """Log one; `operator` is whose it pretends to be, left out for a name that is not here."""
        self._counts[operator] += 1
        self._host.log.warning(
            "door.unproved",
            receiver=self._host.name,
            operator=operator,
            reason=error.fields["proof"],
            count=self._counts[operator],
        )
