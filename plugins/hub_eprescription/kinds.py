"""The kinds of services: ours, and those of any installed package.

A kind is an entry point of the group `hub_eprescription.services`. Its name is the kind in `hub.toml`; it
names a package with two modules:

| module | function | what it does |
| --- | --- | --- |
| `settings` | `parse(table: Table) -> S` | reads the table; `S` has `common`, from `settings.parse_common` |
| `opening` | `open_service(settings: S, host: Host)` | async context manager of a `PrescriptionService` |

All the rest (records, mail, the sheet, the API, what is owed) is the same for every kind.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final

from hub.errors import ConfigError, Words
from hub.plugin import Table
from hub.ports.connector import Delivers
from hub.ports.host import Host
from hub.ports.prescription import PrescriptionService
from hub_eprescription.door.desk import Desks

GROUP: Final = "hub_eprescription.services"
"""The group of entry points."""


class Kind:
    """One kind. Its package is imported when a table names it, not before."""

    def __init__(self, entry: EntryPoint, desks: Desks) -> None:
        self.name = entry.name
        self._package = entry.value
        self._desks = desks

    def parse(self, table: Table) -> Any:
        """Read an `[operators.<name>]`. Raises ConfigError."""
        return self._found("settings", "parse")(table)

    def open(self, settings: Any, host: Host) -> AbstractAsyncContextManager[Delivers]:
        """Open a connector to the service. Raises ConfigError when a file can't be used."""
        return self._connector(self._found("opening", "open_service")(settings, host), settings, host)

    @asynccontextmanager
    async def _connector(
        self, opening: AbstractAsyncContextManager[PrescriptionService], settings: Any, host: Host
    ) -> AsyncIterator[Delivers]:
        from hub_eprescription.connector import Connector  # noqa: PLC0415 - only when a service is opened

        async with opening as service:
            connector = Connector(service, settings.common, host)
            with self._desks.holding(host.name, connector):
                yield connector

    def _found(self, module: str, name: str) -> Callable[..., Any]:
        try:
            found: Callable[..., Any] = getattr(import_module(f"{self._package}.{module}"), name)
        except (ImportError, AttributeError) as error:
            raise _broken(self.name, error) from error
        return found


def offered(desks: Desks) -> Iterator[Kind]:
    """Yield every kind that an installed package offers."""
    for entry in entry_points(group=GROUP):
        yield Kind(entry, desks)


def _broken(kind: str, error: Exception) -> ConfigError:
    what = f"{type(error).__name__}: {error}"
    return ConfigError(
        "prescription.kind",
        Words(
            en=f"The package that offers the kind {kind} can't be used ({what}); is its extra installed?",
            fr=f"Le paquet qui offre le genre {kind} est inutilisable ({what}) ; son extra est-il installé ?",
        ),
    )
