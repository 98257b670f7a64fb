"""`hub directory`: fill a directory from its files or its server, and ask it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hub.cli import directory_ask, directory_explain, directory_history, screen
from hub.cli.given import given
from hub.cli.options import Json, OneDirectory
from hub.errors import Words

if TYPE_CHECKING:
    from hub.ports.filling import Changes, Loaded

Progress = Callable[[str, int, int], None]
app = typer.Typer(no_args_is_help=True, help="Fill the directory of professionals, and ask it.")


@app.callback()
def directory() -> None:
    """Fill the directory of professionals, and ask it."""


app.command("search")(directory_ask.search)
app.command("lookup")(directory_ask.lookup)
app.command("explain")(directory_explain.explain)
app.command("history")(directory_history.history)


@app.command("import")
def import_(
    ctx: typer.Context,
    *,
    files: Annotated[list[Path], typer.Argument(metavar="FILES…", help="The files of one extraction.")],
    name: OneDirectory = None,
    json: Json = False,
) -> None:
    """Replace what a directory holds by what the files say, at once or not at all.

    A running hub answers from the new version within seconds. A file that is wrong changes nothing, and
    the error says which line and column.
    """
    from hub.app import lookup  # noqa: PLC0415 -- heavy: every plugin

    settings = given(ctx).load().settings
    with _progress(in_bytes=True) as progress:
        loaded = asyncio.run(lookup.load(settings, name, files, progress))
    _report(loaded, json=json)


@app.command("sync")
def sync(ctx: typer.Context, *, name: OneDirectory = None, json: Json = False) -> None:
    """Fetch what is new from the server that fills a directory; go on where a broken attempt stopped.

    A running hub answers from what it held until all has come. Exit code 6 when the server can't answer.
    """
    from hub.app import lookup  # noqa: PLC0415 -- heavy: every plugin

    settings = given(ctx).load().settings
    with _progress(in_bytes=False) as progress:
        loaded = asyncio.run(lookup.synchronise(settings, name, progress))
    _report(loaded, json=json)


@contextmanager
def _progress(*, in_bytes: bool) -> Iterator[Progress]:
    """Show a bar per file or step on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda _file, _done, _total: None
        return
    from rich import console, progress  # noqa: PLC0415 -- heavy, and for terminals only

    columns = (
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.DownloadColumn() if in_bytes else progress.MofNCompleteColumn(),
        progress.TimeRemainingColumn(),
    )
    with progress.Progress(*columns, console=console.Console(stderr=True)) as bars:
        tasks: dict[str, Any] = {}

        def update(file: str, done: int, total: int) -> None:
            if file not in tasks:
                tasks[file] = bars.add_task(file, total=total or None)
            bars.update(tasks[file], completed=done, total=total or None)

        yield update


def _report(loaded: Loaded, *, json: bool) -> None:
    if json:
        screen.as_json(
            {
                "version": loaded.version,
                "professionals": loaded.professionals,
                "mailboxes": loaded.mailboxes,
                "changes": _counts(loaded.changes) if loaded.changes else None,
            }
        )
        return
    screen.say(
        Words(
            en=f"Now {loaded.version}: {loaded.professionals} professionals, {loaded.mailboxes} mailboxes.",
            fr=f"À présent {loaded.version} : {loaded.professionals} professionnels,"
            f" {loaded.mailboxes} boîtes.",
        )
    )
    if (found := loaded.changes) is None:
        return
    if not any(_counts(found).values()):
        screen.say(Words(en="Nothing has changed.", fr="Rien n'a changé."))
        return
    screen.say(
        Words(
            en=f"Professionals: {found.appeared} appeared, {found.changed} changed,"
            f" {found.less} lost an activity, {found.gone} gone.",
            fr=f"Professionnels : {found.appeared} apparus, {found.changed} modifiés,"
            f" {found.less} avec une activité de moins, {found.gone} disparus.",
        )
    )
    screen.say(
        Words(
            en=f"Mailboxes: {found.mailboxes_appeared} appeared, {found.mailboxes_changed} changed,"
            f" {found.mailboxes_gone} gone.",
            fr=f"Boîtes : {found.mailboxes_appeared} apparues, {found.mailboxes_changed} modifiées,"
            f" {found.mailboxes_gone} disparues.",
        )
    )


def _counts(changes: Changes) -> dict[str, int]:
    from dataclasses import asdict  # noqa: PLC0415 -- after an update only

    return asdict(changes)
