"""The program as a whole: languages, misuse, exit codes, errors without tracebacks."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from hub.cli import exit_codes, french, program
from hub.cli.given import OWN
from hub.cli.program import app
from hub.errors import (
    ConfigError,
    HubError,
    InputError,
    LimitError,
    PeerError,
    StoreError,
    TrustError,
    Words,
    spoken_at,
)
from tests.unit.cli.conftest import Hub

WORDS = Words(en="It is so.", fr="C'est ainsi.")


def helps(command: Any) -> set[str]:
    """Return every help text of a command and what is below it."""
    own = {command.help, *(getattr(one, "help", None) for one in command.params)} - {None}
    return own.union(*(helps(one) for one in getattr(command, "commands", {}).values()))


def test_every_help_text_is_in_the_catalogue() -> None:
    """French help is whole, and holds nothing that the program no longer says."""
    assert set(french.HELP) == helps(get_command(app)) | {"Show this message and exit."}


def test_every_command_has_a_help_text() -> None:
    """Nobody meets a bare option."""
    command: Any = get_command(app)
    assert set(command.commands) == set(OWN)
    stack = [command]
    while stack:
        one = stack.pop()
        assert one.help, one.name
        assert all(getattr(each, "help", None) for each in one.params), one.name
        stack.extend(getattr(one, "commands", {}).values())


def test_help_is_shown_in_both_languages(hub: Hub) -> None:
    """LC_ALL decides."""
    assert "Make a working configuration from nothing." in hub("init", "--help").out
    said = hub("init", "--help", language="fr").out
    assert "Créer de rien une configuration qui marche." in said
    assert "Afficher ce message et quitter." in said


def test_the_help_of_a_plugins_command_is_translated_too(hub: Hub) -> None:
    """What typer adds to it, that is; its own words are the plugin's."""
    said = hub("trust-list", "sign", "--help", language="fr").out
    assert "Afficher ce message" in said
    assert "<bool>" not in said


