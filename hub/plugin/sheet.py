"""Sheets: files of rows that people keep by hand or export every night, in TOML or CSV.

    FORM = Form(table="member", columns=(Column(key="patient", names=("ins",), required=True), …))
    for row in sheet.read(Path("team.csv"), FORM): row.text("patient")

A file whose name ends in `.toml` holds `[[member]]` tables; any other is CSV (RFC 4180) with a header
line, separated by `;`, `,` or `|`. Header names are matched by their letters and digits alone. What is
not known is refused: a misspelt column must not silently say nothing.

Rows come one at a time, so that a large CSV file is never held whole.
"""

from __future__ import annotations

import codecs
import csv
import tomllib
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final

from hub.errors import ConfigError, HubError, LimitError, MalformedError, Words
from hub.plugin import reasons
from hub.plugin.positions import Positions
from hub.plugin.row import Form, Row, Spot
from hub.plugin.table import Table

ENCODINGS: Final = ("utf-8", "windows-1252")
MAX_BYTES: Final = 256 << 20
"""Bytes of a CSV file."""
MAX_TOML: Final = 16 << 20
"""Bytes of a TOML file, which is held whole."""
MAX_LINE: Final = 64 << 10

_SEPARATORS: Final = ";,|"
_SUFFIXES: Final = frozenset({".csv", ".toml"})


def encoding(table: Table) -> str:
    """Take the key `encoding` of a part's table: UTF-8 unless said otherwise."""
    return table.choice("encoding", ENCODINGS, ENCODINGS[0])


def read(path: Path, form: Form, encoding: str = ENCODINGS[0]) -> Iterator[Row]:
    """Yield every row of a file. A byte order mark of UTF-8 is passed over.

    Raises MalformedError and LimitError, which name the file, and line and column where there is one.
    """
    try:
        with path.open("rb") as file:
            rows = _toml if path.suffix.lower() == ".toml" else _csv
            yield from rows(path, file, form, encoding)
    except OSError as error:
        raise _unreadable(path, error) from None


def found(folder: Path) -> tuple[Path, ...]:
    """Return the `.csv` and `.toml` files of a folder, by name. Raises MalformedError when there is none.

    An empty folder is no empty list: a disk that is not mounted looks like one.
    """
    try:
        files = sorted(path for path in folder.iterdir() if path.suffix.lower() in _SUFFIXES)
    except OSError as error:
        raise _unreadable(folder, error) from None
    files = [path for path in files if not path.name.startswith(".")]
    if not files:
        raise MalformedError(
            "sheet.none",
            Words(
                en=f"{folder.name}: there is no .csv or .toml file in this folder.",
                fr=f"{folder.name} : il n'y a aucun fichier .csv ou .toml dans ce dossier.",
            ),
            file=str(folder),
        )
    return tuple(files)


def misconfigured(error: HubError) -> ConfigError:
    """Make the error of a part that can't begin without its files."""
    return ConfigError(error.code, error.words, **error.fields)


def _csv(path: Path, file: BinaryIO, form: Form, encoding: str) -> Iterator[Row]:
    lines = _Lines(path, file, encoding)
    try:
        first = next(lines, None)
        if first is None or not first.strip():
            raise Spot(path, 1).malformed(
                "sheet.header",
                "the first line must name the columns",
                "la première ligne doit nommer les colonnes",
            )
        separator = max(_SEPARATORS, key=first.count)
        (names,) = csv.reader([first], delimiter=separator, strict=True)
        keys = _header(path, names, form)
        shown = dict(zip(keys, names, strict=True))
        reader = csv.reader(lines, delimiter=separator, strict=True)
        begins = lines.number + 1
        for fields in reader:
            here, begins = begins, lines.number + 1
            if not any(one.strip() for one in fields):
                continue
            if len(fields) != len(keys):
                raise Spot(path, here).malformed(
                    "sheet.columns",
                    f"{len(fields)} columns instead of {len(keys)}",
                    f"{len(fields)} colonnes au lieu de {len(keys)}",
                )
            values = {key: one.strip() for key, one in zip(keys, fields, strict=True) if one.strip()}
            yield Row(path, values, line_of=_constant(here), shown=shown)
    except csv.Error:
        raise Spot(path, lines.number).malformed(
            "sheet.syntax",
            "the quotes of this line, or of a field that begins above it, are not closed as CSV wants",
            "les guillemets de cette ligne, ou d'un champ commencé plus haut, sont mal fermés pour du CSV",
        ) from None


def _header(path: Path, names: Sequence[str], form: Form) -> list[str]:
    by_name = {_bare(name): column.key for column in form.columns for name in (column.key, *column.names)}
    keys: list[str] = []
    for number, name in enumerate(names, 1):
        key = by_name.get(_bare(name))
        if key is None:
            known = ", ".join(column.key for column in form.columns)
            raise Spot(path, 1).malformed(
                "sheet.header",
                f"column {number} is not known here; known are {known}",
                f"la colonne {number} est inconnue ; connues : {known}",
            )
        if key in keys:
            raise Spot(path, 1).malformed(
                "sheet.header",
                f"column {number} says the same as column {keys.index(key) + 1}",
                f"la colonne {number} dit la même chose que la colonne {keys.index(key) + 1}",
            )
        keys.append(key)
    for column in form.columns:
        if column.required and column.key not in keys:
            raise Spot(path, 1).malformed(
                "sheet.header",
                f"the column “{column.key}” is missing",
                f"il manque la colonne « {column.key} »",
            )
    return keys


