"""TOML file → description, with every mistake at once: file, line, key, and what would be right.

Checked here is what each key takes. What keys mean together, templates and paths: `checking`.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Final
from weakref import WeakValueDictionary

import tomli
from pydantic import ValidationError

from hub.errors import Words
from hub.plugin import toml
from hub_http.description import mistakes
from hub_http.description.model import Description
from hub_http.description.values import Block

_MISSING: Final = Words(
    en="`description` names the file that describes the operator's API",
    fr="`description` nomme le fichier qui décrit l'API de l'opérateur",
)
_DOUBLE: Final = "simulate"
_NOTHING: Final[set[str]] = set()
_read: WeakValueDictionary[bytes, Description] = WeakValueDictionary()
"""What was read, by its content: operators with the same description share one."""


def read(path: Path) -> Description:
    """Read the description at `path`, without the double that it describes: that is no business of a hub.

    The same content gives the same object while somebody has it. Raises ConfigError: that of
    `hub.plugin.toml`, `http.description` for one mistake, `http.descriptions` for several.
    """
    source = toml.source(path, _MISSING)
    digest = hashlib.sha256(source.text.encode()).digest()
    found = _read.get(digest)
    if found is None:
        found = _small(_described(source, without=_DOUBLE))
        _read[digest] = found
    return found


def read_whole(path: Path) -> Description:
    """Read a description with its double, afresh. Raises ConfigError as `read`."""
    return _described(toml.source(path, _MISSING))


def read_source(path: Path) -> tuple[toml.Source, Description]:
    """Read a description as `read_whole`, with the text that it comes from."""
    source = toml.source(path, _MISSING)
    return source, _described(source)


def _described(source: toml.Source, *, without: str = "") -> Description:
    values = source.values(tomli.loads)
    values.pop(without, None)
    try:
        return Description.model_validate(values)
    except ValidationError as error:
        raise mistakes.errors(source.path, source.text, mistakes.mistakes(error, values)) from None


def _small(value: Any) -> Any:
    """Let go of what pydantic notes beside each table: which keys were written. It is a third of all."""
    if isinstance(value, Block):
        object.__setattr__(value, "__pydantic_fields_set__", _NOTHING)
        for one in value.__dict__.values():
            if one.__class__ not in _LEAVES:
                _small(one)
    elif isinstance(value, dict):
        for one in value.values():
            _small(one)
    elif isinstance(value, tuple):
        for one in value:
            _small(one)
    return value


_LEAVES: Final = frozenset({str, int, bool, float, type(None)})
