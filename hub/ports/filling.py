"""How a directory is filled, how old it is, and what an update brought."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol, runtime_checkable

from hub.errors import Words

Progress = Callable[[str, int, int], None]
"""Gets what is being read, how much of it is done and how much there is (0: not known)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What an update changed, counted: people, then mailboxes.

    `less` are people who lost an activity and still have another; `gone` have none left.
    """

    appeared: int = 0
    changed: int = 0
    less: int = 0
    gone: int = 0
    mailboxes_appeared: int = 0
    mailboxes_changed: int = 0
    mailboxes_gone: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What the directory holds after an update. `version` is what `Entry.source` will say.

    `changes` are against what was held before; None when nothing was.
    """

    version: str
    professionals: int
    mailboxes: int
    changes: Changes | None = None


@runtime_checkable
class Loads(Protocol):
    """A directory that is filled from files (`hub directory import`)."""

    def load(self, files: Sequence[Path], progress: Progress) -> Loaded:
        """Replace what the directory holds by what the files say, at once or not at all.

        Blocking, for minutes with a whole country: call it from a thread, in any process; whoever has
        the directory open answers from the new version within seconds. Raises MalformedError or
        LimitError, which name file, line and column: then nothing has changed.
        """
        ...


@runtime_checkable
class Synchronises(Protocol):
    """A directory that is filled from a server, page by page (`hub directory sync`)."""

    async def synchronise(self, progress: Progress) -> Loaded:
        """Fetch what is new since the last time, or everything; go on where a broken attempt stopped.

        Until it is complete, look-ups answer from what was held before. Raises
        DirectoryUnavailableError when the server can't be used, MalformedError for what it says.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What a directory or a space of trust answers from.

    `at` is how old its oldest source is, `old` that it is too old. `fault` says what is wrong with a newer
    version that was refused.
    """

    version: str
    at: datetime
    old: bool = False
    fault: Words | None = None


@runtime_checkable
class Dated(Protocol):
    """A directory that can say how old its answers are (`hub check`)."""

    def held(self) -> Held:
        """Return what is held now. Raises DirectoryUnavailableError."""
        ...
