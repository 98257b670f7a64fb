"""Which day it is where the hub's people work."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from hub.errors import ConfigError
from hub.plugin import Table, days
from hub.plugin.days import Days
from hub.testing.fakes import FixedClock


@pytest.mark.parametrize(
    ("values", "now", "day"),
    [
        ({}, datetime(2026, 8, 31, 21, 59, tzinfo=UTC), date(2026, 8, 31)),
        ({}, datetime(2026, 8, 31, 22, tzinfo=UTC), date(2026, 9, 1)),
        ({}, datetime(2026, 12, 31, 22, 59, tzinfo=UTC), date(2026, 12, 31)),
        ({"zone": "America/Martinique"}, datetime(2026, 9, 1, 3, 59, tzinfo=UTC), date(2026, 8, 31)),
    ],
)
def test_a_day_is_the_zones(values: dict[str, str], now: datetime, day: date, tmp_path: Path) -> None:
    """In France, summer and winter, unless said otherwise."""
    zone = days.zone(Table(values, file=tmp_path / "hub.toml"))
    assert Days(FixedClock(now), zone).today() == day


@pytest.mark.parametrize("zone", ["Europe/Hautmont", "../etc/passwd", "/etc/localtime"])
def test_an_unknown_zone_is_named(zone: str, tmp_path: Path) -> None:
    """With what would be right."""
    with pytest.raises(ConfigError, match="such as Europe/Paris"):
        days.zone(Table({"zone": zone}, file=tmp_path / "hub.toml"))
