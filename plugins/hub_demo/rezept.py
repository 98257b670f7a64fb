"""An e-prescription service: what `hub prescription simulate` plays, as a process."""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from hub_demo.processes import end, failed, until

PRESCRIPTION: Final = (files("hub_demo") / "data" / "prescription.xml").read_text("utf-8")
_WHERE: Final = ZoneInfo("Europe/Berlin")
"""Where the service's days begin: a prescription is of the day on which it is signed."""


@dataclass(slots=True)
class Rezept:
    """The service, as a process. Its certificate and tokens lie in `folder`; `trust` signs prescribers."""

    folder: Path
    port: int
    trust: Path
    process: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def url(self) -> str:
        """The base URL of its API."""
        return f"https://localhost:{self.port}"

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "hub", "prescription", "simulate", "--folder", str(self.folder)]
        options = ["--listen", f"127.0.0.1:{self.port}", "--trust", str(self.trust), "--keep"]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen([*command, *options], stdout=log, stderr=log)  # noqa: S603 -- our own
        until(
            self._answers,
            "the prescription service did not start: see rezept/log",
            "le service de prescription n'a pas démarré : voir rezept/log",
        )

    def stop(self) -> None:
        """Stop it."""
        if self.process is not None:
            end(self.process)
            self.process = None

    def prescription(self) -> bytes:
        """Return a prescription of today, as practice software makes it."""
        return PRESCRIPTION.replace("{day}", f"{datetime.now(_WHERE):%Y-%m-%d}").encode()

    def commit(self, operation: str, kind: str, times: int = 1) -> None:
        """Have it commit a fault, such as `activate`, `lost`."""
        self._ask("faults", {"operation": operation, "kind": kind, "times": times})

    def counts(self) -> Any:
        """Return how many prescriptions it has, and how many it issued."""
        return self._ask("counts")

    def prescriptions(self) -> list[Any]:
        """Return number and state of each."""
        held: list[Any] = self._ask("prescriptions")["prescriptions"]
        return held

    def pharmacy(self, deed: str, number: str) -> None:
        """Have a pharmacy `claim`, `dispense`, `close` or `reject` a prescription."""
        self._ask(f"prescriptions/{number}/{deed}", {})

    def _ask(self, what: str, said: Any = None) -> Any:
        data = None if said is None else json.dumps(said).encode()
        request = urllib.request.Request(f"{self.url}/_simulator/{what}", data)  # noqa: S310 -- https to ourselves
        context = ssl.create_default_context(cafile=str(self.folder / "authority.pem"))
        with urllib.request.urlopen(request, timeout=10, context=context) as answer:  # noqa: S310 -- the same
            return json.loads(answer.read())

    def _answers(self) -> bool:
        if self.process is not None and self.process.poll() is not None:
            raise failed("the prescription service stopped", "le service de prescription s'est arrêté")
        try:
            self.counts()
        except (urllib.error.URLError, OSError):
            return False
        return True
