"""Readers of a tutorial: they do what a page says, word for word, in a folder of their own."""

from __future__ import annotations

import os
import re
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

from tests.servers import free_port
from tests.shape.codes import ROOT

PATIENCE: Final = 60
STAYS: Final = re.compile(r"^hub (?:--config \S+ )?(?:(?:operator|prescription) simulate|serve)\b")
"""Commands that are left running in a terminal of their own."""
_MEMORY: Final = ".remembered"


class Reader:
    """Somebody who does what the page says. Its variables last from command to command; ports are theirs."""

    def __init__(self, page: str, folder: Path, stack: ExitStack, ports: Sequence[str]) -> None:
        self.folder = folder
        self._page = page
        self._stack = stack
        self._ports = {said: str(free_port()) for said in ports}

    def port(self, said: str) -> str:
        """Return the port that stands for one of the page."""
        return self._ports[said]

    def own(self, text: str) -> str:
        """Put the reader's ports into a text of the page."""
        for said, port in self._ports.items():
            text = text.replace(said, port)
        return text

    def add(self, name: str, number: int) -> None:
        """Write the page's n-th file, or the next piece of it."""
        blocks = re.findall(r"^```toml\n(.*?)^```", self._page, re.DOTALL | re.MULTILINE)
        with (self.folder / name).open("a", encoding="utf-8") as file:
            file.write("\n" + self.own(blocks[number]))

    def run(self, command: str, *, nth: int = 0) -> subprocess.CompletedProcess[str]:
        """Run the page's command that begins so, the n-th of them; it is there, word for word."""
        remembered = self.folder / _MEMORY
        remembered.touch()
        script = f". ./{_MEMORY}; set -a\n{self.own(self.said(command, nth))}\n"
        return subprocess.run(
            ["bash", "-c", f"{script}code=$?; export -p > {_MEMORY}; exit $code"],
            cwd=self.folder,
            env=environment(),
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )

    def start(self, command: str, more: str = "") -> None:
        """Start a command that stays, with what this reader must add to it."""
        said = self.said(command)
        assert STAYS.match(said)
        self._stack.enter_context(running(f"{self.own(said)}{more}", self.folder))

    def said(self, begin: str, nth: int = 0) -> str:
        """Return the n-th of the page's commands that begin so."""
        blocks = "".join(re.findall(r"^```console\n(.*?)^```", self._page, re.DOTALL | re.MULTILINE))
        commands = re.split(r"^\$ ", blocks, flags=re.MULTILINE)
        return [one.strip() for one in commands if one.startswith(begin)][nth]


def environment() -> dict[str, str]:
    """Return an environment in which `hub` is this one, in English."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "LC_ALL": "C.UTF-8", "NO_COLOR": "1", "SOURCES": str(ROOT)}


@contextmanager
def running(command: str, folder: Path) -> Iterator[None]:
    """Run a command until the block ends."""
    with (folder / "log").open("a") as log:
        process = subprocess.Popen(
            ["bash", "-c", f"exec {command}"], cwd=folder, env=environment(), stdout=log, stderr=log
        )
        try:
            yield
        finally:
            process.terminate()
            process.wait(PATIENCE)


def until_answers(url: str, authority: Path | None = None) -> bytes:
    """Wait for an answer of 200; return its body."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with suppress(urllib.error.URLError, OSError):
            context = None if authority is None else ssl.create_default_context(cafile=authority)
            with urllib.request.urlopen(url, timeout=5, context=context) as answer:
                body: bytes = answer.read()
                return body
        time.sleep(0.1)
    raise AssertionError(url)
