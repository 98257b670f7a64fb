"""`hub operator check FILE…`: every mistake in a description, with its line and what would be right."""

from __future__ import annotations

import json as json_
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from hub.errors import Words
from hub.plugin.terminal import LANGUAGE

if TYPE_CHECKING:
    from hub_http.description.examining import Examined

CONFIGURATION: Final = 3
"""The exit code for what can't be used as it is, as in `hub check`."""

HELP: Final = Words(
    en="Check descriptions of operators.\n\n"
    "Every mistake is told with file, line, key and what would be right: unknown keys, wrong values, "
    "templates, paths, and what must fit together. Nothing is asked of the operator. "
    "Each line is ✓, ! (it works, but look at it) or ✗. Exit code 0 without a ✗, else 3.",
    fr="Vérifier des descriptions d'opérateurs.\n\n"
    "Chaque faute est dite avec fichier, ligne, clé et ce qui serait juste : clés inconnues, "
    "valeurs fausses, modèles, chemins, et ce qui doit aller ensemble. Rien n'est demandé à l'opérateur. "
    "Chaque ligne est ✓, ! (cela marche, mais à voir) ou ✗. Code de sortie 0 sans ✗, sinon 3.",
)
_FILES: Final = Words(en="Descriptions, in TOML.", fr="Des descriptions, en TOML.")
_JSON: Final = Words(en="Print JSON for programs.", fr="Imprimer du JSON pour les programmes.")


def check(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help=_FILES.in_language(LANGUAGE))],
    *,
    json: Annotated[bool, typer.Option("--json", help=_JSON.in_language(LANGUAGE))] = False,
) -> None:
    """Check them all; none hides the mistakes of another."""
    from hub_http.description.examining import examine  # noqa: PLC0415 -- heavy: model, templates, paths

    found = [examine(file) for file in files]
    fine = all(one.fine for one in found)
    if json:
        typer.echo(json_.dumps(_data(found, fine=fine), ensure_ascii=False, indent=2))
    else:
        for one in found:
            _tell(one)
    raise typer.Exit(0 if fine else CONFIGURATION)


def _tell(one: Examined) -> None:
    for finding in one.findings:
        typer.echo(f"{'!' if finding.warning else '✗'} {finding.words.in_language(LANGUAGE)}")
    if one.fine:
        typer.echo(f"✓ {one.path} – {one.about.in_language(LANGUAGE)}")


def _data(found: Sequence[Examined], *, fine: bool) -> dict[str, Any]:
    return {
        "fine": fine,
        "files": [
            {
                "file": str(one.path),
                "fine": one.fine,
                "findings": [
                    {
                        "verdict": "warning" if finding.warning else "failed",
                        "code": finding.code,
                        "line": finding.line,
                        "key": finding.key,
                        "en": finding.words.en,
                        "fr": finding.words.fr,
                    }
                    for finding in one.findings
                ],
            }
            for one in found
        ],
    }
