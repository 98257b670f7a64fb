"""Who may practise, and which mailbox is open, from what resources say and today's date.

`active` is the server's word; periods of registrations, activities and structures say the same with a
day. Suspended and struck off are not in these resources: who is removed from an Order's register has
ceased, for whatever reason.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from hub.ports.directory import MailboxKind, Standing
from hub_annuaire.fhir.records import Tenure

_Says = Callable[[Tenure, date], bool]


def _over(tenure: Tenure, today: date) -> bool:
    return tenure.ended is not None and tenure.ended <= today


TABLE: Final[tuple[tuple[str, _Says, Standing], ...]] = (
    # what a resource says, how that is seen, what it means; the first line that fits decides
    ("an activity ended with a death", lambda one, day: one.died and _over(one, day), Standing.DECEASED),
    ("its period is over", _over, Standing.CEASED),
    ("active is false", lambda one, _: one.active is False, Standing.CEASED),
    ("no Order has them", lambda one, _: one.unregistered, Standing.UNKNOWN),
    ("active is true", lambda one, _: one.active is True, Standing.ACTIVE),
    ("it does not say", lambda _one, _day: True, Standing.UNKNOWN),
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """A standing, the first and the last day on which it holds, when they are known."""

    standing: Standing
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearer:
    """Whoever bears a mailbox. `own`: it hangs on them; `posts`: on these activities of theirs."""

    tenure: Tenure
    own: bool
    posts: tuple[Tenure, ...] = ()


def judge(tenure: Tenure, today: date) -> Verdict:
    """Judge one resource by the table."""
    standing = next(means for _, says, means in TABLE if says(tenure, today))
    over = _over(tenure, today)
    return Verdict(
        standing,
        since=tenure.ended if over and standing is not Standing.ACTIVE else None,
        until=tenure.ended - timedelta(days=1) if tenure.ended is not None and not over else None,
    )


def of_bearer(bearer: Bearer, today: date) -> Verdict:
    """Judge a bearer: who may practise is reached where the mailbox hangs on them, or on a live activity."""
    verdict = judge(bearer.tenure, today)
    if verdict.standing is not Standing.ACTIVE or bearer.own or not bearer.posts:
        return verdict
    return _best([judge(one, today) for one in bearer.posts])


def of_mailbox(mailbox: MailboxKind, bearers: Sequence[Bearer], today: date) -> Verdict:
    """Judge a mailbox: a personal one by the strictest of its bearers, others are open while one is."""
    verdicts = [of_bearer(one, today) for one in bearers]
    if not verdicts:
        return Verdict(Standing.UNKNOWN)
    if mailbox is MailboxKind.PERSONAL:
        return next((one for one in verdicts if one.standing is not Standing.ACTIVE), verdicts[0])
    return _best(verdicts)


def _best(verdicts: Sequence[Verdict]) -> Verdict:
    return next((one for one in verdicts if one.standing is Standing.ACTIVE), verdicts[0])
