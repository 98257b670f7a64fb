"""Fetching what is new, page by page, and having it applied. What was held answers until then.

1. one writer, over all processes, 2. go on where a broken attempt stopped, or begin, 3. fetch each kind
of resource, 4. apply, 5. forget what was fetched.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Event
from typing import Final, TypeVar

from yarl import URL

from hub.errors import LimitError, MalformedError
from hub.ports.directory import DirectoryUnavailableError
from hub.ports.filling import Loaded, Progress
from hub.ports.host import Host
from hub_annuaire.fhir import faults, schema
from hub_annuaire.fhir.applying import Applying
from hub_annuaire.fhir.arriving import Arriving, Task
from hub_annuaire.fhir.files import Files, remove
from hub_annuaire.fhir.searching import Search
from hub_annuaire.fhir.settings import Settings
from hub_annuaire.fhir.vocabulary import Kind

T = TypeVar("T")

PATIENT: Final = 3
"""Attempts in which a server may fail at the very page where the last one stopped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Synchroniser:
    """Brings a copy up to date."""

    settings: Settings
    host: Host
    search: Search
    files: Files

    async def run(self, progress: Progress) -> Loaded:
        """Synchronise. Raises DirectoryUnavailableError, MalformedError, LimitError, StoreError."""
        try:
            # 1.
            with self.files.alone():
                # 2.
                held = await _thread(self._held)
                arriving, went_on = await _thread(partial(self._begin, held))
                try:
                    # 3.
                    for kind in Kind:
                        await self._fetch(kind, arriving, progress, went_on=went_on)
                    # 4.
                    loaded = await self._apply(arriving, held)
                except (sqlite3.DatabaseError, MalformedError) as error:
                    # a page may be better next time; a database that is damaged, or far too small, won't
                    if _hopeless(error):
                        await _thread(partial(_drop, arriving, self.files))
                    raise
                finally:
                    await _thread(arriving.close)
                # 5.
                await _thread(partial(remove, self.files.arriving))
        except (sqlite3.Error, OSError) as error:
            raise faults.store_failed(self.files.folder, error) from error
        self.host.log.info(
            "directory.synchronised",
            directory=self.host.name,
            version=loaded.version,
            count=loaded.mailboxes,
        )
        return loaded

    async def _apply(self, arriving: Arriving, held: Path | None) -> Loaded:
        stop = Event()
        applying = Applying(
            files=self.files,
            now=self.host.clock.now(),
            max_loss=self.settings.max_loss,
            stop=stop,
        )
        if arriving.task.since and held is not None:
            return await _thread(partial(applying.increment, arriving, held), stop)
        return await _thread(partial(applying.whole, arriving, held), stop)

    def _held(self) -> Path | None:
        """Return the copy that answers, if it is of this server and can be read."""
        try:
            path = self.files.current()
            if path is None:
                return None
            with closing(schema.open_reading(path)) as connection:
                same = schema.facts(connection).get("server") == str(self.settings.url)
        except (sqlite3.Error, DirectoryUnavailableError):
            self.host.log.warning("directory.copy_lost", directory=self.host.name)
            return None
        return path if same else None

    def _begin(self, held: Path | None) -> tuple[Arriving, bool]:
        facts = {}
        if held is not None:
            with closing(schema.open_reading(held)) as connection:
                facts = schema.facts(connection)
        server = str(self.settings.url)
        if (left := Arriving.open(self.files)) is not None:
            if self._useful(left, server, facts):
                return left, True
            left.close()
        since = ""
        now = self.host.clock.now()
        if facts and now - datetime.fromisoformat(facts["renewed"]) < self.settings.renew:
            since = (datetime.fromisoformat(facts["begun"]) - self.settings.overlap).isoformat()
        return Arriving.begin(self.files, Task(server=server, since=since)), False

    def _useful(self, left: Arriving, server: str, facts: dict[str, str]) -> bool:
        """Whether what a broken attempt left may be gone on with."""
        try:
            task = left.task
        except (sqlite3.Error, KeyError):
            return False
        if task.server != server or (task.since and not facts):
            return False
        if not task.begun:
            return True
        begun = datetime.fromisoformat(task.begun)
        if facts and begun < datetime.fromisoformat(facts["begun"]):
            return False
        return self.host.clock.now() - begun < self.settings.renew

    async def _fetch(self, kind: Kind, arriving: Arriving, progress: Progress, *, went_on: bool) -> None:
        cursor = await _thread(partial(arriving.cursor, kind))
        while cursor is not None:
            url = URL(cursor, encoded=True) if cursor else self._first(kind, arriving.task)
            try:
                page, at = await self.search.page(url)
            except DirectoryUnavailableError as error:
                # a page's token may not outlive the break; a search that was never begun is refused for good
                if not (went_on and cursor and await _thread(partial(_expired, error, arriving))):
                    raise
                went_on = False
                await _thread(partial(arriving.restart, kind))
                cursor = ""
                continue
            went_on = False
            try:
                await _thread(partial(arriving.take, kind, url, page, at))
            except LimitError:
                await _thread(partial(arriving.restart, kind))
                raise
            if page.unreadable:
                self.host.log.warning(
                    "directory.resources_refused",
                    directory=self.host.name,
                    count=len(page.unreadable),
                    reason=page.unreadable[0][2],
                )
            count = await _thread(partial(arriving.count, kind))
            progress(kind.value, count, max(page.total or 0, 0))
            cursor = str(page.next) if page.next is not None else None
            shifted = cursor is None and page.total is not None and count < page.total
            if shifted and await _thread(partial(arriving.once_more, kind)):
                # what changes while it is paged moves others over the edge of a page
                self.host.log.warning("directory.pages_shifted", directory=self.host.name, count=count)
                await _thread(partial(arriving.restart, kind))
                cursor = ""

    def _first(self, kind: Kind, task: Task) -> URL:
        parameters = [("_count", str(self.settings.page))]
        if task.since:
            parameters.append(("_lastUpdated", f"gt{task.since}"))
        return self.search.url(kind, *parameters)


def next_delay(settings: Settings, failed: int, fraction: float) -> timedelta:
    """Return how long after an attempt the next is due: the sooner the fewer have failed in a row."""
    usual = settings.refresh * (0.9 + fraction / 5)
    return min(usual, timedelta(minutes=1) * 2 ** min(failed, 20) * (0.5 + fraction)) if failed else usual


def _drop(arriving: Arriving, files: Files) -> None:
    arriving.close()
    remove(files.arriving)


def _expired(error: DirectoryUnavailableError, arriving: Arriving) -> bool:
    """Whether a cursor is to be given up: at once when it is refused, when the server fails at it thrice."""
    if error.code == "fhir.failed":
        return arriving.failed() >= PATIENT
    return error.code == "fhir.refused"


def _hopeless(error: Exception) -> bool:
    """Whether what was fetched is of no use to the next attempt."""
    if isinstance(error, MalformedError):
        return error.code == "fhir.shrunk"
    return not isinstance(error, sqlite3.OperationalError)


async def _thread(work: Callable[[], T], stop: Event | None = None) -> T:
    """Run in a thread, to its end even when cancelled: nobody else may touch its database meanwhile."""
    task = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        if stop is not None:
            stop.set()
        await asyncio.wait({task})
        task.exception()
        raise
