"""Faults on demand: what kinds there are, and which are still to be committed where.

| kind | what the double does |
| --- | --- |
| `refused` | closes its port after the next answer of the route (of `*`: at once), so many seconds |
| `tls` | shows a certificate that nobody trusts, in the same way |
| `silent` | reads the request, does nothing, and never answers |
| `cut` | reads it, does nothing, and ends the connection |
| `lost` | does what is asked, then ends the connection without an answer |
| `status:NNN` | answers NNN and does nothing; 429 and `busy` say `Retry-After: 7` |
| `busy` | answers 503 with `Retry-After` |
| `done:NNN` | does what is asked, and answers NNN all the same |
| `malformed` | does it, and answers 200 with something that is not what was meant |
| `wrong-type` | does it, and says that the answer is HTML |
| `slow` | does it, and drips the answer, a byte a second |
| `truncated` | does it, announces more than it sends, and ends the connection |
| `huge` | does it, and answers with a body that does not end |
| `redirect` | answers 307 to another host, and does nothing |

Those of calls of webhooks: `duplicate` (made twice), `reordered` (made after the next one), `late` (five
seconds late), `early` (made before the answer to the send), `forged` (another one first, wrongly signed).
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from hub.errors import InputError, Words

EVERYWHERE: Final = "*"
CONNECTIONS: Final = frozenset({"refused", "tls"})
"""Kinds that strike connections, not requests."""
WEBHOOKS: Final = frozenset({"duplicate", "reordered", "late", "early", "forged"})
REQUESTS: Final = frozenset(
    {"silent", "cut", "lost", "busy", "malformed", "wrong-type", "slow", "truncated", "huge", "redirect"}
)
KINDS: Final = CONNECTIONS | WEBHOOKS | REQUESTS
UNDONE: Final = frozenset({"silent", "cut", "busy", "redirect", "status"})
"""Kinds with which nothing that was asked is done."""
_CODED: Final = re.compile(r"(status|done):([2-5]\d\d)")
_GIVEN: Final = re.compile(r"([^=]+)=((?:status|done):\d+|[a-z-]+)(?::(\d+))?")
_MOST: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One kind of fault at one route or webhook. `times`: how often; of connections, seconds."""

    route: str
    kind: str
    times: int = 1
    status: int | None = None

    @classmethod
    def parse(cls, text: str) -> Fault:
        """Read `ROUTE=KIND[:TIMES]`. Raises InputError (`double.fault`)."""
        found = _GIVEN.fullmatch(text)
        if found is None:
            raise _wrong(text)
        return cls.of(found[1], found[2], int(found[3] or 1))

    @classmethod
    def of(cls, route: str, kind: str, times: int = 1) -> Fault:
        """Make one of a kind. Raises InputError (`double.fault`)."""
        coded = _CODED.fullmatch(kind)
        if (coded is None and kind not in KINDS) or not 0 < times <= _MOST:
            raise _wrong(f"{route}={kind}" if times == 1 else f"{route}={kind}:{times}")
        if coded is not None:
            return cls(route=route, kind=coded[1], times=times, status=int(coded[2]))
        return cls(route=route, kind=kind, times=times)


class Plan:
    """Faults that are still to come, by route, in the order in which they were asked for."""

    def __init__(self) -> None:
        self._left: dict[str, deque[Fault]] = {}

    def add(self, fault: Fault) -> None:
        """Commit one more: `times` times, or for so many seconds."""
        count = 1 if fault.kind in CONNECTIONS else fault.times
        self._left.setdefault(fault.route, deque()).extend([fault] * count)

    def next(self, route: str, *, everywhere: bool = True) -> Fault | None:
        """Return what is to be committed at this route now, and count it."""
        for name in (route, EVERYWHERE) if everywhere else (route,):
            if left := self._left.get(name):
                return left.popleft()
        return None

    def clear(self) -> None:
        """Commit nothing more."""
        self._left.clear()


def nowhere(route: str, known: Iterable[str]) -> InputError:
    """Return the error for a route or webhook that is not there."""
    listed = ", ".join(known)
    return InputError(
        "double.fault",
        Words(
            en=f"No route or webhook of the double is called {route[:80]!r}; there are: {listed}.",
            fr=f"Aucune route, aucun webhook de la doublure ne s'appelle {route[:80]!r} ; il y a : {listed}.",
        ),
    )


def _wrong(text: str) -> InputError:
    kinds = ", ".join(sorted([*KINDS, "status:NNN", "done:NNN"]))
    return InputError(
        "double.fault",
        Words(
            en=f"{text[:80]!r} is no fault: it is written ROUTE=KIND or ROUTE=KIND:TIMES; kinds: {kinds}.",
            fr=f"{text[:80]!r} n'est pas une panne : elle s'écrit ROUTE=KIND ou ROUTE=KIND:FOIS ; "
            f"pannes : {kinds}.",
        ),
    )
