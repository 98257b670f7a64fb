"""An operator's proofs, over an exchange that is real or scripted."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter
from yarl import URL

from hub.domain.address import Address
from hub.plugin.ledger import EphemeralLedger
from hub.ports.host import Host
from hub.testing.fakes import FixedClock, RecordingLog
from hub_http.auth.authority import Authority
from hub_http.auth.opening import authority_of
from hub_http.auth.secrets import Secrets
from hub_http.description.model import Description
from hub_http.wire.exchange import Bytes, Exchange, Request

URL_: Final = URL("https://api.valbrume.example/v1/messages/a%2Fb?x=1&y=%20")
PARAMETERS: Final[Mapping[str, Any]] = {
    "client": "hub-1",
    "mailbox": "X26ABC1",
    "audience": "https://aud.example",
}


class Counting:
    """Chance that never gives the same twice (`Chance`)."""

    def __init__(self) -> None:
        self.count = 0

    def bytes(self, count: int) -> bytes:
        """Return bytes."""
        self.count += 1
        return self.count.to_bytes(count)

    def fraction(self) -> float:
        """Return a number."""
        return 0.5


def host(clock: FixedClock | None = None) -> Host:
    """Return what the hub lends."""
    return Host(
        name="valbrume",
        hub_name="hub.example",
        address=Address.parse("hub@hub.example"),
        clock=clock or FixedClock(),
        chance=Counting(),
        log=RecordingLog(),
        data=Path("/nowhere"),
        ledger=EphemeralLedger(),
    )


def secrets(folder: Path, **values: str | bytes) -> Secrets:
    """Write secrets to files that nobody else can read."""
    folder.mkdir(exist_ok=True)
    return Secrets({name: write(folder / name, value) for name, value in values.items()})


def write(path: Path, value: str | bytes) -> Path:
    """Write a secret."""
    path.touch(mode=0o600)
    path.write_bytes(value if isinstance(value, bytes) else value.encode())
    return path


def described(*auth: dict[str, Any], **more: Any) -> Description:
    """Return a description with these proofs."""
    base = "https://api.valbrume.example"
    given = {"version": 1, "title": "Valbrume", "base_url": base, "auth": list(auth), **more}
    return TypeAdapter(Description).validate_python(given)


def authority(
    held: Secrets, *auth: dict[str, Any], exchange: Any = None, at: Host | None = None, **more: Any
) -> Authority:
    """Return an authority that has these proofs."""
    way: Exchange = exchange
    return authority_of(
        described(*auth, **more), parameters=PARAMETERS, secrets=held, exchange=way, host=at or host()
    )


def request(body: bytes | None = b'{"a": 1}', **more: Any) -> Request:
    """Return a request to be authorised."""
    made = Bytes(data=body, media_type="application/json") if body is not None else None
    return Request(method="POST", url=URL_, body=made, **more)


def minutes(count: float) -> timedelta:
    """Return a duration."""
    return timedelta(minutes=count)


async def run(*command: str, given: bytes = b"") -> bytes:
    """Run a program to its end and return what it prints; it must succeed."""
    done = await asyncio.to_thread(subprocess.run, command, input=given, capture_output=True, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr).decode()
    return done.stdout
