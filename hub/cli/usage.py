"""What is wrong with a command line, in both languages; typer's own words are English only."""

from __future__ import annotations

import re
from typing import Final

import typer

from hub.errors import Words

_GLOBAL: Final = ("--config", "-c", "--block")
_NO_COMMAND: Final = re.compile(r"No such command '(.*?)'\.(?: Did you mean (.*)\?)?")
_EXTRA: Final = re.compile(r"Got unexpected extra argument(?:s|\(s\))? \((.*)\)\.?")
_CHOICE: Final = re.compile(r"(.*) is not one of (.*)\.")
_BOUND: Final = re.compile(r"Input should be (greater|less) than or equal to (\d+)")
_INTEGER: Final = "Input should be a valid integer"


def words_of(error: typer.TyperException) -> Words:
    """Say what is wrong; what we don't know how to say in French stays in typer's English."""
    english = error.format_message()
    return Words(en=_dot(_hinted(error, english)), fr=_dot(_french(error, english)))


def _french(error: typer.TyperException, english: str) -> str:
    kind = type(error).__name__
    if kind == "NoSuchOption":
        return _no_such_option(error)
    if kind == "MissingParameter":
        return f"il manque {_hint(error)}"
    if kind == "BadParameter":
        said = str(error.message).removeprefix("Value error, ")
        if found := _CHOICE.fullmatch(said):
            said = f"{found[1]} n'est pas l'un de {found[2]}"
        elif found := _BOUND.match(said):
            said = f"au {'moins' if found[1] == 'greater' else 'plus'} {found[2]}"
        elif said.startswith(_INTEGER):
            said = "un nombre entier est attendu"
        return f"valeur fausse pour {_hint(error)} : {said}"
    if found := _NO_COMMAND.fullmatch(english):
        near = f" ; serait-ce {found[2]} ?" if found[2] else ""
        return f"la commande {found[1]!r} n'existe pas{near}"
    if found := _EXTRA.fullmatch(english):
        return f"en trop : {found[1]}"
    return english


def _no_such_option(error: typer.TyperException) -> str:
    option = str(getattr(error, "option_name", ""))
    near = ", ".join(getattr(error, "possibilities", None) or ())
    text = f"l'option {option} n'existe pas ici" + (f" ; serait-ce {near} ?" if near else "")
    before = " ; elle se met avant la commande : hub --config FICHIER COMMANDE"
    return text + (before if option in _GLOBAL else "")


def _hinted(error: typer.TyperException, english: str) -> str:
    if type(error).__name__ == "NoSuchOption" and getattr(error, "option_name", "") in _GLOBAL:
        return f"{english}; it goes before the command: hub --config FILE COMMAND"
    return english


def _hint(error: typer.TyperException) -> str:
    parameter = getattr(error, "param", None)
    hint = getattr(error, "param_hint", None) or (parameter.get_error_hint() if parameter else "?")
    return " / ".join(hint) if isinstance(hint, tuple | list) else str(hint)


def _dot(text: str) -> str:
    return text if text.endswith((".", "?")) else f"{text}."
