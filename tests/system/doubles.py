"""Doubles of operators as processes of their own (`hub operator simulate`), and hubs that send to them."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import sys
import tomllib
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from hub_demo.world import World, until
from tests.servers import free_port

NAME: Final = "praticien"
_TABLE: Final = """
[operators.praticien]
kind = "http"
domains = ["cabinet-lilas.mssante.example"]
description = "{description}"
base_url = "{url}"
anchors = ["{anchors}"]
networks = ["127.0.0.0/8", "::1/128"]
retry_base = "1s"
retry_cap = "2s"
breaker_pause = "1s"
"""


@dataclass(frozen=True, slots=True)
class Simulated:
    """A double that runs. `told` is what it printed first: the lines for hub.toml are in it."""

    url: str
    anchors: Path
    told: str
    process: subprocess.Popen[str]

    def messages(self) -> list[Any]:
        """Return what it holds."""
        said: list[Any] = self._ask("messages")["messages"]
        return said

    def fault(self, route: str, kind: str, times: int = 1) -> None:
        """Have it commit a fault."""
        self._ask("faults", {"route": route, "kind": kind, "times": times})

    def table(self) -> dict[str, Any]:
        """Return the table that it offers for hub.toml."""
        (table,) = tomllib.loads(self.told[self.told.index("[operators.") :])["operators"].values()
        found: dict[str, Any] = table
        return found

    def _ask(self, what: str, said: Any = None) -> Any:
        data = None if said is None else json.dumps(said).encode()
        context = ssl.create_default_context(cafile=str(self.anchors))
        with urllib.request.urlopen(
            f"{self.url}/_double/{what}", data, timeout=20, context=context
        ) as answer:
            return json.load(answer)


@contextmanager
def simulated(description: Path, folder: Path, *options: str) -> Iterator[Simulated]:
    """Run a double until the end of the block; it must end well then."""
    port = free_port()
    command = [sys.executable, "-m", "hub", "operator", "simulate", str(description), "--port", str(port)]
    process = subprocess.Popen(
        [*command, "--folder", str(folder), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )
    assert process.stdout is not None
    told: list[str] = []
    for line in process.stdout:
        if line == "It is ready; Ctrl-C stops it.\n":
            break
        told.append(line)
    try:
        yield Simulated(f"https://localhost:{port}", folder / "authority.pem", "".join(told), process)
    finally:
        process.terminate()
        said = process.stdout.read()
        process.stdout.close()
        assert process.wait(30) == 0, said


def connect(world: World, description: Path, double: Simulated) -> None:
    """Configure a hub to send to a double, by the lines that the double prints."""
    file = world.folder / "hub.toml"
    table = _TABLE.format(description=description, url=double.url, anchors=double.anchors)
    given = double.table()
    for key in ("parameters", "secrets"):
        lines = [f'{name} = "{value}"' for name, value in given.get(key, {}).items()]
        table += "\n".join([f"[operators.{NAME}.{key}]", *lines, ""])
    with file.open("a") as configuration:
        configuration.write(table)


def events(world: World, envelope: str) -> list[str]:
    """Return what the timeline of a message tells of, in order."""
    return [one["event"] for one in world.json("trace", envelope, language="en")["timeline"]]


def told(world: World, envelope: str, *expected: str) -> Sequence[str]:
    """Wait until the timeline tells of these events; return all that it tells of."""
    until(lambda: set(expected) <= set(events(world, envelope)), f"{expected} not in the timeline", "")
    return events(world, envelope)
