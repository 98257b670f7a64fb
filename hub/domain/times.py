"""How a moment is written wherever programs read it: the envelope, the API, the output for programs."""

from __future__ import annotations

from datetime import UTC, datetime


def rfc3339(moment: datetime) -> str:
    """Return a moment in UTC with milliseconds, cut, not rounded: `2026-03-03T14:00:00.123Z`."""
    return f"{moment.astimezone(UTC).isoformat(timespec='milliseconds')[:-6]}Z"
