"""Which day and hour it is in France, where the directory's days and extractions are."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Final
from zoneinfo import ZoneInfo

_FRANCE: Final = ZoneInfo("Europe/Paris")


def of(moment: datetime) -> date:
    """Return the French day of an aware moment."""
    return local(moment).date()


def local(moment: datetime) -> datetime:
    """Return what French clocks show at an aware moment."""
    return moment.astimezone(_FRANCE).replace(tzinfo=None)


def moment(shown: datetime) -> datetime:
    """Return when French clocks showed this; of an hour that they show twice, the first."""
    return shown.replace(tzinfo=_FRANCE, fold=0).astimezone(UTC)
