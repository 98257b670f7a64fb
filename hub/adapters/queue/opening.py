"""Making a store ready: folders, schema, keys. Everything here blocks, and runs once at the start."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, Engine, bindparam, insert, select, update

from hub.adapters.queue import dialect, faults, lock, purge, schema, tables, times
from hub.adapters.queue.keys import StoreKeys
from hub.adapters.queue.settings import StoreSettings
from hub.adapters.queue.storing import sync_folder
from hub.ports.clock import Chance, Clock
from hub.ports.vault import Wraps

_KEYS: Final = select(tables.store.c.lookup_key, tables.store.c.ledger_key).where(tables.store.c.id == 1)
_LEDGER_KEY: Final = (
    update(tables.store).where(tables.store.c.ledger_key.is_(None)).values(ledger_key=bindparam("fresh"))
)
_PROBE: Final = update(tables.store).values(probed_at=bindparam("now"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A database at this release's schema: how to write and read it, and its keys."""

    writing: Engine
    reading: Engine
    keys: StoreKeys


@dataclass(slots=True)
class Probe:
    """Try to write, for real."""

    now: int

    def run(self, connection: Connection) -> tuple[None, bool]:
        """Write the time."""
        connection.execute(_PROBE, {"now": self.now})
        return None, True


@contextmanager
def opened(
    settings: StoreSettings, *, vault: Wraps, clock: Clock, chance: Chance, exclusive: bool
) -> Iterator[Opened]:
    """Open the files, make or upgrade the schema; `exclusive` keeps other working hubs away.

    Raises StoreError, `store.in_use` and `store.newer` among others.
    """
    timeout = settings.busy_timeout.total_seconds()
    with ExitStack() as stack:
        with faults.mapped():
            settings.documents.mkdir(mode=0o700, parents=True, exist_ok=True)
        if exclusive:
            stack.enter_context(lock.held(settings))
        with faults.mapped():
            engines = dialect.writing(settings.path), dialect.reading(settings.path, timeout)
            for engine in engines:
                stack.callback(engine.dispose)
            writing, reading = engines
            with reading.connect() as connection, connection.begin():
                current = schema.check(schema.version(connection))
        if not current:
            with ExitStack() as alone:
                if not exclusive:
                    alone.enter_context(lock.held(settings))
                _upgrade(writing, vault, clock, chance)
                sync_folder(settings.path.parent)
        with faults.mapped(), reading.connect() as connection, connection.begin():
            lookup_key, ledger_key = connection.execute(_KEYS).one_or_none() or (b"", b"")
            if exclusive:
                purge.remove_orphans(connection, settings.documents)
        keys = StoreKeys(vault, chance, wrapped_lookup_key=lookup_key, wrapped_ledger_key=ledger_key or b"")
        yield Opened(writing=writing, reading=reading, keys=keys)


def _upgrade(engine: Engine, vault: Wraps, clock: Clock, chance: Chance) -> None:
    with faults.mapped(), engine.connect() as connection, connection.begin():
        schema.upgrade(connection)
        if connection.execute(_KEYS).one_or_none() is None:
            key = StoreKeys.new_lookup_key(vault, chance)
            row = {"id": 1, "lookup_key": key, "probed_at": times.write(clock.now())}
            connection.execute(insert(tables.store), row)
        # A store of before the ledgers has no key for them yet.
        connection.execute(_LEDGER_KEY, {"fresh": StoreKeys.new_ledger_key(vault, chance)})
