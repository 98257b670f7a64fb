"""Sheets that people keep: what is read, and what each mistake is told."""

from __future__ import annotations

import csv
import io
import unicodedata
from datetime import date
from pathlib import Path

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import LimitError, MalformedError
from hub.plugin import sheet
from hub.plugin.row import Column, Form, Row

FORM = Form(
    table="member",
    columns=(
        Column(key="patient", names=("matricule INS", "ins"), required=True),
        Column(key="who", names=("intervenant",)),
        Column(key="since", names=("depuis",)),
        Column(key="until"),
        Column(key="rank"),
        Column(key="hidden"),
    ),
)
KNOWN = "patient, who, since, until, rank, hidden"


def _rows(tmp_path: Path, data: bytes | str, name: str = "team.csv", encoding: str = "utf-8") -> list[Row]:
    path = tmp_path / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return list(sheet.read(path, FORM, encoding))


@pytest.mark.parametrize("separator", [";", ",", "|"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_csv_file_is_read_as_spreadsheets_write_it(
    separator: str, mark: bytes, end: str, tmp_path: Path
) -> None:
    """Any separator, a byte order mark, accents and spaces in names, empty lines, no end of the last."""
    lines = ["Matricule-INS; Intervenant ;DEPUIS", "é1; Élodie  ;26/08/2026", ";;", "", "2;;2026-08-27"]
    rows = _rows(tmp_path, mark + end.join(lines).replace(";", separator).encode())
    assert [row.text("patient") for row in rows] == ["é1", "2"]
    assert [row.text("who", "nobody") for row in rows] == ["Élodie", "nobody"]
    assert [row.day("since") for row in rows] == [date(2026, 8, 26), date(2026, 8, 27)]
    assert [row.spot.line for row in rows] == [2, 5]


def test_windows_1252_is_read_when_said(tmp_path: Path) -> None:
    """An old spreadsheet's file need not be converted."""
    data = "ins;who\n1;Élodie\n".encode("cp1252")
    assert [row.text("who") for row in _rows(tmp_path, data, encoding="windows-1252")] == ["Élodie"]
    with pytest.raises(MalformedError) as caught:
        _rows(tmp_path, data)
    assert caught.value.words.en == (
        'team.csv, line 2: the text is not utf-8; save it so, or say encoding = "windows-1252".'
    )


def test_a_toml_file_is_read(tmp_path: Path) -> None:
    """Values have their types, and errors their lines."""
    text = """
[[member]]
patient = "1"
since = 2026-08-26
rank = 2
hidden = true

[[member]]
patient = "2"
who = ["a",
  "b"]
until = "1926-02-30"
"""
    first, second = _rows(tmp_path, text, "team.toml")
    assert (first.day("since"), first.integer("rank", 1, 9), first.flag("hidden")) == (
        date(2026, 8, 26),
        2,
        True,
    )
    assert second.texts("who") == ("a", "b")
    with pytest.raises(MalformedError) as caught:
        second.day("until")
    assert caught.value.words.en == (
        "team.toml, line 12, “until”: is not a date, which is written 2026-08-26 or 26/08/2026."
    )


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("", "sheet.header", "team.csv, line 1: the first line must name the columns."),
        ("ins;who\n1\n", "sheet.columns", "team.csv, line 2: 1 columns instead of 2."),
        (
            "ins;colour\n",
            "sheet.header",
            f"team.csv, line 1: column 2 is not known here; known are {KNOWN}.",
        ),
        ("ins;patient\n", "sheet.header", "team.csv, line 1: column 2 says the same as column 1."),
        ("who;since\n", "sheet.header", "team.csv, line 1: the column “patient” is missing."),
        (
            'ins;who\n1;"open\n2;b\n',
            "sheet.syntax",
            (
                "team.csv, line 3: the quotes of this line, or of a field that begins above it, "
                "are not closed as CSV wants."
            ),
        ),
    ],
)
def test_a_wrong_csv_file_is_told_where(text: str, code: str, words: str, tmp_path: Path) -> None:
    """File, line and column, and what would be right."""
    with pytest.raises(MalformedError) as caught:
        _rows(tmp_path, text)
    assert caught.value.code == code
    assert caught.value.words.en == words
    assert caught.value.words.fr


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("[[member]\n", "sheet.syntax", "team.toml: this is not TOML (at line 1, column 9)."),
        ("x = 1\n", "sheet.header", "team.toml, line 1: the file may hold [[member]] tables only."),
        ("member = 1\n", "sheet.header", "team.toml, line 1: the file may hold [[member]] tables only."),
        (
            '[[member]]\npatient = "1"\n[[member]]\npatient = "2"\ncolour = 1\n',
            "sheet.value",
            f"team.toml, line 5, “colour”: is not known here; known are {KNOWN}.",
        ),
        ('[[member]]\nwho = "a"\n', "sheet.value", "team.toml, line 1, “patient”: is missing."),
    ],
)
def test_a_wrong_toml_file_is_told_where(text: str, code: str, words: str, tmp_path: Path) -> None:
    """The line is that of the table, or of the key."""
    with pytest.raises(MalformedError) as caught:
        _rows(tmp_path, text, "team.toml")
    assert caught.value.code == code
    assert caught.value.words.en == words


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    """With the system's word for it."""
    with pytest.raises(MalformedError) as caught:
        list(sheet.read(tmp_path / "none.csv", FORM))
    assert (caught.value.code, caught.value.words.en) == (
        "sheet.unreadable",
        "none.csv: can't be read (there is no such file or folder).",
    )


