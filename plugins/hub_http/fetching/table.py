"""The fault table of what the hub asks by itself: tokens, reading back, tracking, inboxes.

Computed from the description alone, by the rules that the parts themselves follow, as `sending.table` does
for steps. What goes wrong here loses nothing and doubles nothing: it only says when it is tried again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from hub_http.description import inbound
from hub_http.description.authentication import OAuth2
from hub_http.description.inbound import Recover, Track
from hub_http.description.model import Description
from hub_http.description.picking import Meaning
from hub_http.description.requests import Request
from hub_http.fetching.fates import Fate, fate_of
from hub_http.fetching.tracking import FAILING
from hub_http.mapping.answered import Answered
from hub_http.sending.classify import Judgement, fits, judge
from hub_http.sending.recovery import finding_of
from hub_http.sending.requests import AnswerError
from hub_http.sending.table import Fault, answer_of, stage_of

_TOKEN_REFUSED: Final = frozenset({400, 401, 403, 404, 405})
_NOT_FOUND: Final = 404


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """One line: a fault at one of these requests, the code that tells of it, and what follows.

    `code` is empty where nothing is told.
    """

    request: str
    fault: Fault
    code: str
    then: str


def reads_of(description: Description) -> tuple[Read, ...]:
    """Return the table of a description, request by request."""
    return tuple(_lines(description))


def _lines(description: Description) -> Iterator[Read]:
    for fault in Fault:
        if any(isinstance(one, OAuth2) for one in description.auth):
            yield _token(fault)
    for fault in Fault:
        if description.recover is not None:
            yield _recover(description, description.recover, fault)
    for fault in Fault:
        if description.track is not None:
            yield _track(description, description.track, fault)
    for key, inbox in (("inbox", description.inbox), ("receipts", description.receipts)):
        if inbox is not None:
            yield from _inbox(description, inbox, key)


def _token(fault: Fault) -> Read:
    answer = answer_of(fault)
    refused = answer is not None and answer[0] in _TOKEN_REFUSED
    code = "http.token_refused" if refused else "http.token"
    return Read(request="token", fault=fault, code=code, then="deferred")


def _recover(description: Description, recover: Recover, fault: Fault) -> Read:
    met = _met(description, recover.request, fault)
    row = None
    if isinstance(met, _Answer):
        code = "http.unknown"
        row = finding_of(recover, met.answered, _SCOPE)
    else:
        code = met
    match row.is_ if row is not None else "unknown":
        case "arrived":
            return Read(request="recover", fault=fault, code="", then="delivered")
        case "absent":
            then = "uncertain; asked again, and after `absent_after` sent again"
            return Read(request="recover", fault=fault, code="http.not_there_yet", then=then)
        case "refused":
            return Read(request="recover", fault=fault, code="http.refused", then="refused; sender told")
    return Read(request="recover", fault=fault, code=code, then="uncertain; asked again")


def _track(description: Description, track: Track, fault: Fault) -> Read:
    met = _met(description, track.request, fault)
    again = "asked again"
    if isinstance(met, str):
        return Read(request="track", fault=fault, code=met, then=again)
    judgement = met.judgement
    explicit = [one for one in track.events if one.status is not None]
    speaks = any(fits(one, met.answered, _SCOPE) for one in explicit)
    if judgement.meaning in FAILING and not speaks:
        return Read(request="track", fault=fault, code=f"http.{judgement.meaning.value}", then=again)
    if judgement.meaning is Meaning.GONE:
        return Read(request="track", fault=fault, code="", then="asked no more")
    return Read(request="track", fault=fault, code="", then=again)


def _inbox(description: Description, inbox: inbound.Inbox, key: str) -> Iterator[Read]:
    for fault in Fault:
        name = f"{key}.listing"
        met = _met(description, inbox.listing, fault)
        if isinstance(met, str):
            code = met
        elif met.judgement.good:
            code = "arrived.unreadable"
        else:
            code = f"http.{met.judgement.meaning.value}"
        yield Read(request=name, fault=fault, code=code, then="looked again")
    for fault in Fault if inbox.download is not None else ():
        assert inbox.download is not None  # noqa: S101 - asked just now
        yield _download(f"{key}.download", description, inbox, inbox.download, fault)
    for fault in Fault if inbox.acknowledge is not None else ():
        assert inbox.acknowledge is not None  # noqa: S101 - asked just now
        yield _acknowledge(f"{key}.acknowledge", description, inbox.acknowledge, fault)


def _download(
    name: str, description: Description, inbox: inbound.Inbox, request: Request, fault: Fault
) -> Read:
    met = _met(description, request, fault)
    if isinstance(met, str):
        return Read(request=name, fault=fault, code=met, then="left, fetched again")
    if met.judgement.good:
        then = "left, fetched again" if inbox.poison == "leave" else "left, or dropped"
        return Read(request=name, fault=fault, code="arrived.*", then=then)
    error = AnswerError("", met.judgement)
    match fate_of(error):
        case Fate.GONE:
            return Read(request=name, fault=fault, code="", then="passed by")
        case Fate.STOP:
            return Read(request=name, fault=fault, code=error.code, then="looked again")
    return Read(request=name, fault=fault, code=error.code, then="left, fetched again")


def _acknowledge(name: str, description: Description, request: Request, fault: Fault) -> Read:
    met = _met(description, request, fault)
    if isinstance(met, str):
        return Read(request=name, fault=fault, code=met, then="taken; said again")
    judgement = met.judgement
    if judgement.good or judgement.meaning is Meaning.GONE or judgement.status == _NOT_FOUND:
        return Read(request=name, fault=fault, code="", then="taken; done")
    code = f"http.{judgement.meaning.value}"
    return Read(request=name, fault=fault, code=code, then="taken; said again")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    answered: Answered
    judgement: Judgement


def _met(description: Description, request: Request, fault: Fault) -> _Answer | str:
    """Return the answer and what it means, or the code of the fault that it is."""
    answer = answer_of(fault)
    if answer is None:
        return stage_of(fault)[0]
    status, headers, body = answer
    answered = Answered(status=status, headers=headers, body=body)
    judgement = judge(request.answers, description.answers, answered, _SCOPE, now=_NOW)
    if judgement.good and fault is Fault.MALFORMED:
        if request.media_types is not None:
            return "http.answer_media_type"
        if any(name in request.take for name in request.needs):
            return "http.answer_lacks"
    return _Answer(answered=answered, judgement=judgement)


_NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)
_SCOPE: Final[dict[str, Any]] = {}
