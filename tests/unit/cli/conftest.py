"""A program to run in the test's own process, in English unless a test says otherwise."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from hub.adapters.plugins.manager import discover
from hub.cli.program import run

with mock.patch.dict(os.environ, {"LC_ALL": "C.UTF-8"}):
    # A plugin's command speaks the language of the environment in which it was first imported.
    discover(only_commands=True)


@dataclass(frozen=True, slots=True)
class Said:
    """What a run printed, and its exit code."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """Return standard output as a program reads it."""
        return json.loads(self.out)


Hub = Callable[..., Said]


@pytest.fixture
def hub(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Hub:
    """Return a function that runs `hub` with some arguments."""
    for name in (
        "LC_ALL",
        "LC_MESSAGES",
        "LANG",
        "CADUCEE_CONFIG",
        "CADUCEE_TOKEN",
        "CADUCEE_TRACEBACK",
        "CADUCEE_URL",
    ):
        monkeypatch.delenv(name, raising=False)

    def call(*arguments: str | Path, language: str = "en") -> Said:
        monkeypatch.setenv("LC_ALL", f"{language}_XX.UTF-8")
        code = run([str(one) for one in arguments])
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return call


@pytest.fixture
def folder(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder that `hub init` made, as the working folder."""
    assert hub("init", tmp_path / "hub", "--name", "hub.valbrume.example").code == 0
    monkeypatch.chdir(tmp_path / "hub")
    return tmp_path / "hub"
