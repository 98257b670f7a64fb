"""What may stand in a log line: an allow-list of keys, and the plain values that they may hold.

Health data, addresses and names never reach a log. So nothing gets in by default: a key that is not
listed is dropped and counted in `dropped`, and so is a value that is neither text, number, truth nor
nothing. What is listed is documented in `docs/reference/logs.md`.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Final

from hub.errors import HubError

LOGGABLE: Final = frozenset(
    {
        "again",
        "client",
        "code",
        "connector",
        "count",
        "delivery",
        "directory",
        "duration_ms",
        "enhanced",
        "envelope",
        "error",
        "event_name",
        "file",
        "incident",
        "method",
        "operator",
        "part",
        "peer",
        "plugin",
        "port",
        "reason",
        "receiver",
        "refused",
        "route",
        "state",
        "status",
        "text",
        "tls",
        "version",
    }
)
"""The keys that code may log. What each means: `docs/reference/logs.md`."""

ADDED: Final = frozenset({"time", "level", "event", "logger", "dropped"})
"""The keys that the log itself sets."""

_FIRST: Final = ("time", "level", "logger")

MAX_TEXT: Final = 256
"""Characters of a value; what is longer ends in `…`."""

_MAX_INTEGER: Final = 2**63
_EVENT: Final = re.compile(r"[a-z][a-z0-9_-]*(?:\.[a-z][a-z0-9_-]*)*")
_PERSONAL: Final = re.compile(r"\S*@\S*|\d{8,}")
"""An address, or a number as long as a national identifier: in free text neither may show."""


def redact(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Keep what may be logged (a structlog processor). A few microseconds a line."""
    _name_exception(event)
    name = event.pop("event", None)
    kept: dict[str, Any] = {key: event.pop(key) for key in _FIRST if key in event}
    kept["event"] = name if isinstance(name, str) and _EVENT.fullmatch(name[:MAX_TEXT]) else "unnamed"
    dropped = 0
    for key, value in event.items():
        if key not in LOGGABLE:
            dropped += 1
        elif value is None or value is True or value is False:
            kept[key] = value
        elif isinstance(value, str):
            kept[key] = _text(value)
        elif isinstance(value, BaseException):
            kept[key] = _exception(value)
        elif _is_number(value):
            kept[key] = value
        else:
            dropped += 1
    if dropped:
        kept["dropped"] = dropped
    return kept


def _name_exception(event: MutableMapping[str, Any]) -> None:
    """Put an exception's type and code for `exc_info`: its text may quote what must not be seen."""
    if error := event.pop("exc_info", None):
        error = sys.exc_info()[1] if error is True else error
        error = error[1] if isinstance(error, tuple) else error
        if isinstance(error, BaseException):
            event.setdefault("error", type(error).__name__)
            if isinstance(error, HubError):
                event.setdefault("code", error.code)


def _exception(error: BaseException) -> str:
    return error.code if isinstance(error, HubError) else type(error).__name__


def _is_number(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and -_MAX_INTEGER <= value < _MAX_INTEGER


def _text(value: str) -> str:
    text = str(value[: MAX_TEXT + 1])
    if "@" in text or " " in text:
        text = _PERSONAL.sub("[…]", text)
    if not text.isprintable():
        text = "".join(sign if sign.isprintable() else f"\\u{ord(sign):04x}" for sign in text)
    return text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 1]}…"
