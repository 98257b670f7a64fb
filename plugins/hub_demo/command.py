"""`hub demo`: the whole story in one terminal."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Final

import typer

from hub.errors import HubError, Words, spoken_at

LANGUAGE: Final = spoken_at(os.environ)

_HELP: Final = Words(
    en="Run a hospital, a doctor, operators, a prescription service and a hub, and tell the story.\n\n"
    "The exit code is 0 when every step was seen to hold.",
    fr="Faire tourner hôpital, médecin, opérateurs, service de prescription et hub, et conter l'histoire."
    "\n\n"
    "Le code de retour est 0 si chaque étape a été vue juste.",
)
_FOLDER: Final = Words(
    en="A folder that does not exist yet, to keep everything in; default: a temporary one, kept too.",
    fr="Un dossier qui n'existe pas encore, où tout garder ; par défaut : un temporaire, gardé aussi.",
)

app = typer.Typer(
    name="demo", help=_HELP.in_language(LANGUAGE), invoke_without_command=True, add_completion=False
)


@app.callback()
def demo(
    folder: Annotated[Path | None, typer.Option(help=_FOLDER.in_language(LANGUAGE))] = None,
) -> None:
    """Tell the story."""
    from rich.console import Console  # noqa: PLC0415 -- only when the story is told

    from hub_demo.show import Show  # noqa: PLC0415 -- the same
    from hub_demo.story import tell  # noqa: PLC0415 -- the same

    show = Show(Console(), LANGUAGE)
    place = folder or Path(tempfile.mkdtemp(prefix="caducee-demo-")) / "hub"
    try:
        tell(place, show)
    except HubError as error:
        show.console.print(f"[red]✗[/] {error.words.in_language(show.language)}", highlight=False)
        sys.exit(1)
