"""The page on writing a plugin shows code that works: it quotes tested files word for word."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

DOCS: Final = Path(__file__).parents[2] / "docs" / "how-to"
PAGE: Final = (DOCS / "write-a-plugin.md").read_text("utf-8")


@pytest.mark.parametrize("name", ["hub_dropfolder.py", "pyproject.toml", "test_dropfolder.py"])
def test_what_the_page_quotes_is_the_file(name: str) -> None:
    """Every line of a quotation that names its file stands in that file, in order."""
    (quoted,) = re.findall(rf"\[`{re.escape(name)}`\].*?```\w+\n(.*?)```", PAGE, re.DOTALL)
    assert quoted == (DOCS / "dropfolder" / name).read_text("utf-8")


def test_the_plugin_of_the_page_passes_the_contract() -> None:
    """Its own test file, run as its author runs it."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", ".", "-c", "/dev/null",
         "-o", "asyncio_mode=auto",
         "-W", "ignore::DeprecationWarning", "."],
        cwd=DOCS / "dropfolder", capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
