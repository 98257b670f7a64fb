"""The `[store]` table."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from hub.adapters.queue.settings import StoreSettings, parse_store
from hub.errors import ConfigError
from hub.plugin.table import Table


def test_an_empty_table_is_enough() -> None:
    """Without a word about it the store is in `data`, beside the configuration."""
    settings = parse_store(Table({}, file=Path("/etc/hub/hub.toml"), path="store"))
    assert settings == StoreSettings(path=Path("/etc/hub/data/hub.db"))
    assert settings.documents == Path("/etc/hub/data/documents")


def test_everything_can_be_set() -> None:
    """Sizes and durations are written as people write them."""
    table = {
        "path": "/srv/hub.db",
        "spill": "1MiB",
        "max_content": "2GiB",
        "busy_timeout": "500ms",
        "retention": "7d",
        "cache": "0B",
    }
    assert parse_store(Table(table, file=Path("/etc/hub/hub.toml"), path="store")) == StoreSettings(
        path=Path("/srv/hub.db"),
        spill=1 << 20,
        max_content=2 << 30,
        busy_timeout=timedelta(milliseconds=500),
        retention=timedelta(days=7),
        cache=0,
    )


def test_an_unknown_key_is_named() -> None:
    """A misspelt key is refused with those that exist."""
    with pytest.raises(ConfigError, match=r"store\.spil is not known.*spill"):
        parse_store(Table({"spil": "1MiB"}, file=Path("hub.toml"), path="store"))
