"""Building in a process of its own: the hub's own threads keep the interpreter to themselves.

The parent sends what to build and gets progress, log lines and the result back, pickled, over pipes
that only the two have. A child whose parent has died ends at once; only the parent puts the finished
file into its place.
"""

from __future__ import annotations

import os
import pickle
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, Any, BinaryIO, Final

from hub.errors import HubError
from hub_annuaire import building, faults
from hub_annuaire.building import Built, Order
from hub_annuaire.lines import Limits
from hub_annuaire.reading import Opened

_START: Final = "import sys; sys.path[:] = {path!r}; from hub_annuaire import apart; apart.main()"


def build(order: Order, opened: Opened) -> Built:
    """Do what `building.build` does. Raises the same."""
    command = [sys.executable, "-c", _START.format(path=sys.path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:  # noqa: S603 - ourselves
        if child.stdin is None or child.stdout is None:
            raise AssertionError
        try:
            try:
                pickle.dump((order, opened.limits), child.stdin)
                child.stdin.flush()
            except BrokenPipeError as error:
                raise faults.builder_died(order.new) from error
            return _listen(child.stdout, opened, order)
        finally:
            child.kill()
            with suppress(BrokenPipeError):  # the order that it did not live to take
                child.stdin.close()


def _listen(answers: IO[bytes], opened: Opened, order: Order) -> Built:
    while True:
        try:
            what, said = pickle.load(answers)  # noqa: S301 - from our own child
        except (EOFError, pickle.UnpicklingError, OSError) as error:
            raise faults.builder_died(order.new) from error
        if what == "progress":
            opened.progress(*said)
        elif what == "log":
            level, event, fields = said
            (opened.log.warning if level == "warning" else opened.log.info)(event, **fields)
        elif what == "built":
            built: Built = said
            return built
        else:
            raise _raised(*said)


def _raised(kind: type[Exception], *said: Any) -> Exception:
    if issubclass(kind, HubError):
        code, words, fields = said
        return kind(code, words, **fields)
    error = kind(*said)
    if isinstance(error, sqlite3.Error):
        error.sqlite_errorname = str(said[0])
    return error


@dataclass(frozen=True, slots=True)
class _Parent:
    """The other end, as the building sees it: its log and its progress."""

    answers: BinaryIO

    def say(self, what: str, said: object) -> None:
        try:
            self.answers.write(pickle.dumps((what, said)))
            self.answers.flush()
        except BrokenPipeError:
            os._exit(1)  # it is gone: nobody will use what is being made

    def progress(self, file: str, done: int, total: int) -> None:
        self.say("progress", (file, done, total))

    def info(self, event: str, **fields: object) -> None:
        self.say("log", ("info", event, fields))

    def warning(self, event: str, **fields: object) -> None:
        self.say("log", ("warning", event, fields))


def main() -> None:
    """Be the child."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent is interrupted too, and ends us
    questions, parent = sys.stdin.buffer, _Parent(os.fdopen(os.dup(sys.stdout.fileno()), "wb"))
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # nobody prints between the answers
    order, limits = pickle.load(questions)  # noqa: S301 - from our own parent
    os.environ.setdefault("SQLITE_TMPDIR", str(order.new.parent))  # /tmp may be small, or memory
    threading.Thread(target=_end_with, args=(questions.fileno(),), daemon=True).start()
    try:
        parent.say("built", _build(order, limits, parent))
    except HubError as error:
        parent.say("raised", (type(error), error.code, error.words, error.fields))
    except OSError as error:
        parent.say("raised", (OSError, error.errno, error.strerror))
    except sqlite3.Error as error:
        parent.say("raised", (sqlite3.OperationalError, getattr(error, "sqlite_errorname", "")))


def _build(order: Order, limits: Limits, parent: _Parent) -> Built:
    return building.build(order, Opened(limits=limits, progress=parent.progress, log=parent))


def _end_with(questions: int) -> None:
    # not through the buffered file, whose lock the end of the interpreter wants
    while os.read(questions, 1):
        pass
    os._exit(1)  # the parent is gone: nobody will use what is being made
