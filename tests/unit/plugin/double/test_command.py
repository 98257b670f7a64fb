"""What a command that plays a double prints."""

from __future__ import annotations

import asyncio
import os
import signal
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as some

from hub.plugin.double import command


@given(some.one_of(some.text(), some.booleans(), some.integers(-(2**60), 2**60)))
def test_what_is_to_be_pasted_is_read_as_it_was_meant(value: object) -> None:
    """A path may hold quotes, back-slashes, anything."""
    assert tomllib.loads(f"key = {command.quoted(value)}") == {"key": value}


def test_a_request_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Method, route, status, remarks: nothing of what it says."""
    command.tell("POST", "send", 200, None, "(lost)")
    command.tell("GET", None, None)
    assert capsys.readouterr().out.splitlines() == ["POST send 200 (lost)", "GET - …"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_it_ends_when_it_is_asked_to(number: signal.Signals) -> None:
    """By Ctrl-C, or by whoever runs it."""
    stop = command.stopping()
    try:
        assert not stop.is_set()
        os.kill(os.getpid(), number)
        await stop.wait()
    finally:
        for one in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().remove_signal_handler(one)
