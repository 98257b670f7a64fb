"""`hub demo` tells its story to the end, in both languages; every line with a tick was checked by it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.counterparts import program


@pytest.mark.parametrize(
    ("locale", "ending"), [("C.UTF-8", "and it is refused"), ("fr_FR.UTF-8", "et elle est refusée")]
)
def test_the_story_holds(tmp_path: Path, locale: str, ending: str) -> None:
    """From an empty folder to the last line, with nothing set up before."""
    program("openssl")
    told = subprocess.run(
        [sys.executable, "-m", "hub", "demo", "--folder", str(tmp_path / "hub")],
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "LC_ALL": locale},
        check=False,
    )
    assert told.returncode == 0, told.stdout + told.stderr
    assert ending in told.stdout
    assert "✗" not in told.stdout.replace("✗ signature", "")
    assert told.stderr == ""
