"""Answers and errors → outcomes, in one table: what is final, what is tried again, whose fault it is."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from hub.domain.outcome import Deferred, Delivered, Refused, Uncertain
from hub.errors import HubError, Words
from hub_smtp.answers import CLOSING, Answer

_ABOUT_US: Final = frozenset({530, 534, 535, 538})
"""Codes that say 'not without TLS' or 'not you' (RFC 3207, 4954): our agreement is at fault."""
_ABOUT_THEM: Final = frozenset({"4.3.0", "4.3.1", "4.3.2", "4.3.5", "4.4.1", "4.4.2"})
"""Enhanced codes of a server that is itself unwell (RFC 3463, 3.4 and 3.5)."""
_WAIT: Final = re.compile(r"(\d{1,5})\s*(s|sec|second|m|min|minute|h|hour)s?\b", re.IGNORECASE)
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600}
_GREY: Final = re.compile(r"gr[ea]y-?list|(?:try|retry|come back)\b.{0,20}\bin\b", re.IGNORECASE)
_GREY_PAUSE: Final = timedelta(minutes=5)
_LONGEST_PAUSE: Final = timedelta(hours=1)
_MAX_TEXT: Final = 500


def delivered(answer: Answer, host: str) -> Delivered:
    """Keep what a server that took the mail said, and who said it."""
    return Delivered(receipt=f"{host}: {answer}")


def negative(answer: Answer, host: str) -> Deferred | Refused:
    """Return what a 4xx or 5xx reply about one recipient or one mail means."""
    code, words = f"smtp.{answer.status}", said(answer, host)
    if answer.permanent and answer.code not in _ABOUT_US:
        return Refused(code=code, reason=words)
    failed = answer.code == CLOSING or answer.permanent or answer.status in _ABOUT_THEM
    return Deferred(code=code, reason=words, retry_after=_pause(answer), operator_failed=failed)


def unserved(answer: Answer, host: str) -> Deferred:
    """Return what a negative reply to greeting, EHLO or STARTTLS means: it is about no recipient."""
    return Deferred(
        code=f"smtp.{answer.status}",
        reason=said(answer, host),
        retry_after=_pause(answer),
        operator_failed=True,
    )


def failed(error: HubError) -> Deferred:
    """Return what a failure means before the final dot has left: nothing was taken."""
    return Deferred(code=error.code, reason=error.words, operator_failed=True)


def uncertain(error: HubError, host: str) -> Uncertain:
    """Return what a failure means once the final dot has left."""
    return Uncertain(
        code=error.code,
        reason=Words(
            en=f"The whole mail left for {host}, and no clear answer came. {error.words.en}",
            fr=f"Le message est parti en entier vers {host}, sans réponse claire. {error.words.fr}",
        ),
    )


def said(answer: Answer, host: str) -> Words:
    """Put the server's own words into a sentence."""
    text = f"{answer.code} {answer.text}"[:_MAX_TEXT]
    return Words(en=f"{host} answered: {text}", fr=f"{host} a répondu : {text}")


def _pause(answer: Answer) -> timedelta | None:
    if not answer.transient or not _GREY.search(answer.text):
        return None
    found = _WAIT.search(answer.text)
    if found is None:
        return _GREY_PAUSE
    return min(timedelta(seconds=int(found[1]) * _SECONDS[found[2][0].lower()]), _LONGEST_PAUSE)
