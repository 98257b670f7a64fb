"""What systemd is told, and that nobody is disturbed when there is no systemd."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from hub.app.notify import notify


@pytest.mark.parametrize("abstract", [False, True])
def test_readiness_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, abstract: bool) -> None:
    """`Type=notify` units start what depends on the hub when it listens, not before."""
    name = f"{tmp_path}/notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(f"\0{name}" if abstract else name)
        monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}" if abstract else name)
        notify("READY=1")
        assert listener.recv(100) == b"READY=1"


@pytest.mark.parametrize("value", ["", "relative", "/nowhere/at/all"])
def test_nobody_listening_is_no_fault(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """A hub started by hand runs the same."""
    monkeypatch.setenv("NOTIFY_SOCKET", value)
    notify("READY=1")
