"""The log of a process: one line per event, whoever speaks, and nothing that must not be seen."""

from __future__ import annotations

import io
import json
import logging
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from hub.adapters.logs import setup


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    """Put the process' log back as it was."""
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    yield
    structlog.reset_defaults()
    root.setLevel(level)
    root.handlers[:] = handlers
    logging.captureWarnings(capture=False)


def _lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_json_with_time_level_and_logger_first() -> None:
    """A program that collects logs gets one JSON object a line, with the time in UTC."""
    stream = io.StringIO()
    setup.configure("json", "info", stream)
    setup.get("hub").info("message.accepted", envelope="e1", subject="Jean Dupont")
    (line,) = _lines(stream)
    assert list(line) == ["time", "level", "logger", "event", "envelope", "dropped"]
    assert (line["level"], line["logger"], line["dropped"]) == ("info", "hub", 1)
    assert line["time"].endswith("Z")
    assert len(line["time"]) == len("2026-03-03T12:00:00.000Z")
    assert "Dupont" not in stream.getvalue()


def test_below_the_level_nothing_is_written() -> None:
    """Whoever asks for warnings gets no more than warnings."""
    stream = io.StringIO()
    setup.configure("json", "warning", stream)
    log = setup.get("hub")
    log.info("message.accepted")
    log.warning("operator.suspended", operator="valbrume")
    assert [line["event"] for line in _lines(stream)] == ["operator.suspended"]


def test_the_console_shows_the_same_for_a_person() -> None:
    """On a console a line is readable, with the same keys dropped and no escape to the terminal."""
    stream = io.StringIO()
    setup.configure("console", "info", stream)
    setup.get("hub").warning("delivery.refused", code="recipient.unknown", name="Dupont", reason="a\x1b[2Jb")
    shown = stream.getvalue()
    assert "delivery.refused" in shown
    assert "recipient.unknown" in shown
    assert "Dupont" not in shown
    assert "\x1b" not in shown
    assert shown.count("\n") == 1


def test_a_library_s_text_is_never_quoted() -> None:
    """What aiohttp or asyncio warns of is seen as an event with the logger's name; its text is not."""
    stream = io.StringIO()
    setup.configure("json", "info", stream)
    logging.getLogger("aiohttp.server").warning("bad request of %s", "jean.dupont@cabinet.example")
    logging.getLogger("aiohttp.server").info("not even seen")
    try:
        raise ValueError("Jean Dupont")
    except ValueError:
        logging.getLogger("asyncio").exception("Task of %s failed", "Dupont")
    logging.getLogger("alembic.runtime.migration").warning("Running upgrade  -> 0001")
    first, second, third = _lines(stream)
    assert (first["event"], first["logger"], first["level"]) == ("foreign", "aiohttp.server", "warning")
    assert (second["logger"], second["level"], second["error"]) == ("asyncio", "error", "ValueError")
    assert third["text"] == "Running upgrade  -> 0001"
    assert "upont" not in stream.getvalue()


def test_a_library_s_broken_log_call_hurts_nobody() -> None:
    """Wrong arguments in a foreign log call don't raise."""
    stream = io.StringIO()
    logging.getLogger().handlers.clear()  # pytest's own, which format every text
    setup.configure("json", "info", stream)
    logging.getLogger("alembic.runtime.migration").warning("%d", "no number")
    logging.getLogger("other").warning("%d", "no number")
    assert [line["logger"] for line in _lines(stream)] == ["other"]


def test_python_s_warnings_go_the_same_way() -> None:
    """A deprecation in a library is a line, not a text on standard error."""
    stream = io.StringIO()
    setup.configure("json", "info", stream)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=False)
        logging.captureWarnings(capture=True)
        warnings.warn("Jean Dupont", stacklevel=1)
    assert [(line["event"], line["logger"]) for line in _lines(stream)] == [("foreign", "py.warnings")]
    assert "Dupont" not in stream.getvalue()


def test_configuring_again_doubles_nothing() -> None:
    """After a second call each event is still one line."""
    stream = io.StringIO()
    setup.configure("json", "info", io.StringIO())
    setup.configure("json", "info", stream)
    setup.get("hub").info("message.accepted")
    logging.getLogger("other").warning("x")
    assert [line["event"] for line in _lines(stream)] == ["message.accepted", "foreign"]


def test_a_standard_error_that_is_gone_stops_nobody() -> None:
    """When nobody reads the log any more the hub goes on."""
    stream = io.StringIO()
    setup.configure("json", "info", stream)
    log = setup.get("hub")
    stream.close()
    log.info("message.accepted")


def test_context_of_a_task_goes_along() -> None:
    """What was bound for a task stands in each of its lines."""
    stream = io.StringIO()
    setup.configure("json", "info", stream)
    with structlog.contextvars.bound_contextvars(envelope="e1"):
        setup.get("hub").info("delivery.attempted")
    assert _lines(stream)[0]["envelope"] == "e1"
