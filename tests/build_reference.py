"""Writes the generated pages of the reference: run it again and nothing differs, or a test is red.

`docs/reference/configuration.md` comes from `conf/hub.example.toml`, `docs/reference/cli.md` from the
program itself, the reference of descriptions from their model, the tables of faults from the shipped ones:
`python -m tests.build_reference`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from typer import Typer
from typer.core import TyperOption
from typer.main import get_command

from hub.adapters.plugins.manager import discover
from hub.cli import exit_codes
from hub.cli.added import commands_of
from hub.cli.given import OPEN, RESERVED
from hub.cli.program import app
from tests import build_description, build_faults

EXAMPLE: Final = Path("conf/hub.example.toml")
CONFIGURATION: Final = Path("docs/reference/configuration.md")
CLI: Final = Path("docs/reference/cli.md")

_TABLE: Final = re.compile(r"\[(.+)\](?:\s+# (.*))?")
_KEY: Final = re.compile(r"([a-z0-9_]+) = (.+?)\s+# (.*)")
_BUNDLED: Final = {"demo", "ldap-account", "operator", "trust-list"}
_PAIR: Final = ("certificate", "key")
_NAMED: Final = re.compile(r"^(\[?(?:operators|receivers|directories|trust|policies|api\.clients)\.)[^.]+")
_WHOSE: Final = (
    (re.compile(r"\.signers\..+"), ".signers.<who>"),
    (re.compile(r"\.services\..+"), ".services.<operator>"),
)
_DEFAULT: Final = re.compile(r"(?:^|[;:,]? ?)default: ([^;]+)(?:; (.*))?$")

_CONFIGURATION_HEAD: Final = """\
# Configuration

<!-- Made by `python -m tests.build_reference` from conf/hub.example.toml. Change that file instead. -->

One TOML file: `--config FILE`, or else the variable `CADUCEE_CONFIG`, `./hub.toml`, `/etc/caducee/hub.toml`.
`hub init` makes a short one that works; `conf/hub.example.toml` has every key; `hub check` checks it.

Relative paths start at the file's folder.
Durations are written `500ms`, `30s`, `5m`, `2h`, `3d`; sizes `64KiB`, `25MiB`, `1GiB`.
A key that is unknown, missing or of the wrong kind is refused, with file, line, key and what would be right.
All faults are told at once, one per table.
A changed file counts from the next start of `hub serve`.

The `<name>` of a table has up to 32 of `a-z`, `0-9`, `-` and `_`.
A table whose plugin was refused or is blocked is kept out and named in the log; what depends on it waits.
A domain, and a name in `peers`, belongs to one operator.
"""

_CLI_HEAD: Final = """\
# The `hub` program

<!-- Made by `python -m tests.build_reference` from the program itself. -->

The global options stand before the command: `hub --config FILE check`.
It speaks French or English, by `LC_ALL`, `LC_MESSAGES` or `LANG`, the first that is set.
Results go to standard output, all else to standard error; an error is one line, `hub: …`.
Into a pipe tables come as aligned columns, without colours or frames.
`--json` prints JSON for programs; its field names do not change within a major version.

