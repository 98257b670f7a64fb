"""The simulator as a process of its own (`hub prescription simulate`), for tests that kill and restart."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import sys
import tomllib
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """A simulator that runs. `told` is what it printed first: the lines for hub.toml are in it."""

    url: str
    folder: Path
    told: str
    process: subprocess.Popen[str]

    @property
    def anchors(self) -> Path:
        """The authority to trust."""
        return self.folder / "authority.pem"

    @property
    def token(self) -> Path:
        """The file with the prescriber's access token."""
        return self.folder / "prescriber.token"

    def counts(self) -> dict[str, Any]:
        """Return `states`, `issued` and `asked`."""
        counted: dict[str, Any] = self._ask("GET", "counts")
        return counted

    def prescriptions(self) -> list[dict[str, Any]]:
        """Return number, workflow, state and digest of each."""
        held: list[dict[str, Any]] = self._ask("GET", "prescriptions")["prescriptions"]
        return held

    def fault(self, operation: str, kind: str, times: int = 1) -> None:
        """Have it commit a fault."""
        self._ask("POST", "faults", {"operation": operation, "kind": kind, "times": times})

    def heal(self) -> None:
        """Have it commit no more faults."""
        self._ask("DELETE", "faults")

    def forward(self, seconds: float) -> None:
        """Put its clock forward."""
        self._ask("POST", "clock", {"forward": seconds})

    def pharmacy(self, number: str, *deeds: str) -> None:
        """Let a pharmacy `claim`, `reject`, `dispense`, `close` or `abort`."""
        for deed in deeds:
            self._ask("POST", f"prescriptions/{number}/{deed}")

    def table(self, operator: str = "erezept") -> dict[str, Any]:
        """Return a table that it offers for hub.toml: `erezept` or `eps`."""
        found: dict[str, Any] = tomllib.loads(self.told[self.told.index("[operators.") :])["operators"][
            operator
        ]
        return found

    def _ask(self, method: str, what: str, said: Any = None) -> Any:
        context = ssl.create_default_context(cafile=str(self.anchors))
        data = None if said is None else json.dumps(said).encode()
        request = urllib.request.Request(f"{self.url}/_simulator/{what}", data=data, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60, context=context) as response:
                return json.loads(response.read())
        except urllib.error.HTTPError as error:
            with error:
                raise AssertionError(error.read().decode()) from None


@contextmanager
def simulated(folder: Path, *options: str, port: int = 0) -> Iterator[Simulated]:
    """Run the simulator until the end of the block. The same folder again: the same tokens and authority."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "hub", "prescription", "simulate", "--listen", f"127.0.0.1:{port}"]
    command += ["--folder", str(folder), *options]
    with _running(command, folder / "simulator.log") as (process, told):
        url = next(word for word in told.split() if word.startswith("https://")).rstrip(";")
        yield Simulated(url=url, folder=folder, told=told, process=process)


@contextmanager
def _running(command: Sequence[str], log: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "PYTHONUNBUFFERED": "1"}
    with log.open("w") as errors:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env=environment,
        )
    assert process.stdout is not None
    try:
        lines = []
        for line in process.stdout:
            if line.startswith("It is ready"):
                break
            lines.append(line)
        else:
            raise AssertionError(log.read_text())
        yield process, "".join(lines)
    finally:
        process.terminate()
        process.communicate(timeout=60)
