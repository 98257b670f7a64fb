"""An operator with an HTTP API and no SMTP: the double that `hub operator simulate` makes of a file."""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from hub_demo.processes import end, failed, until

DESCRIPTION: Final = (files("hub_demo") / "data" / "courrier.toml").read_text("utf-8")


@dataclass(slots=True)
class Courrier:
    """The operator, as a process. Its certificate and the hub's key lie in `folder`."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def url(self) -> str:
        """The base URL of its API."""
        return f"https://localhost:{self.port}"

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        description = self.folder / "courrier.toml"
        description.write_text(DESCRIPTION, "utf-8")
        command = [sys.executable, "-m", "hub", "operator", "simulate", str(description)]
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen(  # noqa: S603 -- our own program, our own arguments
                [*command, "--port", str(self.port), "--folder", str(self.folder)], stdout=log, stderr=log
            )
        until(
            self._answers,
            "the HTTP operator did not start: see courrier/log",
            "l'opérateur HTTP n'a pas démarré : voir courrier/log",
        )

    def stop(self) -> None:
        """Stop it."""
        if self.process is not None:
            end(self.process)
            self.process = None

    def lose_an_answer(self) -> None:
        """Have it take the next message, and cut the connection in place of its answer."""
        self._ask("faults", {"route": "post", "kind": "lost", "times": 1})

    def messages(self) -> list[Any]:
        """Return what it holds: the JSON of each message."""
        held = self._ask("messages")["messages"]
        return [self._ask(f"messages/{one['id']}") for one in held]

    def _ask(self, what: str, said: Any = None) -> Any:
        data = None if said is None else json.dumps(said).encode()
        request = urllib.request.Request(f"{self.url}/_double/{what}", data)  # noqa: S310 -- https to ourselves
        context = ssl.create_default_context(cafile=str(self.folder / "authority.pem"))
        with urllib.request.urlopen(request, timeout=10, context=context) as answer:  # noqa: S310 -- the same
            return json.loads(answer.read())

    def _answers(self) -> bool:
        if self.process is not None and self.process.poll() is not None:
            raise failed("the HTTP operator stopped", "l'opérateur HTTP s'est arrêté")
        try:
            self._ask("messages")
        except (urllib.error.URLError, OSError):
            return False
        return True
