"""The `[store]` table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from hub.plugin.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSettings:
    """Where the store is and how it behaves. Sizes are in bytes.

    `path` is the database; `documents` beside it takes the contents of submissions that are larger
    than `spill`. `busy_timeout` is how long to wait for another process that writes. `retention` is
    how long documents are kept after acceptance, once nothing of their envelope is open any more.
    `cache` bounds what is kept readable in memory for the delivery that follows an acceptance.
    """

    path: Path
    spill: int = 256 << 10
    max_content: int = 1 << 30
    busy_timeout: timedelta = timedelta(seconds=5)
    retention: timedelta = timedelta(days=30)
    cache: int = 64 << 20

    @property
    def documents(self) -> Path:
        """The folder for large contents."""
        return self.path.parent / "documents"

    @property
    def lock(self) -> Path:
        """The file that `hub serve` holds locked."""
        return self.path.with_name(f"{self.path.name}.lock")


def parse_store(table: Table, data: Path = Path("data")) -> StoreSettings:
    """Read `[store]`; without a `path` it is in `data`, which may start at the configuration's folder.

    Raises ConfigError with file, line, key and what would be right.
    """
    settings = StoreSettings(
        path=table.file("path", str(data / "hub.db")),
        spill=table.size("spill", "256KiB"),
        max_content=table.size("max_content", "1GiB"),
        busy_timeout=table.duration("busy_timeout", "5s"),
        retention=table.duration("retention", "30d"),
        cache=table.size("cache", "64MiB"),
    )
    table.finish()
    return settings
