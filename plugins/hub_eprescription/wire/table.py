"""A service's published table: what each HTTP status means, and what it allows a client to do next.

The tables are data files, one for each kind of service. A row is

    [[row]]
    status = "408"            # or several, or a range: "454-458, 500"; rows before win over rows after
    kind = "failed"           # done, warned, refused, token, failed
    retry = "backoff"         # never, backoff, hourly, failover (only at another address)
    attempts = 10             # repeats that are allowed; 0 with "never"
    failover = true           # whether another address of the service may be tried
    acted = "no"              # maybe: the service may have done what it was asked
    en = "…"
    fr = "…"
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any, Final

from hub.errors import Words


class Kind(StrEnum):
    """What a status means.

    `token` says that the access token is not accepted: no word on what was asked.
    """

    DONE = "done"
    WARNED = "warned"
    REFUSED = "refused"
    TOKEN = "token"  # noqa: S105 -- a word, no secret
    FAILED = "failed"


class Retry(StrEnum):
    """When the same request may be made again."""

    NEVER = "never"
    BACKOFF = "backoff"
    HOURLY = "hourly"
    FAILOVER = "failover"


HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a status means. `acted`: whether the service may have done what it was asked all the same."""

    status: int
    kind: Kind
    retry: Retry
    attempts: int
    failover: bool
    acted: bool
    words: Words

    @property
    def good(self) -> bool:
        """Whether the request succeeded, with a warning or without."""
        return self.kind in {Kind.DONE, Kind.WARNED}

    @property
    def retry_after(self) -> timedelta | None:
        """How long to wait at least; None leaves it to the hub's own back-off."""
        return HOUR if self.retry is Retry.HOURLY else None


@dataclass(frozen=True, slots=True)
class _Row:
    first: int
    last: int
    said: Mapping[str, Any]


class AnswerTable:
    """The table of one kind of service."""

    def __init__(self, rows: Sequence[_Row]) -> None:
        self._rows = tuple(rows)

    def judge(self, status: int) -> Judgement:
        """Return what a status means. One that the table does not know may never be retried."""
        for row in self._rows:
            if row.first <= status <= row.last:
                return _judgement(status, row.said)
        return _judgement(status, _UNKNOWN)


@cache
def load(package: str, name: str = "answers.toml") -> AnswerTable:
    """Read the data file of a kind of service."""
    held = tomllib.loads(resources.files(package).joinpath(name).read_text("utf-8"))
    return AnswerTable([span for row in held["row"] for span in _spans(row)])


def _spans(row: Mapping[str, Any]) -> list[_Row]:
    spans = []
    for one in str(row["status"]).split(","):
        first, _, last = one.strip().partition("-")
        spans.append(_Row(int(first), int(last or first), row))
    return spans


def _judgement(status: int, row: Mapping[str, Any]) -> Judgement:
    return Judgement(
        status=status,
        kind=Kind(row["kind"]),
        retry=Retry(row.get("retry", "never")),
        attempts=row.get("attempts", 0),
        failover=row.get("failover", False),
        acted=row.get("acted", "no") == "maybe",
        words=Words(en=row["en"], fr=row["fr"]),
    )


_UNKNOWN: Final = {
    "kind": "failed",
    "acted": "maybe",
    "en": "The service answered with a status that its own table does not know.",
    "fr": "Le service a répondu par un statut absent de sa propre table.",
}
