"""A configuration file is read whole, or refused with the place and the reason in two languages."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.adapters.config import read
from hub.errors import ConfigError
from hub.plugin import toml


def _write(folder: Path, data: bytes) -> Path:
    path = folder / "hub.toml"
    path.write_bytes(data)
    return path


def test_a_wrong_key_is_named_with_its_line(tmp_path: Path) -> None:
    """Who writes a wrong value learns file, line, key and what would be right."""
    path = _write(tmp_path, b'[operators.ville]\nkind = "smtp"\nconcurrency = "many"\n')
    ville = read.read(path).tables("operators")["ville"]
    with pytest.raises(ConfigError) as refused:
        ville.integer("concurrency", most=9)
    assert refused.value.words.en == (
        f"{path}:3: operators.ville.concurrency is not a whole number from 0 to 9."
    )
    assert refused.value.fields["line"] == 3


def test_a_byte_order_mark_is_no_harm(tmp_path: Path) -> None:
    """An editor that begins UTF-8 files with a mark is forgiven."""
    assert read.read(_write(tmp_path, b'\xef\xbb\xbfname = "x"\n')).text("name") == "x"


@pytest.mark.parametrize(
    ("data", "place", "english", "french"),
    [
        (b"[hub]\nname = hub\n", "2:8", "Invalid value", "entre guillemets"),
        (b"[hub]\r\nname = hub\r\n", "2:8", "Invalid value", "entre guillemets"),
        (b"[hub]\n[hub]\n", "2:5", "Cannot declare", "déjà déclarée"),
        (b'a = 1\na = "x"\nb = 1\n', "2:8", "Cannot overwrite", "déjà une valeur"),
        (b'[hub]\nname = """never closed\n\n', "2:23", "Unterminated string", "pas fermé"),
        (b"a = " + b"[" * 100_000, "1:100005", "nested too deep", "pas du TOML"),
    ],
    ids=["value", "crlf", "table", "twice", "end", "deep"],
)
def test_wrong_toml_gets_its_place(
    tmp_path: Path, data: bytes, place: str, english: str, french: str
) -> None:
    """A slip in the syntax is shown with file, line and column, in English and French."""
    path = _write(tmp_path, data)
    with pytest.raises(ConfigError) as refused:
        read.read(path)
    error = refused.value
    assert error.code == "config.syntax"
    assert error.words.en.startswith(f"{path}:{place}: ")
    assert english in error.words.en
    assert error.words.fr.startswith(f"{path}:{place} : ")
    assert french in error.words.fr
    assert place == f"{error.fields['line']}:{error.fields['column']}"


def test_latin_1_is_refused_at_its_first_byte(tmp_path: Path) -> None:
    """A file in another encoding is refused where the first foreign byte stands."""
    path = _write(tmp_path, 'a = "é"\nb = "'.encode() + b'h\xf4pital"\n')
    with pytest.raises(ConfigError) as refused:
        read.read(path)
    assert refused.value.code == "config.encoding"
    assert refused.value.words.en.startswith(f"{path}:2:7: ")


def test_absent_and_unreadable_files_say_so(tmp_path: Path) -> None:
    """A missing file points to `hub init`; a folder, or a huge file, is refused as what it is."""
    huge = _write(tmp_path, b"#" * (toml.MAX_BYTES + 1))
    for path, code, part in [
        (tmp_path / "none.toml", "config.missing", "hub init"),
        (tmp_path, "config.unreadable", "EISDIR"),
        (huge, "config.too_large", str(toml.MAX_BYTES)),
    ]:
        with pytest.raises(ConfigError) as refused:
            read.read(path)
        assert refused.value.code == code
        assert part in refused.value.words.en
        assert refused.value.fields["file"] == str(path)
