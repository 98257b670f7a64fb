"""What a check found: one line per part of the hub."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from hub.errors import ConfigError, HubError, Words


class Verdict(StrEnum):
    """How a part stands."""

    FINE = "fine"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One part, by the name of its table, and what is to be said of it. Only what failed has an error."""

    part: str
    verdict: Verdict
    words: Words
    error: HubError | None = None


def fine(part: str, en: str, fr: str) -> Finding:
    """Say that a part works."""
    return Finding(part=part, verdict=Verdict.FINE, words=Words(en=en, fr=fr))


def warning(part: str, en: str, fr: str) -> Finding:
    """Say that a part works, but somebody should look at it."""
    return Finding(part=part, verdict=Verdict.WARNING, words=Words(en=en, fr=fr))


def failed(part: str, error: Exception) -> Finding:
    """Say why a part does not work. Of a foreign error only the type is told."""
    if not isinstance(error, HubError):
        kind = type(error).__name__
        error = ConfigError(
            "check.failed", Words(en=f"It failed ({kind}).", fr=f"Échec ({kind})."), cause=kind
        )
    return Finding(part=part, verdict=Verdict.FAILED, words=error.words, error=error)
