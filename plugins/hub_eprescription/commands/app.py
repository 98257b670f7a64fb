"""`hub prescription`: what helps whoever connects software to an e-prescription service."""

from __future__ import annotations

from typing import Final

import typer

from hub.errors import Words
from hub.plugin.terminal import LANGUAGE
from hub_eprescription.commands import simulate

_GROUP: Final = Words(
    en="Simulate an e-prescription service.", fr="Simuler un service de prescription électronique."
)

app = typer.Typer(
    name="prescription", help=_GROUP.in_language(LANGUAGE), no_args_is_help=True, add_completion=False
)
app.command("simulate", help=simulate.HELP)(simulate.simulate)


@app.callback()
def _group() -> None:
    """Keep this a group, however few commands it has."""
