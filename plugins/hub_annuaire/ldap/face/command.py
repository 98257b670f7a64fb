"""`hub ldap-account make NAME`: the line of a new account for the file that `accounts` names."""

from __future__ import annotations

import os
import sys
from typing import Annotated, Final

import typer

from hub.errors import MalformedError, Words, spoken_at
from hub_annuaire.ldap.face.passwords import MAX_PASSWORD, NAME, keep

LANGUAGE: Final = spoken_at(os.environ)
LEAST: Final = 12
"""Signs of a password."""

_HELP: Final = Words(
    en="Make an account.\n\n"
    "The password is asked for twice, or read from standard input when that is no terminal. "
    "What is printed is one line for the file that accounts names; the password can't be read from it.",
    fr="Créer un compte.\n\n"
    "Le mot de passe est demandé deux fois, ou lu sur l'entrée standard si ce n'est pas un terminal. "
    "Le résultat est une ligne pour le fichier nommé par accounts ; le mot de passe ne s'y lit pas.",
)
_ACCOUNT: Final = Words(
    en="What the account is called: letters, digits, dots, hyphens.",
    fr="Le nom du compte : lettres, chiffres, points, tirets.",
)
_PASSWORD: Final = Words(en="Password", fr="Mot de passe")
_AGAIN: Final = Words(en="Once more", fr="Encore une fois")

_GROUP: Final = Words(
    en="Make accounts for those who search the directory by LDAP.",
    fr="Créer des comptes pour qui consulte l'annuaire par LDAP.",
)

app = typer.Typer(
    name="ldap-account", help=_GROUP.in_language(LANGUAGE), no_args_is_help=True, add_completion=False
)


@app.callback()
def accounts() -> None:
    """Keep `make` a command of its own, though it is the only one."""


@app.command(help=_HELP.in_language(LANGUAGE))
def make(
    name: Annotated[str, typer.Argument(metavar="NAME", help=_ACCOUNT.in_language(LANGUAGE))],
) -> None:
    """Print the line."""
    print(line(name, _password(), os.urandom(16)))  # noqa: T201 -- it is what the command is for


def line(name: str, password: str, salt: bytes) -> str:
    """Return the line of an account. Raises MalformedError for a name or a password that can't be one."""
    if not NAME.fullmatch(name):
        raise _wrong(
            "An account's name is letters, digits, dots, hyphens and underscores, at most 64.",
            "Le nom d'un compte : lettres, chiffres, points, tirets et soulignés, 64 au plus.",
        )
    if len(password) < LEAST or len(password.encode()) > MAX_PASSWORD:
        raise _wrong(
            f"A password has {LEAST} signs at least, and {MAX_PASSWORD} bytes at most.",
            f"Un mot de passe a au moins {LEAST} signes, et au plus {MAX_PASSWORD} octets.",
        )
    return f"{name}:{keep(password, salt)}"


def _password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    return str(
        typer.prompt(
            _PASSWORD.in_language(LANGUAGE), hide_input=True, confirmation_prompt=_AGAIN.in_language(LANGUAGE)
        )
    )


def _wrong(en: str, fr: str) -> MalformedError:
    return MalformedError("ldap.account", Words(en=en, fr=fr))
