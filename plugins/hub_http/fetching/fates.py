"""What an error on the way of one item means for it, and for the look that it belongs to.

| fate | means |
| --- | --- |
| gone | the operator listed it and does not have it any more: there is nothing to take |
| poison | it can't be taken as it is: `inbox.poison` says what becomes of it |
| leave | nothing is wrong with it, or that is not known: it stays, and is tried more and more seldom |
| wait | it stays where it is, and is tried at the next look |
| stop | so does everything else: whatever fails would fail for all |
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from hub.errors import ConfigError, HubError, PeerError, StoreError
from hub_http.description.picking import Meaning
from hub_http.fetching.refusals import EarlyError
from hub_http.sending.requests import AnswerError
from hub_http.wire.faults import WireFault

_NOT_FOUND: Final = 404
_STOPPING: Final = frozenset({Meaning.AUTHENTICATION, Meaning.RATE_LIMITED, Meaning.CONFIGURATION})
_WAITING: Final = frozenset({Meaning.TRANSIENT, Meaning.UNCERTAIN})
_LEFT: Final = frozenset(
    {
        "http.answer_too_large",
        "http.answer_malformed",
        "http.answer_media_type",
        "http.answer_lacks",
        "http.egress",
    }
)
"""Codes of the wire for answers that are wrong in themselves. They may be a proxy's."""


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
            return _of_answer(error)
        case WireFault():
            return _of_wire(error)
        case StoreError():
            return Fate.STOP
        case EarlyError() | ConfigError():
            # its send is not answered yet, a hook is not installed: nothing is wrong with the item
            return Fate.LEAVE
        case HubError() if not isinstance(error, PeerError):
            return Fate.POISON
    return Fate.WAIT


def _of_wire(fault: WireFault) -> Fate:
    if fault.code in _LEFT:
        return Fate.LEAVE
    return Fate.STOP if fault.stage == "unsent" else Fate.WAIT


def _of_answer(error: AnswerError) -> Fate:
    judgement = error.judgement
    if judgement.meaning is Meaning.GONE or judgement.status == _NOT_FOUND:
        return Fate.GONE
    if judgement.meaning in _STOPPING:
        return Fate.STOP
    return Fate.WAIT if judgement.meaning in _WAITING else Fate.LEAVE
