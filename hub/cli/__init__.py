"""The `hub` program: one command per file."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the program with the process's arguments and end the process (`hub.cli.exit_codes`)."""
    from hub.cli.program import run  # noqa: PLC0415 -- importing `hub.cli.exit_codes` must not cost typer

    sys.exit(run(sys.argv[1:]))
