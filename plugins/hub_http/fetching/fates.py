"""What an error on the way of one item means for it, and for the look that it belongs to.

| fate | means |
| --- | --- |
| gone | the operator listed it and does not have it any more: there is nothing to take |
| poison | it can't be taken as it is: `inbox.poison` says what becomes of it |
| leave | nothing is wrong with it, or that is not known: it stays, and is tried more and more seldom |
| wait | the same; but when several in a row have to wait, the look ends: it is the operator then |
| stop | the look ends: whatever fails would fail for all |
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from hub.errors import ConfigError, HubError, PeerError, StoreError
from hub_http.description.picking import Meaning
from hub_http.fetching.refusals import EarlyError
from hub_http.sending.classify import Judgement
from hub_http.sending.requests import AnswerError, PausedError
from hub_http.wire.faults import WireFault

_NOT_FOUND: Final = 404
_WAITING: Final = frozenset({Meaning.TRANSIENT, Meaning.UNCERTAIN, Meaning.AUTHENTICATION})
_LEFT: Final = frozenset(
    {
        "http.answer_too_large",
        "http.answer_malformed",
        "http.answer_media_type",
        "http.answer_lacks",
        "http.egress",
        "arrived.unreadable",
        "arrived.too_large",
        "arrived.endless",
        "content.too_large",
    }
)
"""Codes of what may be a proxy's fault, or a limit of ours: it is never acknowledged."""


class Fate(StrEnum):
    """What becomes of an item."""

    GONE = "gone"
    POISON = "poison"
    LEAVE = "leave"
    WAIT = "wait"
    STOP = "stop"


def fate_of(error: Exception) -> Fate:
    """Return what an error means. Of what nobody foresaw, only this item is held up."""
    match error:
        case AnswerError():
            return _of_answer(error.judgement)
        case PausedError() | StoreError():
            return Fate.STOP
        case EarlyError() | ConfigError():
            # its send is not answered yet, a hook is not installed: nothing is wrong with the item
            return Fate.LEAVE
        case HubError() if error.code in _LEFT or _is_unjudged(error):
            return Fate.LEAVE
        case HubError() if not isinstance(error, PeerError):
            return Fate.POISON
    return Fate.WAIT


def _is_unjudged(error: HubError) -> bool:
    """Whether the description can't tell what an answer to this item means."""
    return isinstance(error, WireFault) and error.code == "http.template"


def _of_answer(judgement: Judgement) -> Fate:
    if judgement.meaning is Meaning.GONE or judgement.status == _NOT_FOUND:
        return Fate.GONE
    if judgement.meaning is Meaning.RATE_LIMITED:
        return Fate.STOP
    # of one item, what is forbidden or misconfigured need not be so for the others
    return Fate.WAIT if judgement.meaning in _WAITING else Fate.LEAVE
