"""`hub directory search` and `hub directory lookup`: who is in the directory, and who somebody is."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from hub.cli import entries, exit_codes, screen
from hub.cli.given import given
from hub.cli.options import Directory, Json, Who
from hub.errors import Words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hub.ports.directory import Entry


def search(
    ctx: typer.Context,
    *,
    text: Annotated[
        list[str], typer.Argument(metavar="TEXT…", help="Words, or their beginnings, in any order.")
    ],
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many at most.")] = 20,
    name: Directory = None,
    json: Json = False,
) -> None:
    """Look around in the directories, as in an address book.

    Each word begins a name, profession, specialty, structure, service, town, postcode or address.
    Accents, case and hyphens don't matter. Unlisted mailboxes stay out. Exit code 4 when nobody fits.
    """
    from hub.app import lookup as asking  # noqa: PLC0415 -- heavy: every plugin

    settings = given(ctx).load().settings
    found = asyncio.run(asking.search(settings, name, " ".join(text), limit))
    if json:
        _as_json(found)
    elif found:
        entries.table(found)
    if not found:
        screen.note(Words(en="Nobody fits.", fr="Personne ne correspond."))
        raise typer.Exit(exit_codes.REFUSED)
    if len(found) == limit:
        screen.note(
            Words(
                en=f"The first {limit}; there may be more: add a word, or --limit.",
                fr=f"Les {limit} premiers ; il y en a peut-être d'autres : ajoutez un mot, ou --limit.",
            )
        )


def lookup(
    ctx: typer.Context,
    *,
    who: Who,
    name: Directory = None,
    json: Json = False,
) -> None:
    """Ask the directories who somebody is and whether they may practise today.

    Exit code 4 when nobody is listed, 6 when a directory can't answer.
    """
    from hub.app import lookup as asking  # noqa: PLC0415 -- heavy: every plugin

    settings = given(ctx).load().settings
    found = asyncio.run(asking.find(settings, name, who))
    if json:
        _as_json(found)
        return
    for one in found:
        entries.whole(one)


def _as_json(found: Sequence[Entry]) -> None:
    from hub.adapters.http.entries import as_json  # noqa: PLC0415 -- only for programs

    screen.as_json({"entries": [as_json(one) for one in found]})
