"""Settings of a `[receivers.<name>]` of kind `http`, read strictly."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from hub.plugin import Table
from hub.plugin.door import settings
from hub.plugin.door.settings import HttpSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorSettings(HttpSettings):
    """One door, beside what every door has. Sizes are in bytes.

    max_call                  largest call that is read as a whole; 16MiB.
    max_upload                largest call that is taken as it comes, such as another hub's; 256MiB.
    upload_timeout            for the body of one that is taken as it comes; 5m.
    concurrency               calls at one time; 64.
    max_connections           at one time; 500.
    max_connections_per_host  at one time from one IP address; 100.
    """

    max_call: int = 16 << 20
    max_upload: int = 256 << 20
    upload_timeout: timedelta = timedelta(minutes=5)
    concurrency: int = 64
    max_connections: int = 500
    max_connections_per_host: int = 100


def parse_receiver(table: Table) -> DoorSettings:
    """Read a door's table. Raises ConfigError that names the key."""
    found = DoorSettings(
        **settings.parse(
            table, max_call="16MiB", concurrency=64, max_connections=500, max_connections_per_host=100
        ),
        max_upload=table.size("max_upload", "256MiB"),
        upload_timeout=table.duration("upload_timeout", "5m"),
    )
    table.finish()
    return found
