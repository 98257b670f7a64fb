"""What an answer means: rows of the request, then of the description, then HTTP itself (RFC 9110)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final, Literal

from hub.errors import MalformedError
from hub_http.description.picking import AnswerRule, Meaning, Pick, Row
from hub_http.mapping import outcomes, picking
from hub_http.mapping.answered import Answered

Effect = Literal["none", "draft", "message"]
"""What a request may have done when its answer says nothing of use. `none` is for those that only ask."""

LONGEST_PAUSE: Final = timedelta(days=1)
"""How long an operator may ask the hub to wait."""
MAX_CODE: Final = 100
MAX_REASON: Final = 1000
"""Characters that are kept of an operator's code and words."""

_SERVER: Final = 500
_BY_HUNDRED: Final = {
    0: Meaning.CONFIGURATION,
    1: Meaning.CONFIGURATION,
    2: Meaning.OK,
    3: Meaning.CONFIGURATION,
    4: Meaning.REFUSED,
}
_OWN: Final = {
    **dict.fromkeys((401, 403, 407), Meaning.AUTHENTICATION),
    **dict.fromkeys((402, 426, 501, 505), Meaning.CONFIGURATION),
    # What these say is that the request was not acted on (RFC 9110, 15.5.9 and 15.5.20; RFC 8470, 5.2).
    **dict.fromkeys((408, 421, 423, 425, 507), Meaning.TRANSIENT),
    409: Meaning.CONFLICT,
    410: Meaning.GONE,
    429: Meaning.RATE_LIMITED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What one answer means. `code` and `reason` are the operator's own; `row` says what decided.

    `row` is `request:<n>` or `description:<n>`, counted from 1, or `http`.
    """

    meaning: Meaning
    status: int
    code: str | None = None
    reason: str | None = None
    retry_after: timedelta | None = None
    row: str = "http"

    @property
    def good(self) -> bool:
        """Whether the request did what it is for."""
        return self.meaning is Meaning.OK or self.meaning is Meaning.WARNING


def judge(
    request: Sequence[AnswerRule],
    description: Sequence[AnswerRule],
    answered: Answered,
    scope: Mapping[str, Any],
    *,
    now: datetime,
    effect: Effect = "none",
) -> Judgement:
    """Say what an answer means. Raises TemplateError for a `value` of a row that can't be filled in."""
    for name, rows in (("request", request), ("description", description)):
        for number, row in enumerate(rows, 1):
            if fits(row, answered, scope):
                return by_row(row, f"{name}:{number}", answered, scope, now)
    pause = _pause(answered.headers.get("retry-after"), now)
    meaning = by_http(answered.status, effect=effect, asked_to_wait=pause is not None)
    if meaning is Meaning.OK:
        return Judgement(meaning=meaning, status=answered.status)
    code, reason = told(answered)
    return Judgement(meaning=meaning, status=answered.status, code=code, reason=reason, retry_after=pause)


def by_http(status: int, *, effect: Effect = "none", asked_to_wait: bool = False) -> Meaning:
    """Say what a status code means by itself.

    A server error after a request that makes the message may have come after the operator took it: that is
    uncertain. A 503 that says when to come back is the word of a server that did not act on the request
    (RFC 9110, 15.6.4); one that does not may as well be a proxy's that waited for an answer. A redirection is
    never followed: the configured address is not the right one; but 302 and 303 are what many servers say
    after they took a POST (RFC 9110, 15.4.3 and 15.4.4).
    """
    may_have_left = effect == "message"
    match status:
        case _ if status in _OWN:
            return _OWN[status]
        case 302 | 303 if may_have_left:
            return Meaning.UNCERTAIN
        case 503 if asked_to_wait:
            return Meaning.TRANSIENT
        case _ if status >= _SERVER:
            return Meaning.UNCERTAIN if may_have_left else Meaning.TRANSIENT
        case _:
            return _BY_HUNDRED[status // 100]


def fits(row: Row, answered: Answered, scope: Mapping[str, Any]) -> bool:
    """Whether a row of a table is about this answer."""
    if row.status is not None and not any(first <= answered.status <= last for first, last in row.status):
        return False
    return row.when is None or picking.holds(row.when, answered, scope)


def picked(pick: Pick | None, answered: Answered, scope: Mapping[str, Any], limit: int) -> str | None:
    """Return a picked value as a text of so many characters at most; None when it is not there."""
    if pick is None:
        return None
    try:
        value = picking.pick(pick, answered, scope)
    except MalformedError:
        return None
    return None if value is picking.ABSENT else str(value)[:limit] or None


def told(answered: Answered) -> tuple[str | None, str | None]:
    """Return code and words of an OperationOutcome (FHIR) or a problem (RFC 9457)."""
    code, reason = outcomes.told(answered)
    return code and code[:MAX_CODE], reason and reason[:MAX_REASON]


def by_row(
    row: AnswerRule, name: str, answered: Answered, scope: Mapping[str, Any], now: datetime
) -> Judgement:
    """Judge an answer by a row that fits it, which is called `name`."""
    code, reason = (
        picked(row.code, answered, scope, MAX_CODE),
        picked(row.reason, answered, scope, MAX_REASON),
    )
    if row.class_ is not Meaning.OK and (code is None or reason is None):
        own_code, own_reason = told(answered)
        code, reason = code or own_code, reason or own_reason
    wait = picked(row.retry_after, answered, scope, MAX_CODE) or answered.headers.get("retry-after")
    return Judgement(
        meaning=row.class_,
        status=answered.status,
        code=code,
        reason=reason,
        retry_after=_pause(wait, now),
        row=name,
    )


def _pause(said: str | None, now: datetime) -> timedelta | None:
    """Read Retry-After: seconds, or a date (RFC 9110, 10.2.3). None for what is neither."""
    if said is None:
        return None
    said = said.strip()
    if said.isascii() and said.replace(".", "", 1).isdigit():
        seconds = float(said) if len(said) < 10 else LONGEST_PAUSE.total_seconds()  # noqa: PLR2004
        return min(timedelta(seconds=seconds), LONGEST_PAUSE)
    try:
        date = parsedate_to_datetime(said)
        ahead = (date if date.tzinfo else date.replace(tzinfo=UTC)) - now
    except (ValueError, OverflowError, IndexError, TypeError):
        return None  # all that the parser raises for what is no date
    return min(max(ahead, timedelta(0)), LONGEST_PAUSE)
