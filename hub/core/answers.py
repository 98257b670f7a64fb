"""What a connector or a receipt says, made fit to keep: of the right type, bounded, plain text.

It comes from the other side of a wire. A reply with half a character in it, a pause of a thousand
years or a line of a megabyte must not stop the hub or fill its store.
"""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from hub.domain.outcome import Deferred, Delivered, Outcome, Refused, Uncertain
from hub.errors import Words

MAX_DETAIL: Final = 16_000
"""Characters that are kept of a receipt or a reason: another hub's receipt is a whole sealed envelope."""
MAX_CODE: Final = 100
"""Characters that are kept of a code."""
LONGEST_PAUSE: Final = timedelta(days=30)
"""How long an operator may ask the hub to wait."""


def outcome_of(answer: Any) -> Outcome | None:
    """Return an outcome fit to keep; None when `answer` is no outcome."""
    match answer:
        case Delivered():
            return Delivered(receipt=text(answer.receipt))
        case Deferred():
            return replace(
                answer,
                code=code(answer.code),
                reason=words(answer.reason),
                retry_after=_pause(answer.retry_after),
            )
        case Refused():
            # What an operator refuses was not decided by a directory.
            return replace(answer, code=code(answer.code), reason=words(answer.reason), source=None)
        case Uncertain():
            return replace(answer, code=code(answer.code), reason=words(answer.reason))
        case _:
            return None


def text(said: Any, limit: int = MAX_DETAIL) -> str:
    """Return a text without control characters or halves of characters, cut at `limit`."""
    plain = str(said)[:limit]
    if plain.isascii() and plain.isprintable():
        return plain
    # The normal form of a few letters is longer than they are.
    return unicodedata.normalize("NFC", "".join(map(_printable, plain)))[:limit]


def code(said: Any) -> str:
    """Return a code fit to keep; `connector.error` for an empty one."""
    return text(said, MAX_CODE) or "connector.error"


def words(said: Any) -> Words:
    """Return words fit to keep, in both languages."""
    if not isinstance(said, Words):
        return Words(en=text(said), fr=text(said))
    return Words(en=text(said.en), fr=text(said.fr))


def _pause(asked: Any) -> timedelta | None:
    if not isinstance(asked, timedelta):
        return None
    return min(max(asked, timedelta(0)), LONGEST_PAUSE)


def _printable(character: str) -> str:
    if character.isprintable() or character == "\n":
        return character
    return " " if character in "\r\t" else "\ufffd"
