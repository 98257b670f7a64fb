"""What a test needs beside the hub: missing, the test skips and says so; under `CI=true` it fails."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Final

import pytest

SHARED: Final = Path(__file__).parents[2] / "shared" / "data"
"""Test data that may be read but not copied; it is not part of the project."""
APART: Final = Path(__file__).parents[1] / ".counterparts"
"""The environment of the counterparts that come from package registries (`make counterparts`)."""


def program(name: str) -> str:
    """Return the path of a program, or end the test."""
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/bin")
    if path is None:
        absent(f"the program {name} is not installed (make packages)")
    return str(path)


def apart(name: str) -> str:
    """Return the path of a program of the counterparts' own environment, or end the test."""
    for folder in (APART / "bin", APART / "node_modules" / ".bin"):
        if (folder / name).exists():
            return str(folder / name)
    absent(f"the counterpart {name} is not installed (make counterparts)")
    raise AssertionError(name)


def absent(what: str) -> None:
    """End the test because something is not here."""
    if os.environ.get("CI") == "true":
        pytest.fail(what)
    pytest.skip(what)


def shared(name: str) -> Path:
    """Return a folder of shared test data, or skip: the data does not come with the project."""
    folder = SHARED / name
    if not folder.exists():
        pytest.skip(f"test data not here: {name}")
    return folder
