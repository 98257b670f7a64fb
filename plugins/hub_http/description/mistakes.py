"""What is wrong in a description: each mistake with its place, and what would be right."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from hub.errors import ConfigError, Words
from hub.plugin.positions import Positions
from hub_http.description import anatomy
from hub_http.description.anatomy import Kind
from hub_http.description.model import Description

Place = tuple[str | int, ...]
"""Keys as they are written, and the numbers of members, from 0."""

_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
_BOUNDS: Final = {
    "greater_than": ("gt", "must be more than {}", "doit dépasser {}"),
    "greater_than_equal": ("ge", "must be at least {}", "doit être au moins {}"),
    "less_than_equal": ("le", "must be at most {}", "doit être au plus {}"),
}
_KEY: Final = "[key]"
_NEAR: Final = 0.75
"""From which likeness a word with another first letter is suggested: `in` is not meant to be `kind`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """Something that is wrong at a place. The words continue a sentence that begins with the key.

    A `warning` does not keep anybody from using the description.
    """

    place: Place
    words: Words
    warning: bool = False

    @property
    def key(self) -> str:
        """The place as TOML writes it; members of a list are counted from 1."""
        return spelt(self.place)


def spelt(place: Place) -> str:
    """Write a place as TOML does."""
    return ".".join(_part(one) for one in place)


def _part(part: str | int) -> str:
    if isinstance(part, int):
        return str(part + 1)
    return part if _BARE.fullmatch(part) else json.dumps(part, ensure_ascii=False)


def mistakes(error: ValidationError, values: Mapping[str, Any]) -> Iterator[Mistake]:
    """Translate what the model found, one for each place. No value is ever shown: it may be a secret."""
    seen = set()
    for one in error.errors(include_url=False, include_input=False):
        mistake = _mistake(one, values)
        # Of a list whose members are wrong the model says, too, that it is empty.
        emptied = one["type"] == "too_short" and bool(_value(values, mistake.place))
        if mistake.place not in seen and not emptied:
            seen.add(mistake.place)
            yield mistake


def _mistake(error: ErrorDetails, values: Mapping[str, Any]) -> Mistake:
    where = error["loc"]
    named = where[-1:] == (_KEY,)
    where = where[:-1] if named else where
    place, known = _real(where, values)
    kind = anatomy.at(Description, known)
    if named:
        kind = anatomy.at(Description, known[:-1])
        names = None if kind is None else anatomy.keys(kind)
        return Mistake(place=place, words=_name(names or Kind(str), str(place[-1])))
    if error["type"] == "extra_forbidden":
        return Mistake(place=place, words=_unknown(str(place[-1]), anatomy.at(Description, known[:-1])))
    if error["type"] in {"union_tag_invalid", "union_tag_not_found"}:
        return _tag(place, kind, error, _value(values, (*place, "kind")))
    return Mistake(place=place, words=_words(error, kind or Kind(None), _value(values, place)))


def _words(error: ErrorDetails, kind: Kind, value: Any) -> Words:
    right = anatomy.takes(kind)
    if error["type"] == "missing":
        return Words(en=f"is missing: it takes {right.en}", fr=f"est absent : il faut {right.fr}")
    if error["type"] in _BOUNDS:
        bound, en, fr = _BOUNDS[error["type"]]
        number = f"{error['ctx'][bound]:g}"
        return Words(en=en.format(number), fr=fr.format(number))
    if error["type"] == "too_short":
        return Words(en="must not be empty", fr="ne doit pas être vide")
    choices = anatomy.choices(kind)
    if isinstance(value, str) and value in choices:
        return Words(
            en=f"is not {right.en}: leave the quotation marks out",
            fr=f"n'est pas {right.fr} : retirez les guillemets",
        )
    return suggested(Words(en=f"is not {right.en}", fr=f"n'est pas {right.fr}"), value, choices)


def _name(kind: Kind, name: str) -> Words:
    right = anatomy.takes(kind)
    words = Words(
        en=f"can't have this name: it is {right.en}", fr=f"ne peut porter ce nom : il faut {right.fr}"
    )
    return suggested(words, name, anatomy.choices(kind))


def _unknown(key: str, table: Kind | None) -> Words:
    known = sorted(
        {one for block in (anatomy.blocks(table) if table else ()) for one in anatomy.fields(block)}
    )
    listed = ", ".join(known)
    words = Words(en="is not known here", fr="est inconnu ici")
    meant = suggested(words, key, known)
    if meant is not words:
        return meant
    return Words(en=f"is not known here; known are {listed}", fr=f"est inconnu ici ; connus : {listed}")


