"""What is wrong with a template, and the error for an expression that gives nothing usable."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from hub.errors import HubError, Words

_SHOWN: Final = 120
"""Characters of a template that words repeat."""


class Fault(NamedTuple):
    """Why a template can't be used: one of `KINDS`, the line (from 1), and the part that is meant."""

    kind: str
    line: int
    detail: str


KINDS: Final = {
    "too_long": Words(en="it is longer than {detail} characters", fr="il dépasse {detail} caractères"),
    "too_deep": Words(en="it is nested too deeply", fr="il est trop imbriqué"),
    "syntax": Words(en="it can't be read: {detail}", fr="il est illisible : {detail}"),
    "statement": Words(
        en="{detail} is not offered here; only expressions between {{{{ and }}}} are",
        fr="{detail} n'existe pas ici ; seules les expressions entre {{{{ et }}}} existent",
    ),
    "function": Words(en="there is no function {detail}", fr="il n'y a pas de fonction {detail}"),
    "arguments": Words(
        en="function {detail} is called with the wrong arguments",
        fr="la fonction {detail} est appelée avec de mauvais arguments",
    ),
    "test": Words(en="there is no test {detail}", fr="il n'y a pas de test {detail}"),
    "name": Words(
        en="names don't begin with an underscore: {detail}",
        fr="un nom ne commence pas par un tiret bas : {detail}",
    ),
}
"""What each kind of fault means, for words; `{detail}` is filled in with `words_of`."""


def words_of(fault: Fault) -> Words:
    """Say what is wrong."""
    words = KINDS[fault.kind]
    detail = fault.detail.replace("'end of print statement'", "'}}'").removesuffix(".")
    return Words(en=words.en.format(detail=detail), fr=words.fr.format(detail=detail))


class TemplateError(HubError):
    """An expression has no value, or none that can be used where it stands.

    The words repeat the template and may name what is missing; they never hold a value. `missing` is that
    name, None when the fault is another one.
    """

    def __init__(self, source: str, words: Words, *, missing: str | None = None) -> None:
        shown = repr(source if len(source) <= _SHOWN else f"{source[: _SHOWN - 1]}…") if source else "…"
        super().__init__(
            "http.template",
            Words(
                en=f"The template {shown} of the description can't be filled in: {words.en}.",
                fr=f"Le modèle {shown} de la description ne peut être rempli : {words.fr}.",
            ),
        )
        self.source = source
        self.missing = missing


class UnfitError(Exception):
    """Raised by functions and operators: a value can't be used so. `words` say why, without the value."""

    def __init__(self, en: str, fr: str) -> None:
        super().__init__(en)
        self.words = Words(en=en, fr=fr)


def without_value(source: str) -> TemplateError:
    """Make the error for a template that must have a value, and has none."""
    return TemplateError(source, Words(en="it has no value", fr="il n'a pas de valeur"), missing=source)


def of_exception(source: str, error: Exception, name: Any = None) -> TemplateError:
    """Turn what an expression raised into an error. `name` is what was not found, if that was it."""
    if isinstance(error, TemplateError):
        return error
    if isinstance(error, UnfitError):
        return TemplateError(source, error.words)
    if isinstance(name, str):
        # A name that comes from data, not from the template, may be somebody's.
        known = name if name in source else "…"
        words = Words(en=f"there is no {known!r}", fr=f"il n'y a pas de {known!r}")
        return TemplateError(source, words, missing=known)
    return TemplateError(
        source, Words(en="its values do not fit together", fr="ses valeurs ne vont pas ensemble")
    )
