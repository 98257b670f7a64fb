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

from collections.abc import Iterable
from typing import Final

from hub.errors import InputError, Words
from hub.plugin.double import faults

CONNECTIONS: Final = frozenset({"refused", "tls"})
"""Kinds that strike connections, not requests."""
WEBHOOKS: Final = frozenset({"duplicate", "reordered", "late", "early", "forged"})
REQUESTS: Final = frozenset(
    {"silent", "cut", "lost", "busy", "malformed", "wrong-type", "slow", "truncated", "huge", "redirect"}
)
KINDS: Final = CONNECTIONS | WEBHOOKS | REQUESTS
UNDONE: Final = frozenset({"silent", "cut", "busy", "redirect", "status"})
"""Kinds with which nothing that was asked is done."""


class Fault(faults.Fault):
    """One kind of fault at one route or webhook. `times`: how often; of connections, seconds."""

    __slots__ = ()
    kinds = KINDS

    @property
    def count(self) -> int:
        """How often it is committed: what strikes connections is, once, for some seconds."""
        return 1 if self.kind in CONNECTIONS else self.times

    @classmethod
    def wrong(cls, text: str, kinds: str) -> InputError:
        """Make the error for what is no fault."""
        said = repr(text[:80])
        return InputError(
            "double.fault",
            Words(
                en=f"{said} is no fault: it is written ROUTE=KIND or ROUTE=KIND:TIMES; kinds: {kinds}.",
                fr=f"{said} n'est pas une panne : elle s'écrit ROUTE=KIND ou ROUTE=KIND:FOIS ; "
                f"pannes : {kinds}.",
            ),
        )


class Plan(faults.Plan[Fault]):
    """Faults that are still to come, by route, in the order in which they were asked for."""


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
