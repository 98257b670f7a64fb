"""Bringing the database to this release's schema, by the numbered migrations."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, inspect, text

from hub.adapters.queue import faults

HEAD: Final = "0002"
"""The newest migration; a test holds it to the folder."""


def version(connection: Connection) -> str | None:
    """Return the schema's version, None for an empty database."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def check(found: str | None) -> bool:
    """Whether the schema is this release's. Raises StoreError `store.newer` for a later one's."""
    if found is not None and found > HEAD:
        raise faults.newer(found, HEAD)
    return found == HEAD


def upgrade(connection: Connection) -> None:
    """Run the migrations that are missing, in the connection's transaction."""
    # Alembic takes a tenth of a second to import, and is needed once per release.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", "hub.adapters.queue:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
