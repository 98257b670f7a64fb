"""The tutorial about a new operator, done as it stands on the page: its files, its commands, in order."""

from __future__ import annotations

import json
import os
import re
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

import pytest

from tests.servers import free_port
from tests.shape.codes import ROOT

pytestmark = pytest.mark.timeout(300)

PAGE: Final = (ROOT / "docs" / "tutorial" / "a-new-operator.md").read_text("utf-8")
PATIENCE: Final = 60
STAYS: Final = re.compile(r"^hub (?:--config \S+ )?(?:operator simulate|serve)\b")
"""Commands that are left running in a terminal of their own."""


class Reader:
    """Somebody who does what the page says, in a folder of their own. Ports are theirs."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        self._stack = stack
        self._ports = {"9443": str(free_port()), "8025": str(free_port())}

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
        blocks = re.findall(r"^```toml\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
        with (self.folder / name).open("a", encoding="utf-8") as file:
            file.write("\n" + self.own(blocks[number]))

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the page; it is there, word for word."""
        return subprocess.run(
            ["bash", "-c", self.own(self.said(command))],
            cwd=self.folder,
            env=environment(),
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )

    def start(self, command: str) -> None:
        """Start a command that stays."""
        said = self.said(command)
        assert STAYS.match(said)
        self._stack.enter_context(running(self.own(said), self.folder))

    @staticmethod
    def said(begin: str) -> str:
        """Return the whole command of the page that begins so."""
        blocks = "".join(re.findall(r"^```console\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE))
        lines = blocks.replace("\\\n", " ").splitlines()
        (found,) = [line.removeprefix("$ ") for line in lines if line.startswith(f"$ {begin}")]
        return found


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


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    """Return one at the beginning of the page."""
    with ExitStack() as stack:
        yield Reader(tmp_path, stack)


def test_the_tutorial_does_what_it_says(reader: Reader) -> None:
    """A sixth operator takes one file: checked, played, tried, and a hub delivers to it."""
    # 2 and 3
    reader.add("tilleul.toml", 0)
    checked = reader.run("hub operator check tilleul.toml")
    assert (checked.returncode, checked.stdout.strip()) == (
        0,
        "✓ tilleul.toml – sends in 1 step (idempotency: key)",
    )
    assert checked.stdout.strip() in PAGE
    assert reader.run("sed 's/\"refused").returncode == 0
    wrong = reader.run("hub operator check wrong.toml")
    assert wrong.returncode == 3
    assert "did you mean refused?" in wrong.stdout
    # 4 and 5
    reader.add("tilleul.toml", 1)
    reader.start("hub operator simulate")
    double = f"https://localhost:{reader.port('9443')}/_double/messages"
    authority = reader.folder / "double" / "authority.pem"
    until_answers(double, authority)
    tried = reader.run("hub operator try")
    assert tried.returncode == 0, tried.stdout + tried.stderr
    assert "delivered" in tried.stdout
    assert (reader.folder / "double/secrets/key").read_text().strip() not in tried.stdout
    # 6
    assert reader.run("hub init letters").returncode == 0
    assert reader.run("hub --config letters/hub.toml directory import").returncode == 0
    assert reader.run("sed -i 's/^addresses").returncode == 0
    configuration = reader.folder / "letters" / "hub.toml"
    configuration.write_text(reader.own(configuration.read_text("utf-8")), "utf-8")
    reader.add("letters/hub.toml", 2)
    looked = reader.run("hub --config letters/hub.toml check")
    assert looked.returncode == 0, looked.stdout + looked.stderr
    reader.start("hub --config letters/hub.toml serve")
    until_answers(f"http://127.0.0.1:{reader.port('8025')}/readyz")
    sent = reader.run("hub send")
    assert sent.returncode == 0, sent.stdout + sent.stderr
    held = json.loads(until_answers(double, authority))["messages"]
    assert [one["to"] for one in held] == [["dr.camille.martin@valbrume.mssante.example"]] * 2
    assert "POST letters 201" in (reader.folder / "log").read_text()
