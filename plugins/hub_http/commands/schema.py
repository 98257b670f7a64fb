"""`hub operator schema`: the JSON Schema of descriptions, for editors and other programs."""

from __future__ import annotations

import json
from typing import Final

import typer

from hub.errors import Words

HELP: Final = Words(
    en="Print the JSON Schema of descriptions.\n\n"
    "Editors that know it complete keys and show mistakes while one writes. "
    "`hub operator check` finds more: templates, paths, and what must fit together.",
    fr="Imprimer le schéma JSON des descriptions.\n\n"
    "Les éditeurs qui le connaissent complètent les clés et montrent les fautes à la frappe. "
    "`hub operator check` en trouve plus : modèles, chemins, et ce qui doit aller ensemble.",
)


def schema() -> None:
    """Print it."""
    from hub_http.description.schema import schema as made  # noqa: PLC0415 -- heavy: the whole model

    typer.echo(json.dumps(made(), ensure_ascii=False, indent=2))
