"""`hub directory`: fill a directory from its files, and ask it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from hub.cli import screen
from hub.cli.given import given
from hub.cli.language import told
from hub.cli.options import Json
from hub.cli.screen import Cell
from hub.errors import Words

if TYPE_CHECKING:
    from hub.ports.directory import Entry

Progress = Callable[[str, int, int], None]
Name = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", help="Which directory, by its name in the configuration; needed with several."
    ),
]
app = typer.Typer(no_args_is_help=True, help="Fill the directory of professionals, and ask it.")


@app.callback()
def directory() -> None:
    """Fill the directory of professionals, and ask it."""


@app.command("import")
def import_(
    ctx: typer.Context,
    *,
    files: Annotated[list[Path], typer.Argument(metavar="FILES…", help="The files of one extraction.")],
    name: Name = None,
    json: Json = False,
) -> None:
    """Replace what a directory holds by what the files say, at once or not at all.

    A running hub answers from the new version within seconds. A file that is wrong changes nothing, and
    the error says which line and column.
    """
    from hub.app import lookup  # noqa: PLC0415 -- heavy: every plugin

    settings = given(ctx).load().settings
    with _progress() as progress:
        loaded = asyncio.run(lookup.load(settings, name, files, progress))
    if json:
        screen.as_json(
            {
                "version": loaded.version,
                "professionals": loaded.professionals,
                "mailboxes": loaded.mailboxes,
            }
        )
        return
    screen.say(
        Words(
            en=f"Imported {loaded.version}: {loaded.professionals} professionals,"
            f" {loaded.mailboxes} mailboxes.",
            fr=f"Importé : {loaded.version} – {loaded.professionals} professionnels,"
            f" {loaded.mailboxes} boîtes.",
        )
    )


@app.command("lookup")
def lookup(
    ctx: typer.Context,
    *,
    who: Annotated[str, typer.Argument(metavar="WHO", help="An address, rpps:NUMBER or finess:NUMBER.")],
    name: Name = None,
    json: Json = False,
) -> None:
    """Ask the directories who somebody is and whether they may practise today.

    Exit code 4 when nobody is listed, 6 when a directory can't answer.
    """
    from hub.app import lookup as asking  # noqa: PLC0415 -- heavy: every plugin

    settings = given(ctx).load().settings
    entries = asyncio.run(asking.find(settings, name, who))
    if json:
        screen.as_json({"entries": [_data(one) for one in entries]})
        return
    for one in entries:
        _show(one)


@contextmanager
def _progress() -> Iterator[Progress]:
    """Show a bar per file on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda _file, _done, _total: None
        return
    from rich.console import Console  # noqa: PLC0415 -- heavy, and for terminals only
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn  # noqa: PLC0415
    from rich.progress import Progress as Bars  # noqa: PLC0415

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Bars(*columns, console=Console(stderr=True)) as bars:
        tasks: dict[str, Any] = {}

        def update(file: str, done: int, total: int) -> None:
            if file not in tasks:
                tasks[file] = bars.add_task(file, total=total)
            bars.update(tasks[file], completed=done, total=total)

        yield update


_FIELDS: Final = (
    Words(en="kind", fr="genre"),
    Words(en="identifiers", fr="identifiants"),
    Words(en="standing", fr="situation"),
    Words(en="certificates", fr="certificats"),
    Words(en="source", fr="source"),
)


def _show(one: Entry) -> None:
    since = f" ({one.since.isoformat()})" if one.since else ""
    values: Sequence[str] = (
        one.kind.value,
        ", ".join(f"{each.system} {each.value}" for each in one.identifiers),
        f"{one.standing.value}{since}",
        str(len(one.certificates)),
        one.source,
    )
    screen.mark("✓" if one.standing.value == "active" else "✗", f"{one.address} – {one.name}")
    screen.rows([[Cell(f"  {told(name)}"), Cell(value)] for name, value in zip(_FIELDS, values, strict=True)])


def _data(one: Entry) -> dict[str, Any]:
    return {
        "address": str(one.address),
        "kind": one.kind.value,
        "name": one.name,
        "identifiers": [{"system": each.system, "value": each.value} for each in one.identifiers],
        "standing": one.standing.value,
        "since": one.since.isoformat() if one.since else None,
        "certificates": len(one.certificates),
        "source": one.source,
    }