def test_a_line_without_end_is_not_read_for_ever(tmp_path: Path) -> None:
    """A file that is no text is refused after 64 KiB."""
    with pytest.raises(LimitError):
        _rows(tmp_path, "ins\n" + "1" * (sheet.MAX_LINE + 1))


@pytest.mark.parametrize(
    ("text", "ask", "words"),
    [
        ("1;x;;;;", lambda row: row.day("since"), None),
        ("1;;2026-02-30;;;", lambda row: row.day("since"), "“Since”: is not a date"),
        ("1;;0001-01-01;;;", lambda row: row.day("since"), "“Since”: is not a date"),
        ("1;;2026-02-02;2026-02-01;;", lambda row: row.period("since", "until"), "“until”: is before"),
        ("1;;;;0;", lambda row: row.integer("rank", 1, 9), "“rank”: is not a whole number from 1 to 9"),
        ("1;;;;²;", lambda row: row.integer("rank", 1, 9), "“rank”: is not a whole number from 1 to 9"),
        ("1;;;;;maybe", lambda row: row.flag("hidden"), "“hidden”: is neither yes nor no"),
        ("1;;;;;", lambda row: row.text("who"), "“Who”: is missing"),
        ("1;a\u200bb;;;;", lambda row: row.text("who"), "“Who”: holds a sign that can't be seen"),
        ("1;b;;;;", lambda row: row.choice("who", {"a": 1}), "“Who”: is none of a"),
    ],
)
def test_a_wrong_value_is_told_where(text: str, ask: object, words: str | None, tmp_path: Path) -> None:
    """Under the column's own name; what stands there is not repeated."""
    (row,) = _rows(tmp_path, f"INS;Who;Since;until;rank;hidden\n{text}\n")
    assert callable(ask)
    if words is None:
        assert ask(row) is None
        return
    with pytest.raises(MalformedError) as caught:
        ask(row)
    assert caught.value.words.en.startswith(f"team.csv, line 2, {words}")


CELLS = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")) | st.just(" "), max_size=12)


@given(rows=st.lists(st.tuples(CELLS.filter(str.strip), CELLS), max_size=8), separator=st.sampled_from(";,|"))
def test_whatever_a_csv_writer_wrote_comes_back(
    rows: list[tuple[str, str]], separator: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Quotes, separators and letters of any script included."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=separator)
    writer.writerow(["patient", "who"])
    writer.writerows(rows)
    read = _rows(tmp_path_factory.mktemp("csv"), stream.getvalue())
    assert [(_plain(a), _plain(b)) for a, b in rows] == [(r.text("patient"), r.text("who", "")) for r in read]


@given(rows=st.lists(st.tuples(CELLS.filter(str.strip), CELLS.filter(str.strip)), max_size=8))
def test_whatever_a_toml_writer_wrote_comes_back(
    rows: list[tuple[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The same, in TOML, and every row begins where its table does."""
    text = tomli_w.dumps({"member": [{"patient": a, "who": b} for a, b in rows]})
    read = _rows(tmp_path_factory.mktemp("toml"), text, "team.toml")
    assert [(_plain(a), _plain(b)) for a, b in rows] == [(r.text("patient"), r.text("who")) for r in read]
    lines = text.splitlines()
    if "[[member]]" in lines:
        assert [lines[row.spot.line - 1] for row in read] == ["[[member]]"] * len(rows)


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())
