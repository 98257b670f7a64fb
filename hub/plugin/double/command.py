"""What commands that play a double share: options for its files, and what they print until it stops."""

from __future__ import annotations

import asyncio
import json
import signal
from pathlib import Path
from typing import Annotated

import typer

from hub.plugin.terminal import said

Certificate = Annotated[
    Path | None,
    typer.Option(
        metavar="PEM",
        help=said("Its certificate, in PEM; else one is made.", "Son certificat, en PEM ; sinon créé."),
    ),
]
Key = Annotated[
    Path | None,
    typer.Option(metavar="PEM", help=said("Its private key, in PEM.", "Sa clé privée, en PEM.")),
]
Anchors = Annotated[
    Path | None,
    typer.Option(
        metavar="PEM",
        help=said(
            "With --certificate: the authority that the hub is to trust.",
            "Avec --certificate : l'autorité que le hub doit croire.",
        ),
    ),
]
Clients = Annotated[
    Path | None,
    typer.Option(
        metavar="PEM",
        help=said(
            "Authorities of the certificate that callers must show; else none is asked for.",
            "Autorités du certificat que l'appelant doit montrer ; sinon, aucun.",
        ),
    ),
]


def stopping() -> asyncio.Event:
    """Return what is set once somebody asks the process to end (SIGINT, SIGTERM)."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


def quoted(value: object) -> str:
    """Write a value as TOML does: a truth, a number, or else a text, which may hold anything (a path)."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    # a basic string of TOML is a string of JSON, but for one sign
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")


def tell(method: str, route: str | None, status: int | None, *remarks: str | None) -> None:
    """Write one line for a request: nothing of what it says. `status` is None while it is not answered."""
    parts = [method, route or "-", "…" if status is None else str(status)]
    typer.echo(" ".join([*parts, *(one for one in remarks if one is not None)]))
