"""Reading one table of the configuration, strictly, with errors that name file, line and key."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, TypeVar

from hub.errors import ConfigError, HubError, Words

T = TypeVar("T")
_REQUIRED: Final = object()
_DURATION = re.compile(r"(\d+)(ms|s|m|h|d)")
_SECONDS: Final = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
_SIZE = re.compile(r"(\d+)(B|KiB|MiB|GiB)?")
_BYTES: Final = {None: 1, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}


class Table:
    """One TOML table being read: take every key once, then `finish`, which refuses what is left."""

    def __init__(
        self,
        values: Mapping[str, Any],
        *,
        file: Path,
        path: str = "",
        line_of: Callable[[str], int | None] = lambda _key: None,
    ) -> None:
        self._left = dict(values)
        self._known: list[str] = []
        self._file = file
        self._line_of = line_of
        self.path = path

    def text(self, key: str, default: Any = _REQUIRED) -> str:
        """Take a text with something in it."""
        taken: str = self._take(key, default, lambda v: isinstance(v, str) and v != "", "a text", "un texte")
        return taken

    def integer(self, key: str, default: Any = _REQUIRED, *, least: int = 0, most: int = 2**53) -> int:
        """Take a whole number between two bounds."""
        taken: int = self._take(
            key,
            default,
            lambda v: isinstance(v, int) and not isinstance(v, bool) and least <= v <= most,
            f"a whole number from {least} to {most}",
            f"un nombre entier de {least} à {most}",
        )
        return taken

    def boolean(self, key: str, default: Any = _REQUIRED) -> bool:
        """Take `true` or `false`."""
        taken: bool = self._take(
            key, default, lambda v: isinstance(v, bool), "true or false", "true ou false"
        )
        return taken

    def scalar(self, key: str, default: Any = _REQUIRED) -> str | int | float | bool:
        """Take a text, a number, `true` or `false`."""
        taken: str | int | float | bool = self._take(
            key,
            default,
            lambda v: isinstance(v, str | int | float),
            "a text, a number, true or false",
            "un texte, un nombre, true ou false",
        )
        return taken

    def texts(self, key: str, default: Any = _REQUIRED) -> tuple[str, ...]:
        """Take a list of texts."""
        taken = self._take(
            key,
            default,
            lambda v: isinstance(v, list) and all(isinstance(one, str) and one for one in v),
            "a list of texts",
            "une liste de textes",
        )
        return tuple(taken)

    def choice(self, key: str, choices: Sequence[str], default: Any = _REQUIRED) -> str:
        """Take one of a few words."""
        listed = ", ".join(choices)
        taken: str = self._take(key, default, lambda v: v in choices, f"one of {listed}", f"l'un de {listed}")
        return taken

    def duration(self, key: str, default: Any = _REQUIRED) -> timedelta:
        """Take a duration such as `30s`, `5m`, `2h`, `3d`."""
        taken = self._take(
            key,
            default,
            lambda v: isinstance(v, str) and bool(_DURATION.fullmatch(v)),
            "a duration such as 30s, 5m, 2h or 3d",
            "une durée telle que 30s, 5m, 2h ou 3d",
        )
        number, unit = _DURATION.fullmatch(taken).groups()  # type: ignore[union-attr]
        return timedelta(seconds=int(number) * _SECONDS[unit])

    def size(self, key: str, default: Any = _REQUIRED) -> int:
        """Take a size such as `25MiB`, in bytes."""
        taken = self._take(
            key,
            default,
            lambda v: isinstance(v, str) and bool(_SIZE.fullmatch(v)),
            "a size such as 64KiB or 25MiB",
            "une taille telle que 64KiB ou 25MiB",
        )
        number, unit = _SIZE.fullmatch(taken).groups()  # type: ignore[union-attr]
        return int(number) * _BYTES[unit]

    def file(self, key: str, default: Any = _REQUIRED) -> Path:
        """Take a path; a relative one starts at the configuration file's folder."""
        return self._file.parent / self.text(key, default)

    def files(self, key: str, default: Any = _REQUIRED) -> tuple[Path, ...]:
        """Take a list of paths."""
        return tuple(self._file.parent / one for one in self.texts(key, default))

    def parsed(self, key: str, parse: Callable[[str], T], default: Any = _REQUIRED) -> T:
        """Take a text and have `parse` read it; a HubError of its becomes this key's.

        Its words are a sentence, or continue one that begins with the key.
        """
        text = self.text(key, default)
        try:
            return parse(text)
        except HubError as error:
            words = error.words
            if words.en[:1].isupper():
                en, fr = words.en.removesuffix("."), words.fr.removesuffix(".")
                words = Words(en=f"can't be taken: {en}", fr=f"ne peut être pris : {fr}")
            raise self.wrong(key, words.en, words.fr) from error

    def table(self, key: str, *, optional: bool = True) -> Table:
        """Take a table inside this one; an absent one is empty."""
        self._known.append(key)
        if key not in self._left and not optional:
            raise self.wrong(key, "is missing", "est absente")
        value = self._left.pop(key, {})
        if not isinstance(value, Mapping):
            raise self.wrong(key, "is not a table", "n'est pas une table")
        path = f"{self.path}.{key}" if self.path else key
        return Table(value, file=self._file, path=path, line_of=self._line_of)

    def tables(self, key: str) -> dict[str, Table]:
        """Take a table of tables, such as `[operators.<name>]`."""
        outer = self.table(key)
        return {name: outer.table(name) for name in outer.names()}

    def listed(self, key: str) -> list[Table]:
        """Take a list of tables; an absent one is empty. Errors count its tables from 1."""
        values = self._take(
            key,
            [],
            lambda v: isinstance(v, list) and all(isinstance(one, Mapping) for one in v),
            "a list of tables",
            "une liste de tables",
        )
        path = f"{self.path}.{key}" if self.path else key
        return [
            Table(value, file=self._file, path=f"{path}.{number}", line_of=self._line_of)
            for number, value in enumerate(values, 1)
        ]

    def names(self) -> tuple[str, ...]:
        """Return the keys not taken yet."""
        return tuple(self._left)

    def finish(self) -> None:
        """Refuse every key that was not taken."""
        for key in self._left:
            known = ", ".join(sorted(self._known))
            raise self.wrong(key, f"is not known here; known are {known}", f"est inconnu ; connus : {known}")

    def wrong(self, key: str, en: str, fr: str) -> ConfigError:
        """Make the error for a key; the words continue a sentence that begins with it."""
        path = f"{self.path}.{key}" if self.path else key
        line = self._line_of(path)
        where = f"{self._file}:{line}" if line else str(self._file)
        return ConfigError(
            "config.wrong",
            Words(en=f"{where}: {path} {en}.", fr=f"{where} : {path} {fr}."),
            file=str(self._file),
            line=line,
            key=path,
        )

    def _take(self, key: str, default: Any, fits: Callable[[Any], bool], en: str, fr: str) -> Any:
        self._known.append(key)
        value = self._left.pop(key, default)
        if value is _REQUIRED:
            raise self.wrong(key, f"is missing: it takes {en}", f"est absent : il faut {fr}")
        if value is not default and not fits(value):
            raise self.wrong(key, f"is not {en}", f"n'est pas {fr}")
        return value
