"""`hub operator`: what helps whoever plugs in an operator by a description."""

from __future__ import annotations

from typing import Final

import typer

from hub.errors import Words
from hub.plugin.terminal import LANGUAGE
from hub_http.commands import check, schema, simulate, try_

_GROUP: Final = Words(
    en="Check, try and simulate operators that are described in a file.",
    fr="Vérifier, essayer et simuler les opérateurs décrits dans un fichier.",
)

app = typer.Typer(
    name="operator", help=_GROUP.in_language(LANGUAGE), no_args_is_help=True, add_completion=False
)
app.command("check", help=check.HELP.in_language(LANGUAGE))(check.check)
app.command("try", help=try_.HELP)(try_.try_)
app.command("simulate", help=simulate.HELP)(simulate.simulate)
app.command("schema", help=schema.HELP.in_language(LANGUAGE))(schema.schema)
