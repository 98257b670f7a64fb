"""What files say, read again when they change; when they can't be, what they said before goes on.

    watched = Watched(read, part="policies.team", host=host)
    await watched.load()                    # at opening; `watched.error` says what is wrong
    content = await watched.current()       # at each question: microseconds, as a rule

`read` is called in a thread. It gets a `Seen`, to which it names every file and folder before it opens
them; those are what is looked at, once a second at most.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from math import inf
from pathlib import Path
from typing import Final, Generic, TypeVar

from hub.errors import HubError, MalformedError, Words
from hub.ports.host import Host

T = TypeVar("T")
LOOK_EVERY: Final = 1.0
"""Seconds between two looks at whether a file has changed."""
RETRY_EVERY: Final = 60.0
"""Seconds after which files that could not be read are tried again even when they look the same."""
TRIES: Final = 3
"""Times that files are read while they change under the reader's eyes."""
JUST_NOW: Final = 100_000_000
"""Nanoseconds within which a second change may have left the same time stamp."""

_Stamp = tuple[int, int, int, int] | None


class Seen:
    """Takes note of what is read."""

    def __init__(self) -> None:
        self._stamps: dict[Path, _Stamp] = {}
        self._at = time.time_ns()

    def note(self, path: Path) -> Path:
        """Watch a file or folder, whether it is there or not; return it."""
        self._stamps.setdefault(path, _stamp(path))
        return path

    def changed(self) -> bool:
        """Whether anything looks other than when it was noted."""
        return any(_stamp(path) != stamp for path, stamp in self._stamps.items())

    def just_changed(self) -> bool:
        """Whether something had changed so shortly before that another change might not show."""
        return any(
            stamp is not None and abs(self._at - stamp[2]) < JUST_NOW for stamp in self._stamps.values()
        )


class Watched(Generic[T]):
    """Content of type `T`, as fresh as its files. `error` is why they could not be read the last time."""

    def __init__(
        self,
        read: Callable[[Seen], T],
        *,
        part: str,
        host: Host,
        unavailable: Callable[[HubError], HubError] = lambda error: error,
        discard: Callable[[T], None] = lambda _content: None,
    ) -> None:
        """`unavailable` makes the error that `current` raises while nothing was ever read.

        `discard` gets content that something newer has replaced, and the last one at `close`.
        """
        self._read = read
        self._part = part
        self._host = host
        self._unavailable = unavailable
        self._discard = discard
        self._seen = Seen()
        self._content: T | None = None
        self._sure = False
        self._look_at = self._retry_at = -inf
        self._reading: asyncio.Task[None] | None = None
        self.error: HubError | None = None

    async def current(self) -> T:
        """Return what the files say now, as of a second ago at most. Raises what `unavailable` makes.

        Whoever asks while a changed file is being read waits for it; cancelling them stops nothing.
        """
        if self._reading is None:
            now = self._host.clock.monotonic()
            if now < self._look_at and self._content is not None:
                return self._content
            if now >= self._look_at:
                self._look_at = now + LOOK_EVERY
                if not self._sure or now >= self._retry_at or self._seen.changed():
                    self._reading = asyncio.create_task(self._again(), name=f"reading {self._part}")
        if self._reading is not None:
            await asyncio.shield(self._reading)
        return self.held()

    def held(self) -> T:
        """Return what was read last, without looking. Raises what `unavailable` makes."""
        if self._content is None:
            raise self._unavailable(self.error or _never_read(self._part))
        return self._content

    async def load(self) -> None:
        """Read for the first time. Never raises for what the files say; see `error`."""
        self._look_at = self._host.clock.monotonic() + LOOK_EVERY
        await self._again()

    async def close(self) -> None:
        """Wait for a reading that is under way, and discard what was read."""
        if self._reading is not None:
            await asyncio.wait({self._reading})
        if self._content is not None:
            self._discard(self._content)
            self._content = None

    async def _again(self) -> None:
        try:
            await self._take()
        finally:
            self._reading = None

    async def _take(self) -> None:
        same = not self._seen.changed()
        log, part = self._host.log, self._part
        try:
            content, self._seen = await asyncio.to_thread(_whole, self._read)
        except _Broken as broken:
            self._seen, failed = broken.seen, broken.error
            self._retry_at = self._host.clock.monotonic() + RETRY_EVERY
            self._sure = not self._seen.just_changed()
            if self.error is None or not same:
                if isinstance(failed, HubError):
                    log.warning("sheet.broken", part=part, code=failed.code, reason=failed.words.en)
                else:
                    log.warning("sheet.broken", part=part, error=type(failed).__name__)
            self.error = failed if isinstance(failed, HubError) else _failed(part, failed)
            return
        if self._content is None or self.error is not None or not same:
            log.info("sheet.taken", part=part)
        if self._content is not None:
            self._discard(self._content)
        self._content, self.error = content, None
        self._sure, self._retry_at = not self._seen.just_changed(), inf


class _Broken(Exception):  # noqa: N818 - it never leaves this module
    def __init__(self, seen: Seen, error: Exception) -> None:
        self.seen = seen
        self.error = error


def _whole(read: Callable[[Seen], T]) -> tuple[T, Seen]:
    """Read until nothing changed meanwhile: half of one version and half of another is neither."""
    for _ in range(TRIES):
        seen = Seen()
        try:
            content = read(seen)
        except Exception as error:
            if not seen.changed():
                raise _Broken(seen, error) from error
            continue
        if not seen.changed():
            return content, seen
    raise _Broken(seen, _changing())


def _stamp(path: Path) -> _Stamp:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_ctime_ns, status.st_size


def _changing() -> MalformedError:
    return MalformedError(
        "sheet.changing",
        Words(
            en="A file changes while it is read; write it beside its place and rename it.",
            fr="Un fichier change pendant sa lecture ; écrivez-le à côté, puis renommez-le.",
        ),
    )


def _never_read(part: str) -> MalformedError:
    return MalformedError(
        "sheet.never_read",
        Words(en=f"The files of {part} were not read yet.", fr=f"Les fichiers de {part} n'ont pas été lus."),
    )


def _failed(part: str, error: Exception) -> MalformedError:
    kind = type(error).__name__
    return MalformedError(
        "sheet.failed",
        Words(
            en=f"The files of {part} can't be read ({kind}).",
            fr=f"Les fichiers de {part} ne peuvent être lus ({kind}).",
        ),
    )
