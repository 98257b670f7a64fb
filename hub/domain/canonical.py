"""JSON in its one canonical spelling (RFC 8785, JCS), for the types that an envelope uses.

Numbers are integers that every JSON reader holds exactly; fractions are refused, so that the
hard half of RFC 8785 (3.2.2.3, serialising doubles) never arises.
"""

from __future__ import annotations

import json
import unicodedata
from typing import Any, Final

from hub.errors import LimitError, MalformedError, Words

MAX_SAFE_INTEGER: Final = 2**53 - 1
MAX_DEPTH: Final = 32
_SORTING: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True)
_PLAIN: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def encode(value: Any) -> bytes:
    """Return the canonical bytes of `value`: dicts with text keys, lists, text, integers, booleans.

    Raises MalformedError for any other type, a text that is not NFC or holds a lone surrogate,
    and an integer beyond 2^53 - 1.
    """
    text = _SORTING.encode(value) if _check(value, 0) else _PLAIN.encode(_ordered(value))
    return text.encode()


def decode(data: bytes, limit: int) -> Any:
    """Read canonical bytes back; anything but the canonical spelling is refused.

    Raises LimitError over `limit` bytes, MalformedError for the rest (duplicate keys included:
    they can't survive being encoded again).
    """
    if len(data) > limit:
        raise LimitError(
            "json.too_large",
            Words(
                en=f"The document is larger than {limit} bytes.",
                fr=f"Le document dépasse {limit} octets.",
            ),
        )
    try:
        value = json.loads(data.decode())
    except (ValueError, RecursionError):
        raise _malformed("not JSON in UTF-8") from None
    if encode(value) != data:
        raise _malformed("not in its canonical spelling (RFC 8785)")
    return value


def _check(value: Any, depth: int) -> bool:
    """Hold a value to what can be spelt; whether the encoder's own order of keys is RFC 8785's (3.2.3).

    It is for ASCII. Looking alone takes half the time of building an ordered copy of every envelope.
    """
    if depth > MAX_DEPTH:
        raise _malformed(f"nested deeper than {MAX_DEPTH}")
    if isinstance(value, str):
        _text(value)
        return True
    if isinstance(value, int):
        if abs(value) > MAX_SAFE_INTEGER:
            raise _malformed("an integer beyond 2^53 - 1")
        return True
    if isinstance(value, dict):
        try:
            simple = "".join(value).isascii()
        except TypeError:
            raise _malformed("a key that is not text") from None
        if not simple:
            for key in value:
                _text(key)
        return all([_check(item, depth + 1) for item in value.values()]) and simple  # noqa: C419 - looks at every one
    if isinstance(value, list | tuple):
        return all([_check(item, depth + 1) for item in value])  # noqa: C419 - as above
    raise _malformed(f"a value of type {type(value).__name__}")


def _text(value: str) -> str:
    if value.isascii():
        return value
    if not value.isprintable() and any("\ud800" <= character <= "\udfff" for character in value):
        raise _malformed("a lone surrogate")
    if not unicodedata.is_normalized("NFC", value):
        raise _malformed("a text that is not in Unicode's normal form C")
    return value


def _ordered(value: Any) -> Any:
    """Put keys beyond ASCII in the order of RFC 8785, 3.2.3: by UTF-16 units."""
    if isinstance(value, dict):
        return {key: _ordered(value[key]) for key in sorted(value, key=lambda key: key.encode("utf-16-be"))}
    if isinstance(value, list | tuple):
        return [_ordered(item) for item in value]
    return value


def _malformed(what: str) -> MalformedError:
    return MalformedError(
        "json.malformed",
        Words(
            en=f"The document is not canonical JSON: {what}.",
            fr=f"Le document n'est pas du JSON canonique : {what}.",
        ),
    )
