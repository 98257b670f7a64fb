"""A TOML file that a person keeps → its text and its values, with every error at its place.

Not checked here: what the keys mean, and who may read the file. On which line a key stands: `positions`.
"""

from __future__ import annotations

import errno
import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from hub.errors import ConfigError, Words

MAX_BYTES: Final = 1 << 20
"""Such files are written by people; a larger one is another file."""

_WHERE: Final = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_FRENCH: Final = (
    ("Cannot overwrite a value", "cette clé a déjà une valeur"),
    ("Cannot mutate immutable namespace", "cette table est déjà close"),
    ("Cannot declare", "cette table est déjà déclarée"),
    ("Cannot redefine namespace", "cette table est déjà déclarée"),
    ("Duplicate inline table key", "cette clé est écrite deux fois"),
    ("Expected '=' after a key", "il manque « = » après la clé"),
    ("Expected ']'", "il manque « ] » à la fin de la table"),
    ("Expected newline or end of document", "il y a quelque chose en trop après la valeur"),
    ("Expected", "un autre signe était attendu"),
    ("Found invalid character", "un caractère n'a pas sa place ici"),
    ("Illegal character", "un caractère n'a pas sa place ici"),
    ("Invalid date", "la date ou l'heure est fausse"),
    ("Invalid initial character for a key", "une clé ne commence pas ainsi"),
    ("Invalid value", "la valeur n'est pas du TOML (un texte se met entre guillemets)"),
    ("Unclosed array", "le tableau n'est pas fermé"),
    ("Unclosed inline table", "la table en ligne n'est pas fermée"),
    ("Unescaped '\\'", "« \\ » doit être doublé"),
    ("Unterminated string", "le texte n'est pas fermé"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file as it was read: its bytes are UTF-8, `text` is without a byte order mark."""

    path: Path
    text: str = field(repr=False)

    def values(self, loads: Callable[[str], dict[str, Any]] = tomllib.loads) -> dict[str, Any]:
        """Return what it says (TOML 1.0). Raises ConfigError `config.syntax`.

        Another `loads` may be as strict or laxer; it raises as `tomllib.loads` does.
        """
        try:
            return loads(self.text)
        except ValueError as error:
            raise _syntax(self.path, self.text, str(error)) from None
        except RecursionError:
            raise _syntax(self.path, self.text, "Values are nested too deep") from None


def source(path: Path, missing: Words) -> Source:
    """Read the file at `path`; `missing` says what to do when there is none.

    Raises ConfigError: `config.missing`, `config.unreadable`, `config.too_large`, `config.encoding`.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise _error(
            "missing",
            path,
            Words(
                en=f"{path}: there is no such file; {missing.en}.",
                fr=f"{path} : ce fichier n'existe pas ; {missing.fr}.",
            ),
        ) from None
    except OSError as error:
        name = errno.errorcode.get(error.errno or 0, "OSError")
        raise _error(
            "unreadable",
            path,
            Words(en=f"{path}: can't be read ({name}).", fr=f"{path} : lecture impossible ({name})."),
        ) from None
    if len(data) > MAX_BYTES:
        raise _error(
            "too_large",
            path,
            Words(
                en=f"{path}: is larger than {MAX_BYTES} bytes; a configuration is not.",
                fr=f"{path} : dépasse {MAX_BYTES} octets, trop pour une configuration.",
            ),
        )
    try:
        return Source(path=path, text=data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise _encoding(path, data) from None


def _encoding(path: Path, data: bytes) -> ConfigError:
    # Counted in the raw bytes: before the first bad one everything is UTF-8.
    good = data.decode("utf-8", "surrogateescape")
    bad = next(at for at, sign in enumerate(good) if 0xDC80 <= ord(sign) <= 0xDCFF)  # noqa: PLR2004 -- PEP 383
    line, column = _position(good[:bad])
    where = f"{path}:{line}:{column}"
    return _error(
        "encoding",
        path,
        Words(
            en=f"{where}: this is not UTF-8; save the file as UTF-8.",
            fr=f"{where} : ce n'est pas de l'UTF-8 ; enregistrez le fichier en UTF-8.",
        ),
        line=line,
        column=column,
    )


def _syntax(path: Path, text: str, said: str) -> ConfigError:
    found = _WHERE.search(said)
    line, column = _position(text.replace("\r\n", "\n").rstrip())
    if found and found[1]:
        line, column = int(found[1]), int(found[2])
    english = said[: found.start()] if found else said
    french = next(
        (words for begin, words in _FRENCH if english.startswith(begin)), "ce n'est pas du TOML valable"
    )
    where = f"{path}:{line}:{column}"
    return _error(
        "syntax",
        path,
        Words(en=f"{where}: {english}.", fr=f"{where} : {french}."),
        line=line,
        column=column,
    )


def _position(before: str) -> tuple[int, int]:
    """Return line and column, both from 1, of what follows `before`."""
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def _error(code: str, path: Path, words: Words, **fields: object) -> ConfigError:
    return ConfigError(f"config.{code}", words, file=str(path), **fields)
