"""`hub queue`: what is still to be delivered, and what a person may do about it."""

from __future__ import annotations

import asyncio
import getpass
import os
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hub.cli import exit_codes, screen
from hub.cli.given import given
from hub.cli.language import told
from hub.cli.options import Json
from hub.cli.screen import Cell
from hub.domain.delivery import State
from hub.domain.ids import DeliveryId, OperatorName
from hub.errors import HubError, InputError, StoreError, Words

if TYPE_CHECKING:
    from hub.app.settings import Settings
    from hub.core.attend import Attendant
    from hub.ports.records import Waiting

app = typer.Typer(no_args_is_help=True, help="See and move what is still to be delivered.")
Ids = Annotated[list[str], typer.Argument(metavar="ID…", help="Ids of deliveries, as `queue list` shows.")]


@app.callback()
def queue() -> None:
    """See and move what is still to be delivered."""


@app.command("list")
def list_(
    ctx: typer.Context,
    *,
    operator: Annotated[str | None, typer.Option(metavar="NAME", help="Only this operator's.")] = None,
    state: Annotated[
        State | None, typer.Option(help="Only in this state: pending, leased or uncertain.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many at most.")] = 100,
    json: Json = False,
) -> None:
    """List open deliveries, the oldest first, by ids and codes only."""
    settings = given(ctx).load().settings
    names = sorted(one.name for one in settings.operators)
    if operator is not None and operator not in names:
        raise InputError(
            "operator.unknown",
            Words(
                en=f"No operator is called {operator}; there are: {', '.join(names) or '–'}.",
                fr=f"Aucun opérateur ne s'appelle {operator} ; il y a : {', '.join(names) or '–'}.",
            ),
        )
    waiting = asyncio.run(_waiting(settings, operator, state, limit))
    if json:
        screen.as_json({"deliveries": [_data(one) for one in waiting]})
        return
    screen.table(_HEADERS, [_row(one) for one in waiting])
    if not waiting:
        screen.note(Words(en="Nothing waits.", fr="Rien n'attend."))
    if len(waiting) == limit:
        screen.note(
            Words(
                en=f"There may be more than these {limit}: see --limit.",
                fr=f"Il peut y en avoir plus que ces {limit} : voir --limit.",
            )
        )


@app.command("retry")
def retry(ctx: typer.Context, *, ids: Ids, json: Json = False) -> None:
    """Bring waiting deliveries forward: they are due now.

    About an uncertain one the operator is asked again; it is never sent again blindly.
    """
    _move(ctx, ids, lambda attendant, one: attendant.retry(one), as_json=json)


@app.command("cancel")
def cancel(ctx: typer.Context, *, ids: Ids, json: Json = False) -> None:
    """Give up waiting deliveries; senders who asked to hear of failures are told."""
    _move(ctx, ids, lambda attendant, one: attendant.cancel(one), as_json=json)


@app.command("settle")
def settle(
    ctx: typer.Context,
    *,
    ids: Ids,
    delivered: Annotated[bool, typer.Option("--delivered", help="The recipient's operator has it.")] = False,
    not_delivered: Annotated[
        bool, typer.Option("--not-delivered", help="Nothing arrived: send it again.")
    ] = False,
    refused: Annotated[bool, typer.Option("--refused", help="The operator refused it for good.")] = False,
    json: Json = False,
) -> None:
    """Say what became of uncertain deliveries, when you have found out."""
    from hub.core.attend import Finding  # noqa: PLC0415 -- `hub --help` needs none of it

    chosen = [
        finding
        for finding, wanted in (
            (Finding.DELIVERED, delivered),
            (Finding.NOT_DELIVERED, not_delivered),
            (Finding.REFUSED, refused),
        )
        if wanted
    ]
    if len(chosen) != 1:
        screen.failed(
            Words(
                en="Give exactly one of --delivered, --not-delivered and --refused.",
                fr="Donnez exactement l'une des options --delivered, --not-delivered et --refused.",
            )
        )
        raise typer.Exit(exit_codes.USAGE)
    _move(ctx, ids, lambda attendant, one: attendant.settle(one, chosen[0]), as_json=json)


Act = Callable[["Attendant", DeliveryId], Awaitable[State]]


def _move(ctx: typer.Context, ids: Sequence[str], act: Act, *, as_json: bool) -> None:
    settings = given(ctx).load().settings
    moved, refused = asyncio.run(_all_moved(settings, [DeliveryId(one) for one in ids], act))
    if as_json:
        screen.as_json(
            {
                "moved": [{"delivery": one, "state": state.value} for one, state in moved],
                "refused": [{"delivery": one, **screen.error_json(error)} for one, error in refused],
            }
        )
    else:
        for one, state in moved:
            screen.mark("✓", one, state.value)
        for _, error in refused:
            screen.failed(error.words)
    raise typer.Exit(exit_codes.of(refused[0][1]) if refused else exit_codes.FINE)


async def _all_moved(
    settings: Settings, ids: Sequence[DeliveryId], act: Act
) -> tuple[list[tuple[str, State]], list[tuple[str, HubError]]]:
    from hub.app.assembly import attendant, open_records  # noqa: PLC0415 -- heavy: the store

    moved: list[tuple[str, State]] = []
    refused: list[tuple[str, HubError]] = []
    async with open_records(settings) as store:
        person = attendant(settings, store, _user())
        for one in dict.fromkeys(ids):
            try:
                moved.append((one, await act(person, one)))
            except (InputError, StoreError) as error:
                refused.append((one, error))
    return moved, refused


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        # A container may know its user by number only.
        return f"uid {os.getuid()}"


async def _waiting(
    settings: Settings, operator: str | None, state: State | None, limit: int
) -> Sequence[Waiting]:
    from hub.app.assembly import open_records  # noqa: PLC0415 -- heavy: the store

    name = None if operator is None else OperatorName(operator)
    async with open_records(settings) as store:
        return await store.waiting(operator=name, state=state, limit=limit)


_HEADERS = (
    Words(en="delivery", fr="remise"),
    Words(en="operator", fr="opérateur"),
    Words(en="state", fr="état"),
    Words(en="attempts", fr="tentatives"),
    Words(en="accepted (UTC)", fr="accepté (UTC)"),
    Words(en="due (UTC)", fr="échéance (UTC)"),
    Words(en="code", fr="code"),
    Words(en="message", fr="message"),
)
_PERSON = Words(en="by a person", fr="par une personne")


def _row(one: Waiting) -> list[Cell]:
    due = f"{one.due_at:%Y-%m-%d %H:%M:%S}" if one.due_at else ""
    held = one.due_at is None and one.state is State.UNCERTAIN
    return [
        Cell(one.id, whole=True),
        Cell(one.operator),
        screen.state(one.state.value),
        Cell(str(one.attempts)),
        Cell(f"{one.accepted_at:%Y-%m-%d %H:%M:%S}", whole=True),
        Cell(told(_PERSON) if held else due, whole=True),
        Cell(one.code or ""),
        Cell(one.envelope, "dim", whole=True),
    ]


def _data(one: Waiting) -> dict[str, Any]:
    return {
        "delivery": one.id,
        "envelope": one.envelope,
        "operator": one.operator,
        "state": one.state.value,
        "attempts": one.attempts,
        "accepted_at": screen.moment(one.accepted_at),
        "due_at": screen.moment(one.due_at),
        "code": one.code,
    }