def _tag(place: Place, kind: Kind | None, error: ErrorDetails, value: Any) -> Mistake:
    blocks = () if kind is None else anatomy.blocks(kind)
    kinds = [anatomy.kind_of(anatomy.fields(block)["kind"]) for block in blocks]
    known = [word for one in kinds for word in anatomy.choices(one)]
    listed = ", ".join(known)
    if error["type"] == "union_tag_not_found":
        words = Words(en=f"is missing: it takes one of {listed}", fr=f"est absent : il faut l'un de {listed}")
    else:
        words = Words(en=f"is not one of {listed}", fr=f"n'est pas l'un de {listed}")
    return Mistake(place=(*place, "kind"), words=suggested(words, value, known))


def suggested(words: Words, wrote: Any, known: Iterable[str]) -> Words:
    """Add what somebody may have meant."""
    near = nearest(wrote, known) if isinstance(wrote, str) else None
    if near is None:
        return words
    return Words(en=f"{words.en}; did you mean {near}?", fr=f"{words.fr} ; vouliez-vous {near} ?")


def nearest(wrote: str, known: Iterable[str]) -> str | None:
    """Return what somebody may have meant."""
    words, said = list(known), wrote.lower()
    near = difflib.get_close_matches(said, words)
    sure = difflib.get_close_matches(said, words, cutoff=_NEAR)
    return next((one for one in near if one in sure or one[:1] == said[:1]), None)


def _real(where: Sequence[str | int], values: Any) -> tuple[Place, Place]:
    """Return the place as it is written, and as the model knows it.

    pydantic puts in the names of the members of a union: the model needs those of `kind`, nobody else does.
    """
    place: list[str | int] = []
    known: list[str | int] = []
    value, tagged = values, False
    for at, part in enumerate(where):
        kind = anatomy.at(Description, known)
        several = kind is not None and len(anatomy.blocks(kind)) > 1
        if several and not tagged:
            known.append(part)
            tagged = True
            continue
        tagged = False
        last = at == len(where) - 1
        if not isinstance(value, dict | list) or (last and kind is not None and _is_scalar(kind)):
            break
        place.append(part)
        known.append(part)
        value = _value(value, (part,))
    return tuple(place), tuple(known)


def _is_scalar(kind: Kind) -> bool:
    return anatomy.inside(kind) is None and not anatomy.blocks(kind)


def _value(values: Any, place: Place) -> Any:
    for part in place:
        if isinstance(values, dict):
            values = values.get(part)
        elif isinstance(values, list) and isinstance(part, int) and part < len(values):
            values = values[part]
        else:
            return None
    return values


def wrong(place: Place, en: str, fr: str) -> Mistake:
    """Make a mistake."""
    return Mistake(place=place, words=Words(en=en, fr=fr))


def warning(place: Place, en: str, fr: str) -> Mistake:
    """Make one that is only to be looked at."""
    return Mistake(place=place, words=Words(en=en, fr=fr), warning=True)


def placed(path: Path, text: str, found: Iterable[Mistake]) -> list[tuple[Mistake, ConfigError]]:
    """Give each mistake its error, with file and line, in the order of the file."""
    line_of = lines(text)
    ordered = sorted(((line_of(one.place) or 0, one) for one in found), key=lambda pair: pair[0])
    return [(one, _error(path, one, line)) for line, one in ordered]


def errors(path: Path, text: str, found: Iterable[Mistake]) -> ConfigError:
    """Make one error of all mistakes, a line each; `errors` has them one by one."""
    made = [error for _, error in placed(path, text, found)]
    if len(made) == 1:
        return made[0]
    return ConfigError(
        "http.descriptions",
        Words(en="\n".join(one.words.en for one in made), fr="\n".join(one.words.fr for one in made)),
        file=str(path),
        errors=tuple(made),
    )


def _error(path: Path, mistake: Mistake, line: int) -> ConfigError:
    where = f"{path}:{line}" if line else str(path)
    words, key = mistake.words, mistake.key
    en, fr = (f"{where}: {key} {words.en}", f"{where} : {key} {words.fr}")
    return ConfigError(
        "http.description",
        Words(en=_ended(en), fr=_ended(fr)),
        file=str(path),
        line=line or None,
        key=key,
    )


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith("?") else f"{sentence.rstrip('.')}."


def lines(text: str) -> Callable[[Place], int | None]:
    """Return what finds the line of a place in a TOML text: its own, or that of the nearest table around."""
    positions = Positions(text)

    def line_of(place: Place) -> int | None:
        return positions.line_of(".".join(str(one + 1) if isinstance(one, int) else one for one in place))

    return line_of
