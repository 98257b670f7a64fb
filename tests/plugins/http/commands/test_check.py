"""`hub operator check` tells every mistake to people and to programs; `schema` prints what editors read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hub_http.commands.app import app
from hub_http.description import schema

SHIPPED = Path(__file__).parents[4] / "conf" / "operators"
BAD = 'version = 1\ntitle = "x"\n[limits]\nbursts = 1\nmax_answer = "1MB"\n'
ODD = 'version = 1\ntitle = "x"\n[parameters]\np = { meaning = "x" }\n'


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Return a folder with a good, a bad and an odd description."""
    (tmp_path / "good.toml").write_bytes((SHIPPED / "webhook.toml").read_bytes())
    (tmp_path / "bad.toml").write_text(BAD)
    (tmp_path / "odd.toml").write_text(ODD)
    return tmp_path


def check(*arguments: object) -> tuple[int, str]:
    """Run it; return its exit code and what it prints."""
    done = CliRunner().invoke(app, ["check", *map(str, arguments)])
    return done.exit_code, done.stdout


def test_a_good_file_says_what_it_describes(files: Path) -> None:
    """One line, and exit code 0."""
    code, said = check(files / "good.toml")
    assert code == 0
    assert said == (
        f"✓ {files / 'good.toml'} – sends in 1 step (idempotency: key), is called back, can be simulated\n"
    )


def test_every_mistake_of_every_file_is_told(files: Path) -> None:
    """Exit code 3; a good file beside them is still said to be good."""
    code, said = check(files / "bad.toml", files / "none.toml", files / "good.toml")
    lines = said.splitlines()
    assert code == 3
    assert lines[0] == f"✗ {files / 'bad.toml'}:4: limits.bursts is not known here; did you mean burst?"
    assert lines[1].startswith(f"✗ {files / 'bad.toml'}:5: limits.max_answer is not a size")
    assert lines[2].startswith(f"✗ {files / 'none.toml'}: there is no such file")
    assert lines[3].startswith("✓")


def test_what_is_only_odd_is_no_failure(files: Path) -> None:
    """A warning, then the line that says that it can be used."""
    code, said = check(files / "odd.toml")
    assert code == 0
    assert [line[0] for line in said.splitlines()] == ["!", "✓"]


def test_programs_get_json(files: Path) -> None:
    """Place and words of each finding, in both languages."""
    code, said = check("--json", files / "bad.toml", files / "odd.toml")
    assert code == 3
    found = json.loads(said)
    assert found["fine"] is False
    assert [one["fine"] for one in found["files"]] == [False, True]
    assert found["files"][0]["findings"][0] == {
        "verdict": "failed",
        "code": "http.description",
        "line": 4,
        "key": "limits.bursts",
        "en": f"{files / 'bad.toml'}:4: limits.bursts is not known here; did you mean burst?",
        "fr": f"{files / 'bad.toml'}:4 : limits.bursts est inconnu ici ; vouliez-vous burst ?",
    }
    assert found["files"][1]["findings"][0]["verdict"] == "warning"


def test_the_program_has_it_in_french(files: Path) -> None:
    """`hub operator check` of the installed program, for a French terminal."""
    done = subprocess.run(
        [sys.executable, "-m", "hub", "operator", "check", str(files / "bad.toml")],
        env={**os.environ, "LC_ALL": "fr_FR.UTF-8"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 3
    assert "limits.bursts est inconnu ici ; vouliez-vous burst ?" in done.stdout


def test_the_schema_is_printed() -> None:
    """As it is published."""
    done = CliRunner().invoke(app, ["schema"])
    assert done.exit_code == 0
    assert json.loads(done.stdout) == schema.schema()


def test_help_needs_none_of_it() -> None:
    """`hub operator --help` is quick: no model, no templates, no client."""
    script = (
        "import sys, hub_http, hub_http.commands.app\n"
        "print(sorted({'pydantic', 'jinja2', 'aiohttp', 'lxml', 'fhirpathpy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
