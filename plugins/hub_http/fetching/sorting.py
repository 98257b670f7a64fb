"""What something is that came: the first row of `kinds` that fits says so."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from hub.errors import MalformedError, Words
from hub_http.description.inbound import Kind
from hub_http.description.picking import Pick, Row
from hub_http.description.values import Block
from hub_http.fetching.came import Came
from hub_http.fetching.refusals import unreadable
from hub_http.mapping.answered import Answered
from hub_http.sending.classify import fits


async def kind_of(
    kinds: Sequence[Kind], came: Came, scope: Mapping[str, Any], whole: Callable[[Came], Awaitable[Came]]
) -> tuple[int, Kind, Came]:
    """Return the row that fits, its number from 0, and what came, read whole if the row looks into it.

    `whole` reads the body into memory; a download whose rows only look at headers stays on the stage.
    Raises what `whole` raises, UnreadableError, and MalformedError when no row fits.
    """
    for number, row in enumerate(kinds):
        if looks_inside(row):
            came = await whole(came)
        if fits(row, came.answered, scope):
            if reads_inside(row):
                came = await whole(came)
                check_readable(_picks(row), came.answered, f"kinds[{number}]")
            return number, row, came
    check_readable((row.when for row in kinds if row.when is not None), came.answered, "kinds")
    raise MalformedError(
        "arrived.no_kind",
        Words(
            en="What came from the operator fits no row of `kinds` in its description.",
            fr="Ce qui est venu de l'opérateur ne répond à aucune ligne de `kinds` dans sa description.",
        ),
        field="kinds",
    )


def check_readable(picks: Iterable[Pick], answered: Answered, within: str) -> None:
    """Raise UnreadableError for a body that is not what picks look into: it would look empty to them."""
    for pick in picks:
        try:
            if pick.json_ is not None or pick.fhirpath is not None:
                _ = answered.json
            elif pick.xpath is not None:
                _ = answered.xml
        except MalformedError as error:
            raise unreadable(within, error) from error


def looks_inside(row: Row) -> bool:
    """Whether it takes the body to say that a row fits."""
    return row.when is not None and _inside(row.when)


def reads_inside(kind: Kind) -> bool:
    """Whether it takes the body to read what came as a row says."""
    return any(_inside(pick) for pick in _picks(kind))


def _inside(pick: Pick) -> bool:
    return bool(pick.json_ or pick.xpath or pick.fhirpath or pick.text)


def _picks(kind: Kind) -> Iterator[Pick]:
    """Yield the picks that are made from the whole of what came."""
    if kind.message is not None and kind.message.hook is None:
        yield from _own(kind.message)
        for one in kind.message.documents:
            # the others of a list are made from its members
            yield from [one.each] if one.each is not None else _own(one)
    if kind.about is not None:
        yield from _own(kind.about)
    for rule in kind.events:
        yield from _own(rule)


def _own(block: Block) -> Iterator[Pick]:
    for name in type(block).model_fields:
        value = getattr(block, name)
        if isinstance(value, Pick):
            yield value
