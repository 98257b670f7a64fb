"""The log of a process: one line per event on standard error, as JSON or for a person's eyes.

What libraries say through `logging` goes the same way, as event `foreign` with logger and level. Their
texts may quote data, so they are shown for the loggers in `SPEAKING` only.

Not done here: rotation and shipping. Standard error belongs to whoever started the process.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import Any, Final, TextIO

import structlog

from hub.adapters.logs.redact import redact
from hub.ports.host import Log

LEVELS: Final = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}
SPEAKING: Final = frozenset({"alembic.runtime.migration"})
"""Foreign loggers whose texts hold nothing but the names of our own migrations."""


def configure(style: str, level: str, stream: TextIO | None = None) -> None:
    """Set up the log of this process: `style` is `json` or `console`, `level` one of `LEVELS`.

    May be called again; loggers got before the first call follow it too, unless they were used.
    """
    stream = stream or sys.stderr
    renderer: Any = (
        structlog.dev.ConsoleRenderer(
            colors=stream.isatty(), timestamp_key="time", exception_formatter=_no_traceback
        )
        if style == "console"
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            _add_origin,
            redact,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=lambda *name: _Line(stream, *name),
        cache_logger_on_first_use=True,
    )
    _bridge(max(LEVELS[level], logging.WARNING))


def get(name: str) -> Log:
    """Return the log that signs its lines with `name` (key `logger`)."""
    log: Log = structlog.get_logger(name)
    return log


class _Line:
    """Where lines end up. A standard error that is gone or full must not stop the hub."""

    def __init__(self, stream: TextIO, name: str | None = None) -> None:
        self._stream = stream
        self.name = name

    def msg(self, message: str) -> None:
        try:
            self._stream.write(message + "\n")
            self._stream.flush()
        except (OSError, ValueError):
            return

    debug = info = warning = error = critical = exception = log = msg


class _Foreign(logging.Handler):
    """Takes what libraries log, and says that they did."""

    def __init__(self) -> None:
        super().__init__()
        self._log = structlog.get_logger()

    def emit(self, record: logging.LogRecord) -> None:
        try:
            said = {"text": record.getMessage()} if record.name in SPEAKING else {}
            say = self._log.error if record.levelno >= logging.ERROR else self._log.warning
            say("foreign", logger=record.name, exc_info=record.exc_info, **said)
        except Exception:  # noqa: BLE001 - a library's broken log call is not worth a failure of ours
            return


def _bridge(level: int) -> None:
    root = logging.getLogger()
    for handler in [one for one in root.handlers if isinstance(one, _Foreign)]:
        root.removeHandler(handler)
    root.addHandler(_Foreign())
    root.setLevel(level)
    logging.captureWarnings(capture=True)


def _add_origin(line: _Line, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Say when, and who: a library's name is there already."""
    if line.name is not None:
        event["logger"] = line.name
    event["time"] = f"{datetime.now(UTC).isoformat(timespec='milliseconds')[:-6]}Z"
    return event


def _no_traceback(_stream: TextIO, _exc_info: Any) -> None:
    """Show no traceback: `redact` has already named the exception."""
