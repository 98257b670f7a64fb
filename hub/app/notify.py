"""Tells systemd how the service fares (sd_notify(3)); without NOTIFY_SOCKET it tells nobody."""

from __future__ import annotations

import os
import socket


def notify(state: str) -> None:
    """Send one assignment such as `READY=1`. A supervisor that can't be reached must not stop the hub."""
    path = os.environ.get("NOTIFY_SOCKET", "")
    if not path.startswith(("/", "@")):
        return
    # An abstract socket's name begins with a zero byte, written @.
    address = f"\0{path[1:]}" if path.startswith("@") else path
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
            channel.sendto(state.encode(), address)
    except OSError:
        return
