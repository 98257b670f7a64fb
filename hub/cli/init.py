"""`hub init`: a working configuration from nothing."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from hub.cli import screen
from hub.cli.language import told
from hub.errors import Words


def run(
    *,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to make it.")] = Path(),
    name: Annotated[
        str | None,
        typer.Option(metavar="DOMAIN", help="The hub's host name; default: this machine's."),
    ] = None,
    address: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="The hub's own mailbox; default: hub@NAME.")
    ] = None,
    title: Annotated[str, typer.Option(help="The name beside that address.")] = "Caducée",
    p256: Annotated[
        bool, typer.Option("--p256", help="Make an ES256 signing key instead of an Ed25519 one.")
    ] = False,
) -> None:
    """Make a working configuration from nothing.

    Writes hub.toml, folders, a signing key with a self-signed certificate, the vault and a first API
    token, for their owner alone. Overwrites nothing. Asks for name and address on a terminal only.
    """
    from hub.adapters.keys.issue import KeyType  # noqa: PLC0415 -- cryptography is for those who make keys
    from hub.app import founding  # noqa: PLC0415 -- the same

    asks = sys.stdin.isatty() and sys.stdout.isatty()
    usual = founding.usual_name()
    if name is None:
        name = _ask(Words(en="Host name of the hub", fr="Nom d'hôte du hub"), usual) if asks else usual
    if address is None:
        own = f"hub@{name}"
        address = _ask(Words(en="Its own mailbox", fr="Sa propre adresse"), own) if asks else own
    made = founding.found(
        folder,
        name=name,
        address=address,
        title=title,
        kind=KeyType.P256 if p256 else KeyType.ED25519,
    )
    screen.say(
        Words(
            en=f"Made {made.file}, keys, vault and folders.",
            fr=f"Créé : {made.file}, clés, coffre et dossiers.",
        )
    )
    screen.say(
        Words(
            en=f"Signing certificate, SHA-256: {made.fingerprint}",
            fr=f"Certificat de signature, SHA-256 : {made.fingerprint}",
        )
    )
    option = "" if folder.resolve() == Path.cwd() else f" --config {made.file}"
    screen.say(
        Words(
            en=f"Next: hub{option} check; then fill the directory (hub{option} directory import FILES…), add"
            f" operators to {made.file}, and start it: hub{option} serve",
            fr=f"Ensuite : hub{option} check ; puis remplissez l'annuaire (hub{option} directory import"
            f" FICHIERS…), ajoutez des opérateurs à {made.file}, et lancez : hub{option} serve",
        )
    )


def _ask(words: Words, default: str) -> str:
    answer: str = typer.prompt(told(words), default=default)
    return answer
