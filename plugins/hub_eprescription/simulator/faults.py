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

from collections.abc import Collection
from typing import Final

from hub.errors import InputError, Words
from hub.plugin.double import faults
from hub.plugin.double.faults import EVERYWHERE

KINDS: Final = frozenset(
    {
        *("cut", "silent", "lost", "hung", "truncated", "slow", "twice", "inside"),
        *("malformed", "wrong-type", "huge", "redirect"),
    }
)
UNDONE: Final = frozenset({"cut", "silent", "status", "inside", "redirect"})
"""Kinds with which nothing that was asked is done."""


class Fault(faults.Fault):
    """One kind of fault at one operation, `times` times."""

    __slots__ = ()
    kinds = KINDS

    @classmethod
    def wrong(cls, text: str, kinds: str) -> InputError:
        """Make the error for what is no fault."""
        said = repr(text[:80])
        return InputError(
            "simulator.fault",
            Words(
                en=f"{said} is no fault: it is written OPERATION=KIND or OPERATION=KIND:TIMES; "
                f"kinds: {kinds}.",
                fr=f"{said} n'est pas une panne : elle s'écrit OPÉRATION=PANNE ou OPÉRATION=PANNE:FOIS ; "
                f"pannes : {kinds}.",
            ),
        )


class Plan(faults.Plan[Fault]):
    """Faults that are still to come, by route, in the order in which they were asked for."""

    def __init__(self, routes: Collection[str]) -> None:
        super().__init__()
        self._routes = (EVERYWHERE, *routes)

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
        super().add(fault)