def _toml(path: Path, file: BinaryIO, form: Form, encoding: str) -> Iterator[Row]:
    del encoding  # TOML is UTF-8 (TOML 1.0)
    data = file.read(MAX_TOML + 1)
    if len(data) > MAX_TOML:
        raise _too_large(path, MAX_TOML)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _not_in(path, data.count(b"\n", 0, error.start) + 1, "utf-8") from None
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise MalformedError(
            "sheet.syntax",
            Words(
                en=f"{path.name}: this is not TOML{_told(error)}.",
                fr=f"{path.name} : ce n'est pas du TOML{_en_francais(_told(error))}.",
            ),
            file=str(path),
        ) from None
    tables = document.pop(form.table, [])
    if document or not isinstance(tables, list) or not all(isinstance(one, Mapping) for one in tables):
        raise Spot(path, 1).malformed(
            "sheet.header",
            f"the file may hold [[{form.table}]] tables only",
            f"le fichier ne peut contenir que des tables [[{form.table}]]",
        )
    yield from _tables(path, tables, form, _Places(text))


def _tables(path: Path, tables: Sequence[Mapping[str, Any]], form: Form, places: _Places) -> Iterator[Row]:
    known = {column.key for column in form.columns}
    for number, values in enumerate(tables, 1):
        row = Row(path, values, line_of=places.of(f"{form.table}.{number}"))
        for key in values:
            if key not in known:
                listed = ", ".join(column.key for column in form.columns)
                raise row.wrong(
                    key, f"is not known here; known are {listed}", f"est inconnu ; connus : {listed}"
                )
        for column in form.columns:
            if column.required and column.key not in values:
                raise row.wrong(column.key, "is missing", "est absent")
        yield row


class _Places:
    """The lines of a TOML text, looked for only when somebody asks."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._positions: Positions | None = None

    def of(self, table: str) -> Callable[[str], int]:
        def line_of(key: str) -> int:
            self._positions = self._positions or Positions(self._text)
            return self._positions.line_of(f"{table}.{key}" if key else table) or 1

        return line_of


class _Lines:
    """The lines of a CSV file as texts, with their ends. `number` counts those that were read."""

    def __init__(self, path: Path, file: BinaryIO, encoding: str) -> None:
        self.number = 0
        self._path = path
        self._file = file
        self._encoding = encoding
        self._bytes = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        raw = self._file.readline(MAX_LINE + 1)
        if not raw:
            raise StopIteration
        self.number += 1
        self._bytes += len(raw)
        if len(raw) > MAX_LINE:
            raise LimitError(
                "sheet.too_large",
                Spot(self._path, self.number).words(
                    f"longer than {MAX_LINE} bytes", f"plus longue que {MAX_LINE} octets"
                ),
                file=str(self._path),
            )
        if self._bytes > MAX_BYTES:
            raise _too_large(self._path, MAX_BYTES)
        if self.number == 1:
            raw = raw.removeprefix(codecs.BOM_UTF8)
        try:
            return raw.decode(self._encoding)
        except UnicodeDecodeError:
            raise _not_in(self._path, self.number, self._encoding) from None


def _constant(line: int) -> Callable[[str], int]:
    return lambda _key: line


def _bare(name: str) -> str:
    return "".join(one for one in unicodedata.normalize("NFKD", name).casefold() if one.isalnum())


def _told(error: Exception) -> str:
    said = str(error)
    return f" ({said[said.rindex('(at line') + 1 : -1]})" if "(at line" in said else ""


def _en_francais(place: str) -> str:
    return place.replace("at line", "à la ligne").replace("column", "colonne")


def _not_in(path: Path, line: int, encoding: str) -> MalformedError:
    other = '; save it so, or say encoding = "windows-1252"' if encoding == ENCODINGS[0] else ""
    autre = ' ; enregistrez-le ainsi, ou dites encoding = "windows-1252"' if other else ""
    if path.suffix.lower() == ".toml":
        other, autre = "; save it so", " ; enregistrez-le ainsi"
    return Spot(path, line).malformed(
        "sheet.encoding", f"the text is not {encoding}{other}", f"le texte n'est pas en {encoding}{autre}"
    )


def _unreadable(path: Path, error: OSError) -> MalformedError:
    why = reasons.why(error)
    return MalformedError(
        "sheet.unreadable",
        Words(
            en=f"{path.name}: can't be read ({why.en}).", fr=f"{path.name} : lecture impossible ({why.fr})."
        ),
        file=str(path),
    )


def _too_large(path: Path, limit: int) -> LimitError:
    return LimitError(
        "sheet.too_large",
        Words(en=f"{path.name}: larger than {limit} bytes.", fr=f"{path.name} : dépasse {limit} octets."),
        file=str(path),
    )
