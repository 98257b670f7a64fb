"""Functions of templates for moments. A moment is a datetime, or a text of RFC 3339."""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from hub.domain.times import rfc3339
from hub_http.mapping.faults import UnfitError
from hub_http.mapping.seen import named

_FORM: Final = re.compile(r"(?:[^%\x00]|%[YmdHMSfjyzuUWVGw%])*")
"""Directives of strftime that say the same in every language."""
_MAX_FORM: Final = 100
_PRECISIONS: Final = ("seconds", "milliseconds", "microseconds")


def date(value: Any, form: str = "%Y-%m-%d", zone: str = "UTC") -> str:
    """Write a moment in a form of strftime, in a time zone."""
    if not isinstance(form, str) or len(form) > _MAX_FORM or not _FORM.fullmatch(form):
        raise UnfitError(
            "the form of a date has only %Y %m %d %H %M %S %f %j %y %z %u %U %W %V %G %w",
            "la forme d'une date n'a que %Y %m %d %H %M %S %f %j %y %z %u %U %W %V %G %w",
        )
    return _moment(value).astimezone(_zone(zone)).strftime(form)


def iso(value: Any, precision: str = "milliseconds") -> str:
    """Write a moment in RFC 3339, in UTC."""
    moment = _moment(value)
    if precision == "milliseconds":
        return rfc3339(moment)
    if precision not in _PRECISIONS:
        raise UnfitError(
            "the precision is none of seconds, milliseconds, microseconds",
            "la précision n'est ni seconds, ni milliseconds, ni microseconds",
        )
    return moment.astimezone(UTC).isoformat(timespec=precision).removesuffix("+00:00") + "Z"


def unix(value: Any, unit: str = "s") -> int:
    """Return the whole seconds, or milliseconds (`ms`), since 1970."""
    if unit not in ("s", "ms"):
        raise UnfitError("the unit is neither s nor ms", "l'unité n'est ni s ni ms")
    since = _moment(value) - datetime(1970, 1, 1, tzinfo=UTC)
    seconds = since.days * 86400 + since.seconds
    return seconds if unit == "s" else seconds * 1000 + since.microseconds // 1000


def _moment(value: Any) -> datetime:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise UnfitError(
                "the text is no date of RFC 3339", "le texte n'est pas une date RFC 3339"
            ) from None
    if not isinstance(value, datetime):
        raise UnfitError(f"{named(value)[0]} is no moment", f"{named(value)[1]} n'est pas un instant")
    return value if value.tzinfo else value.replace(tzinfo=UTC)


@lru_cache(64)
def _zone(name: Any) -> tzinfo:
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError, TypeError):
        raise UnfitError("there is no such time zone", "il n'y a pas de tel fuseau horaire") from None