def test_the_error_of_a_plugins_command_is_told_like_any_other(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line on standard error, and the exit code of its kind."""
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
    said = hub("ldap-account", "make", "cabinet", language="fr")
    assert (said.code, said.out) == (exit_codes.REFUSED, "")
    assert said.err.startswith("hub: ")


@pytest.mark.parametrize("language", ["en", "fr"])
def test_help_fills_its_lines(hub: Hub, monkeypatch: pytest.MonkeyPatch, language: str) -> None:
    """A paragraph breaks where the terminal ends, not where its source did; a switch shows no type."""
    monkeypatch.setenv("COLUMNS", "400")
    said = hub("init", "--help", language=language).out
    assert re.search(r"hub\.toml.*API.*\.\s*$", said, re.MULTILINE)
    assert "bool" not in said


def test_plugins_commands_are_listed_and_run(hub: Hub) -> None:
    """A plugin's command stands beside the hub's own; one that is blocked does not."""
    assert re.search(r"\bdemo\b", hub("--help").out)
    assert hub("demo", "--help").code == 0
    assert hub("--block", "demo", "demo", "--help").code == exit_codes.USAGE


@pytest.mark.parametrize(
    ("environment", "tag"),
    [
        ({}, "en"),
        ({"LANG": "fr_FR.UTF-8"}, "fr"),
        ({"LANG": "fr_FR.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "C", "LC_MESSAGES": "fr_BE"}, "fr"),
        ({"LC_ALL": "", "LANG": "FR"}, "fr"),
    ],
)
def test_the_language_is_the_terminals(environment: dict[str, str], tag: str) -> None:
    """As POSIX has it: the first variable that is set."""
    assert spoken_at(environment) == tag


@pytest.mark.parametrize(
    ("arguments", "en", "fr"),
    [
        (("nope",), "No such command 'nope'.", "la commande 'nope' n'existe pas."),
        (("plugin",), "Did you mean 'plugins'?", "serait-ce 'plugins' ?"),
        (("check", "--jsn"), "No such option: --jsn", "l'option --jsn n'existe pas ici"),
        (("serve", "-c", "x"), "it goes before the command", "elle se met avant la commande"),
        (("trace",), "Missing argument", "il manque"),
        (("trace", "a", "b"), "unexpected extra argument", "en trop : b."),
        (("queue", "list", "--state", "x"), "'x' is not one of 'pending'", "'x' n'est pas l'un de 'pending'"),
        (("queue", "list", "--limit", "0"), "greater than or equal to 1", "au moins 1."),
        (("directory", "search", "a", "--limit", "9999"), "less than or equal to 1000", "au plus 1000."),
        (("directory", "search", "a", "--limit", "x"), "valid integer", "un nombre entier est attendu."),
        (("queue", "settle", "x"), "exactly one of --delivered", "exactement l'une des options --delivered"),
    ],
)
def test_misuse_is_one_line_and_exit_code_two(
    hub: Hub, folder: Path, arguments: tuple[str, ...], en: str, fr: str
) -> None:
    """The line says what is wrong, in the language of the terminal."""
    for tag, wanted in (("en", en), ("fr", fr)):
        said = hub(*arguments, language=tag)
        assert said.code == exit_codes.USAGE
        assert said.out == ""
        assert said.err.startswith("hub: ")
        assert len(said.err.splitlines()) == 1
        assert wanted in said.err


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigError("a", WORDS), 3),
        (InputError("a", WORDS), 4),
        (LimitError("a", WORDS), 4),
        (TrustError("a", WORDS), 5),
        (PeerError("a", WORDS), 6),
        (StoreError("a", WORDS), 6),
        (ExceptionGroup("several", [ValueError(), ExceptionGroup("x", [StoreError("a", WORDS)])]), 6),
        (HubError("a", WORDS), 1),
        (ValueError("a patient's name"), 1),
    ],
)
def test_errors_have_documented_exit_codes(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, folder: Path, error: Exception, code: int
) -> None:
    """A script can tell a wrong input from an operator that is down; no text of a foreign error shows."""

    def fail(_options: Any) -> None:
        raise error

    monkeypatch.setattr("hub.cli.given.Given.load", fail)
    said = hub("queue", "list")
    assert (said.code, said.out) == (code, "")
    assert said.err.startswith("hub: ")
    assert "Traceback" not in said.err
    assert "patient" not in said.err


def test_a_group_of_errors_is_told_one_by_one(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that failed comes in a group; its words come out."""

    def fail(_options: Any) -> None:
        raise ExceptionGroup("unhandled", [StoreError("store.full", WORDS)])

    monkeypatch.setattr("hub.cli.given.Given.load", fail)
    said = hub("queue", "list", language="fr")
    assert (said.code, said.err) == (6, "hub: C'est ainsi.\n")


def test_exit_codes_are_those_of_the_table() -> None:
    """The documented table and the constants agree."""
    told = {int(one) for one in re.findall(r"^\| (\d+) \|", exit_codes.__doc__ or "", re.MULTILINE)}
    assert told == {
        value for name, value in vars(exit_codes).items() if name.isupper() and isinstance(value, int)
    }


def test_without_a_configuration_the_words_say_where_it_was_looked_for(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what makes one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("hub.app.locating.PLACES", (Path("hub.toml"),))
    said = hub("queue", "list")
    assert (said.code, said.out) == (exit_codes.CONFIGURATION, "")
    assert "hub.toml" in said.err
    assert "hub init" in said.err


def test_a_broken_configuration_is_told_line_by_line(hub: Hub, folder: Path) -> None:
    """File, line, key and allowed values; every fault at once."""
    with Path("hub.toml").open("a", encoding="utf-8") as file:
        file.write('\n[store]\nspil = "1KiB"\n[plugins]\n[receivers.x]\nkind = "smpt"\n')
    lines = Path("hub.toml").read_text("utf-8").splitlines()
    spil = lines.index('spil = "1KiB"') + 1
    said = hub("queue", "list")
    assert said.code == exit_codes.CONFIGURATION
    first, second = said.err.splitlines()
    assert first == (
        f"hub: hub.toml:{spil}: store.spil is not known here;"
        " known are busy_timeout, cache, max_content, path, retention, spill."
    )
    assert (
        second
        == f"hub: hub.toml:{len(lines)}: receivers.x.kind is not one of eprescription, http, ldap, smtp."
    )


def test_the_program_starts_without_its_heavy_parts() -> None:
    """`hub --help` imports no database, no cipher and no server: it answers at once."""
    code = (
        "import sys; from hub.cli.program import run; run(['--help']);"
        "print(*(one for one in ('aiohttp', 'sqlalchemy', 'cryptography', 'structlog', 'alembic', 'lxml')"
        " if one in sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == ""


def test_version_and_module(hub: Hub) -> None:
    """`hub --version` and `python -m hub --version` say the same."""
    done = subprocess.run(
        [sys.executable, "-m", "hub", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout == hub("--version").out
    assert re.fullmatch(r"caducee-hub \d+\.\d+\.\d+\n", done.stdout)


def test_commands_are_found_by_their_names() -> None:
    """What plugins may not take is exactly what there is."""
    assert set(program._COMMANDS) == set(OWN)
