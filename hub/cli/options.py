"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON for a program.")]
Who = Annotated[
    str,
    typer.Argument(metavar="WHO", help="An address, rpps:…, finess:…, ins:…, or 'name, specialty, town'."),
]
Directory = Annotated[
    str | None,
    typer.Option("--name", metavar="NAME", help="Only this directory, by its name in the configuration."),
]
OneDirectory = Annotated[
    str | None,
    typer.Option(
        "--name",
        metavar="NAME",
        help="Which directory, by its name in the configuration; needed with several.",
    ),
]
