"""`hub demo`: the whole story in one terminal."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from hub.errors import HubError

app = typer.Typer(
    name="demo",
    help="Run a hospital, a city doctor, two operators and a hub on this machine, and tell the story.",
    invoke_without_command=True,
    add_completion=False,
)


@app.callback()
def demo(
    folder: Annotated[
        Path | None,
        typer.Option(help="An empty folder to keep everything in; default: a temporary one, kept too."),
    ] = None,
) -> None:
    """Tell the story; the exit code is 0 when every step was seen to hold."""
    from rich.console import Console  # noqa: PLC0415 -- only when the story is told

    from hub_demo.show import Show  # noqa: PLC0415 -- the same
    from hub_demo.story import tell  # noqa: PLC0415 -- the same

    show = Show(Console(), _language())
    place = folder or Path(tempfile.mkdtemp(prefix="caducee-demo-")) / "hub"
    try:
        tell(place, show)
    except HubError as error:
        show.console.print(f"[red]✗[/] {error.words.in_language(show.language)}", highlight=False)
        sys.exit(1)


def _language() -> str:
    """Return `fr` or `en`, as the environment says (POSIX.1-2017, 8.2)."""
    told = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return "fr" if told.lower().startswith("fr") else "en"
