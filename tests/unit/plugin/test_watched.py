"""Files that change under the hub: what is read, when, and what goes on when they break."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from hub.domain.address import Address
from hub.errors import MalformedError, Words
from hub.plugin.ledger import EphemeralLedger
from hub.plugin.watched import LOOK_EVERY, RETRY_EVERY, Seen, Watched
from hub.ports.host import Host
from hub.testing.fakes import FixedChance, FixedClock, RecordingLog


@pytest.fixture
def log() -> RecordingLog:
    """Return a log."""
    return RecordingLog()


@pytest.fixture
def clock() -> FixedClock:
    """Return a clock that stands still."""
    return FixedClock()


@pytest.fixture
def host(tmp_path: Path, clock: FixedClock, log: RecordingLog) -> Host:
    """Return what the hub lends."""
    return Host(
        name="house",
        hub_name="hub.example",
        address=Address.parse("hub@hub.example"),
        clock=clock,
        chance=FixedChance(),
        log=log,
        data=tmp_path,
        ledger=EphemeralLedger(),
    )


def _reading(path: Path) -> Callable[[Seen], str]:
    def read(seen: Seen) -> str:
        try:
            text = seen.note(path).read_text()
        except OSError:
            text = "broken"
        if text == "broken":
            raise MalformedError("sheet.value", Words(en="It is broken.", fr="C'est cassé."))
        return text

    return read


def _later(clock: FixedClock, seconds: float = LOOK_EVERY) -> None:
    clock.advance(timedelta(seconds=seconds))


async def test_a_change_is_answered_with_within_a_second(
    tmp_path: Path, host: Host, clock: FixedClock
) -> None:
    """Whoever asks a second after a file was saved gets what it says now, and nobody asks the disk before."""
    path = tmp_path / "file"
    path.write_text("one")
    watched = Watched(_reading(path), part="directories.house", host=host)
    await watched.load()
    path.write_text("two")
    assert await watched.current() == "one"
    _later(clock)
    assert await watched.current() == "two"
    await watched.close()


async def test_many_who_ask_at_once_share_one_reading(tmp_path: Path, host: Host, clock: FixedClock) -> None:
    """A burst of messages reads a changed file once, and all get the new content."""
    path, read = tmp_path / "file", 0
    path.write_text("one")
    plain = _reading(path)

    def counted(seen: Seen) -> str:
        nonlocal read
        read += 1
        return plain(seen)

    watched = Watched(counted, part="directories.house", host=host)
    await watched.load()
    path.write_text("two")
    _later(clock)
    assert await asyncio.gather(*(watched.current() for _ in range(20))) == ["two"] * 20
    assert read == 2
    await watched.close()


async def test_a_broken_file_changes_nothing(
    tmp_path: Path, host: Host, clock: FixedClock, log: RecordingLog
) -> None:
    """The old content goes on, the log says once what is wrong, and a mended file counts at once."""
    path = tmp_path / "file"
    path.write_text("one")
    watched = Watched(_reading(path), part="directories.house", host=host)
    await watched.load()
    for broken in (lambda: path.write_text("broken"), path.unlink):
        broken()
        for _ in range(3):
            _later(clock)
            assert await watched.current() == "one"
        assert watched.error is not None
        told = [line for line in log.lines if line[1] == "sheet.broken"]
        assert told[-1] == (
            "warning",
            "sheet.broken",
            {"part": "directories.house", "code": "sheet.value", "reason": "It is broken."},
        )
    assert len(told) == 2
    path.write_text("two")
    _later(clock)
    assert await watched.current() == "two"
    assert watched.error is None
    assert log.events() == ["sheet.taken", "sheet.broken", "sheet.broken", "sheet.taken"]
    await watched.close()


async def test_what_was_never_read_is_not_answered(tmp_path: Path, host: Host, clock: FixedClock) -> None:
    """An error, never an empty content; and the content as soon as there is some."""
    path = tmp_path / "file"
    watched = Watched(_reading(path), part="directories.house", host=host)
    with pytest.raises(MalformedError, match=r"sheet\.never_read"):
        watched.held()
    await watched.load()
    with pytest.raises(MalformedError, match=r"It is broken\."):
        await watched.current()
    path.write_text("one")
    _later(clock)
    assert await watched.current() == "one"
    await watched.close()


async def test_what_could_not_be_read_is_tried_again(tmp_path: Path, host: Host, clock: FixedClock) -> None:
    """A disk that failed for a moment does not keep the old content for ever."""
    path, failing = tmp_path / "file", True

    def read(seen: Seen) -> str:
        seen.note(path)
        if failing:
            raise OSError("the disk is gone")
        return "well"

    watched = Watched(read, part="directories.house", host=host)
    await watched.load()
    assert watched.error is not None
    assert watched.error.code == "sheet.failed"
    failing = False
    _later(clock, RETRY_EVERY)
    assert await watched.current() == "well"
    await watched.close()


async def test_half_a_file_is_never_content(tmp_path: Path, host: Host) -> None:
    """A file that was written to while it was read is read again from its beginning."""
    path = tmp_path / "file"
    path.write_text("half")
    plain, times = _reading(path), 0

    def read(seen: Seen) -> str:
        nonlocal times
        times += 1
        text = plain(seen)
        if times == 1:
            path.write_text("half and half")
        return text

    watched = Watched(read, part="directories.house", host=host)
    await watched.load()
    assert await watched.current() == "half and half"
    await watched.close()


async def test_a_file_that_never_rests_is_told(tmp_path: Path, host: Host) -> None:
    """It is not read for ever."""
    path = tmp_path / "file"

    def read(seen: Seen) -> str:
        seen.note(path)
        path.write_text(path.read_text() + "x" if path.exists() else "x")
        return "never"

    watched = Watched(read, part="directories.house", host=host)
    await watched.load()
    assert watched.error is not None
    assert watched.error.code == "sheet.changing"
    await watched.close()


async def test_who_gives_up_waiting_stops_nothing(tmp_path: Path, host: Host, clock: FixedClock) -> None:
    """A cancelled question leaves the reading to the others; what is replaced is let go, and the last too."""
    path, entered, go = tmp_path / "file", threading.Event(), threading.Event()
    path.write_text("one")
    go.set()
    plain = _reading(path)
    discarded: list[str] = []

    def read(seen: Seen) -> str:
        entered.set()
        assert go.wait(30)
        return plain(seen)

    watched = Watched(read, part="directories.house", host=host, discard=discarded.append)
    await watched.load()
    entered.clear()
    go.clear()
    path.write_text("two")
    _later(clock)
    impatient = asyncio.create_task(watched.current())
    assert await asyncio.to_thread(entered.wait, 30)
    impatient.cancel()
    with pytest.raises(asyncio.CancelledError):
        await impatient
    patient = asyncio.create_task(watched.current())
    go.set()
    assert await patient == "two"
    await watched.close()
    assert discarded == ["one", "two"]
