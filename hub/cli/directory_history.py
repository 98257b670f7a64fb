"""`hub directory history`: what the directory said of somebody, then and since.

A time without a zone is the machine's own, and is shown with its offset, so that nobody need guess.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from hub.adapters.clock import SystemClock
from hub.cli import entries, past, screen
from hub.cli.given import given
from hub.cli.language import told
from hub.cli.options import Directory, Json, Who
from hub.cli.screen import Cell
from hub.errors import InputError, Words

if TYPE_CHECKING:
    from datetime import date

    from hub.app.lookup import Memory
    from hub.ports.looking import Period


def history(
    ctx: typer.Context,
    *,
    who: Who,
    at: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="The moment asked about, such as 2026-03-03T14:00."),
    ] = None,
    name: Directory = None,
    json: Json = False,
) -> None:
    """Answer whether somebody was allowed to practise at a moment, and list what is remembered of them.

    Says what the directory held then, and what was learnt about that day since. A time without an offset
    is this machine's. Exit code 4 when nothing is remembered of them.
    """
    from hub.app import lookup as asking  # noqa: PLC0415 -- heavy: every plugin

    moment = None if at is None else _moment(at)
    settings = given(ctx).load().settings
    memory = asyncio.run(asking.history(settings, name, who, moment))
    if not memory.periods and not memory.changes:
        raise InputError(
            "directory.not_remembered",
            Words(en=f"Nothing is remembered of {who}.", fr=f"Rien n'est retenu de {who}."),
        )
    if json:
        screen.as_json(_data(memory, moment))
        return
    for words in past.answer(memory, moment):
        screen.say(words)
    _show(memory)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text).astimezone()
    except (ValueError, OverflowError, OSError):
        raise InputError(
            "directory.moment",
            Words(
                en=f"{text} is no time: write 2026-03-03T14:00, with an offset such as +01:00 if you like.",
                fr=f"{text} n'est pas une heure : écrivez 2026-03-03T14:00 (et +01:00, au besoin).",
            ),
        ) from None
    if moment > SystemClock().now():
        raise InputError(
            "directory.moment",
            Words(
                en=f"{past.local(moment)} is still to come: nobody can know yet.",
                fr=f"{past.local(moment)} est à venir : personne ne peut encore savoir.",
            ),
        )
    return moment


def _show(memory: Memory) -> None:
    screen.line()
    screen.table(
        _PERIODS,
        [
            [
                Cell(past.local(one.known_from), whole=True),
                Cell(past.local(one.known_until) if one.known_until else "", whole=True),
                Cell(told(entries.standing(one.standing.value, one.since, one.until)), "bold"),
                Cell(one.source),
            ]
            for one in memory.periods
        ],
    )
    if not memory.changes:
        return
    screen.line()
    screen.table(
        _CHANGES,
        [
            [
                Cell(past.local(one.at), whole=True),
                Cell(told(past.change(one)), "bold"),
                Cell(told(past.detail(one))),
                Cell(one.source),
            ]
            for one in memory.changes
        ],
    )


_SOURCE: Final = Words(en="source", fr="source")
_PERIODS: Final = (
    Words(en="held from", fr="tenu du"),
    Words(en="to", fr="au"),
    Words(en="standing", fr="situation"),
    _SOURCE,
)
_CHANGES: Final = (
    Words(en="at", fr="le"),
    Words(en="change", fr="changement"),
    Words(en="what", fr="quoi"),
    _SOURCE,
)


def _data(memory: Memory, at: datetime | None) -> dict[str, Any]:
    return {
        "at": screen.moment(at),
        "answer": [{"en": words.en, "fr": words.fr} for words in past.answer(memory, at)],
        "then": memory.then and _period(memory.then),
        "now_known": memory.now_known and _period(memory.now_known),
        "periods": [_period(one) for one in memory.periods],
        "changes": [
            {"at": screen.moment(one.at), "source": one.source, "what": one.what, "detail": one.detail}
            for one in memory.changes
        ],
    }


def _period(one: Period) -> dict[str, Any]:
    return {
        "known_from": screen.moment(one.known_from),
        "known_until": screen.moment(one.known_until),
        "standing": one.standing.value,
        "since": _day(one.since),
        "until": _day(one.until),
        "source": one.source,
    }


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
