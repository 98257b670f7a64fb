"""Faults on demand: what kinds there are, and which are still to be committed where.

| kind | what the double does |
| --- | --- |
| `cut` | loses the request: does nothing, and ends the connection |
| `silent` | loses the request: does nothing, and never answers |
| `lost` | does what is asked, and loses the answer: the connection ends without one |
| `hung` | does what is asked, and never answers |
| `truncated` | does it, and cuts the connection in the middle of the answer |
| `slow` | does it, and drips the answer, a byte a second |
| `twice` | does it, and sends the same answer twice |
| `status:NNN` | answers NNN and does nothing; 429 and 503 say `Retry-After: 7` |
| `done:NNN` | does what is asked, and answers NNN; below 300 (252, 253, 254) with the answer that is due |
| `inside` | answers 200 with an OperationOutcome that says no, and does nothing |
| `malformed` | does it, and answers 200 with something that is not what was meant |
| `wrong-type` | does it, and says that the answer is HTML |
| `huge` | does it, and answers with a body that does not end |
| `redirect` | answers 307 to another host, and does nothing |
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from hub.errors import InputError, Words

EVERYWHERE: Final = "*"
KINDS: Final = frozenset(
    {
        *("cut", "silent", "lost", "hung", "truncated", "slow", "twice", "inside"),
        *("malformed", "wrong-type", "huge", "redirect"),
    }
)
UNDONE: Final = frozenset({"cut", "silent", "status", "inside", "redirect"})
"""Kinds with which nothing that was asked is done."""
_CODED: Final = re.compile(r"(status|done):([2-5]\d\d)")
_GIVEN: Final = re.compile(r"([^=]+)=((?:status|done):\d+|[a-z-]+)(?::(\d+))?")
_MOST: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One kind of fault at one route, `times` times."""

    route: str
    kind: str
    times: int = 1
    status: int | None = None

    @classmethod
    def parse(cls, text: str) -> Fault:
        """Read `ROUTE=KIND[:TIMES]`. Raises InputError (`simulator.fault`)."""
        found = _GIVEN.fullmatch(text)
        if found is None:
            raise _wrong(text)
        return cls.of(found[1], found[2], int(found[3] or 1))

    @classmethod
    def of(cls, route: str, kind: str, times: int = 1) -> Fault:
        """Make one of a kind. Raises InputError (`simulator.fault`)."""
        coded = _CODED.fullmatch(kind)
        if (coded is None and kind not in KINDS) or not 0 < times <= _MOST:
            raise _wrong(f"{route}={kind}" if times == 1 else f"{route}={kind}:{times}")
        if coded is not None:
            return cls(route=route, kind=coded[1], times=times, status=int(coded[2]))
        return cls(route=route, kind=kind, times=times)


class Plan:
    """Faults that are still to come, by route, in the order in which they were asked for."""

    def __init__(self, routes: Collection[str]) -> None:
        self._routes = (EVERYWHERE, *routes)
        self._left: dict[str, deque[Fault]] = {}

    def add(self, fault: Fault) -> None:
        """Commit one more. Raises InputError (`simulator.fault`) when there is no such route."""
        if fault.route not in self._routes:
            listed = ", ".join(self._routes)
            raise InputError(
                "simulator.fault",
                Words(
                    en=f"The simulator has no operation {fault.route[:80]!r}; there are: {listed}.",
                    fr=f"Le simulateur n'a pas d'opération {fault.route[:80]!r} ; il y a : {listed}.",
                ),
            )
        self._left.setdefault(fault.route, deque()).extend([fault] * fault.times)

    def next(self, route: str) -> Fault | None:
        """Return what is to be committed at this route now, and count it."""
        for name in (route, EVERYWHERE):
            if left := self._left.get(name):
                return left.popleft()
        return None

    def clear(self) -> None:
        """Commit nothing more."""
        self._left.clear()


def _wrong(text: str) -> InputError:
    kinds = ", ".join(sorted([*KINDS, "status:NNN", "done:NNN"]))
    return InputError(
        "simulator.fault",
        Words(
            en=f"{text[:80]!r} is no fault: it is written OPERATION=KIND or OPERATION=KIND:TIMES; "
            f"kinds: {kinds}.",
            fr=f"{text[:80]!r} n'est pas une panne : elle s'écrit OPÉRATION=PANNE ou OPÉRATION=PANNE:FOIS ; "
            f"pannes : {kinds}.",
        ),
    )