Environment: `CADUCEE_CONFIG` (configuration),
`CADUCEE_URL` and `CADUCEE_TOKEN` (the hub's API, and the token for it),
`CADUCEE_TRACEBACK` (shows tracebacks, for developers: they may quote what no log should hold),
`NO_COLOR` (no colours), `NOTIFY_SOCKET` (set by systemd: `hub serve` says `READY=1` and `STOPPING=1`).

`hub serve` stops on SIGTERM or SIGINT: nothing new is taken, what runs is finished within `hub.drain`.
On a second signal it ends at once, with exit code 130; what was accepted is durable either way.
SIGHUP only logs that a changed configuration takes a new start.
`conf/hub.service` is a hardened systemd unit.

Its own lines in the log (keys: [logs](logs.md)):

| event | says |
| --- | --- |
| `hub.ready` | every door is open, and deliveries begin |
| `plugin.refused`, `plugin.blocked` | a plugin is not there, and why; the rest runs |
| `part.not_open` | one table of the configuration could not be opened; what depends on it waits |
| `part.not_closed` | one part failed to close, or took more than 10 s; the others are closed |
| `receiver.failed`, `receiver.ended` | a door closed; it is opened again after a pause, up to a minute |
| `observer.failed` | an observer raised; nothing else is disturbed |
| `store.purged`, `store.not_purged` | documents past their retention were erased, or could not be |
| `hub.reload_unsupported` | SIGHUP came |
| `hub.stopping`, `hub.stopped`, `hub.stopped_at_once` | the stop, and how it ended |

A receiver or API whose address or certificate can't be used ends the start with exit code 3.
A store that fails for good ends the process with exit code 6; a supervisor starts it afresh.

## Exit codes

"""


def configuration() -> str:
    """Return the page about the configuration."""
    parts = [_CONFIGURATION_HEAD]
    sections: dict[str, dict[str, str]] = {}
    table, rows = "", dict[str, str]()
    for line in EXAMPLE.read_text("utf-8").splitlines():
        if found := _TABLE.fullmatch(line):
            table, rows = _named(found[1]), {}
            sections.setdefault(f"## `[{table}]`", rows)
            rows = sections[f"## `[{table}]`"]
        elif found := _KEY.fullmatch(line):
            if found[1] == "kind":
                # Each kind has keys of its own: a section each, into which a second example goes too.
                del sections[f"## `[{table}]`"]
                rows = sections.setdefault(f"## `[{table}]`, kind {found[2].replace(chr(34), chr(96))}", {})
            rows.setdefault(found[1], _row(found[1], found[2], found[3]))
            if found[2] == "[":
                pair = [f"| `{key}` | required | of each pair: its {key}, a PEM file |" for key in _PAIR]
                rows.setdefault(f"{found[1]}.*", "\n".join(pair))
    for heading, lines in sections.items():
        if lines:
            head = [heading, "", "| key | default | meaning |", "| --- | --- | --- |"]
            parts.append("\n".join([*head, *lines.values(), ""]))
    return "\n".join(parts)


def _named(table: str) -> str:
    """Return a table's path with `<name>`, `<who>` and `<operator>` for what a user names."""
    table = _NAMED.sub(r"\1<name>", table)
    for form, name in _WHOSE:
        table = form.sub(name, table)
    return table


def _row(key: str, value: str, meaning: str) -> str:
    default = f"`{value}`"
    if meaning.startswith("required"):
        default, meaning = "required", meaning.removeprefix("required").removeprefix(": ")
    elif found := _DEFAULT.search(meaning):
        default = found[1]
        meaning = meaning[: found.start()] + (f"; {found[2]}" if found[2] else "")
    return f"| `{key}` | {default} | {_cell(meaning)} |"


def cli() -> str:
    """Return the page about the program."""
    codes = (exit_codes.__doc__ or "").split("\n\n", 1)[1].strip()
    return "\n".join([_CLI_HEAD + codes, "", *_command(get_command(app), "hub"), *_added()])


def _added() -> Iterator[str]:
    """Describe the commands that the bundled plugins add."""
    found = discover(reserved=RESERVED, only_commands=True).commands
    for group in OPEN:
        for name, inner in sorted(commands_of(found.get(group)).items()):
            yield from _command(inner, f"hub {group} {name}")
    for name in sorted(_BUNDLED & found.keys()):
        added = found[name]
        yield from _command(get_command(added) if isinstance(added, Typer) else added, f"hub {name}")


def _command(command: Any, path: str) -> Iterator[str]:
    yield f"## `{path}`\n"
    yield f"{_prose(command.help)}\n"
    rows = [_parameter(one) for one in command.params if not getattr(one, "hidden", False)]
    if rows:
        yield "\n".join(["| option | default | meaning |", "| --- | --- | --- |", *rows, ""])
    for name, inner in getattr(command, "commands", {}).items():
        yield from _command(inner, f"{path} {name}")


def _parameter(one: Any) -> str:
    spelt = f"`{one.metavar or one.name}`"
    if isinstance(one, TyperOption):
        takes = f" {spelt}" if one.metavar else ""
        spelt = ", ".join(f"`{name}`" for name in (*one.opts, *one.secondary_opts)) + takes
    default = "required" if one.required else _default(one.default)
    return f"| {_cell(spelt)} | {default} | {_cell(one.help or '')} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _default(value: Any) -> str:
    return "" if value in (None, False, (), []) or callable(value) else f"`{value}`"


def _prose(text: str | None) -> str:
    """Put each sentence of a help text on a line of its own."""
    paragraphs = [" ".join(part.split()) for part in (text or "").split("\n\n")]
    return "\n\n".join(re.sub(r"(?<=[.;]) (?=[A-Z])", "\n", part) for part in paragraphs)


def main() -> None:
    """Write all of them."""
    CONFIGURATION.write_text(configuration(), "utf-8")
    CLI.write_text(cli(), "utf-8")
    build_faults.PAGE.write_text(build_faults.page(), "utf-8")
    for path, text in build_description.files():
        path.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
