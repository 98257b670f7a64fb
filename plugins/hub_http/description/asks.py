"""Checks of requests and of tables of answers: one address, one body, rows that can be reached."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from hub_http.description.mistakes import Mistake, Place, suggested, warning, wrong
from hub_http.description.picking import Row
from hub_http.description.requests import Part, Request, Step
from hub_http.description.simulation import Reply

BODIES: Final = ("json_", "form", "multipart", "raw", "text", "xml")
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_OURS: Final = frozenset(
    {"connection", "content-length", "host", "te", "trailer", "transfer-encoding", "upgrade"}
)
"""Headers of the connection and of the body's length, which the hub says itself (RFC 9110, 7.6.1; 8.6)."""
_ALL: Final = ((100, 599),)


def request(place: Place, one: Request) -> Iterator[Mistake]:
    """Check one request or step."""
    if one.path is None and one.url is None:
        yield wrong(place, "needs path, or url", "demande path, ou url")
    elif one.path is not None and one.url is not None:
        yield wrong(
            (*place, "url"), "can't be beside path: name one", "ne va pas avec path : n'en nommez qu'un"
        )
    yield from _address(place, one)
    bodies = [body for body in BODIES if getattr(one, body) is not None]
    if len(bodies) > 1:
        yield _several(place, bodies)
    hooked = isinstance(one, Step) and one.hook is not None
    if not bodies and not hooked:
        for key, given in (
            ("media_type", one.media_type),
            ("gzip", one.gzip or None),
            ("chunks", _chunks(one)),
        ):
            if given is not None:
                yield warning((*place, key), "is of no use without a body", "ne sert à rien sans corps")
    if bodies and one.method == "GET":
        yield warning(
            (*place, "method"),
            "is GET, with a body: most servers ignore it",
            "vaut GET, avec un corps : la plupart des serveurs l'ignorent",
        )
    for name in one.needs:
        if name not in one.take:
            words = wrong(
                (*place, "needs"), f"names {name}, which is not in take", f"nomme {name}, absent de take"
            )
            yield Mistake(place=words.place, words=suggested(words.words, name, one.take))


def _address(place: Place, one: Request) -> Iterator[Mistake]:
    if one.path is not None and "://" in one.path.partition("{{")[0]:
        yield wrong(
            (*place, "path"),
            "is a whole URL: name what comes after base_url",
            "est une URL entière : écrivez ce qui suit base_url",
        )
    if one.url is not None and not one.url.startswith(("https://", "{{")):
        yield wrong(
            (*place, "url"),
            "is no whole URL (https://…): what is below base_url is named by path",
            "n'est pas une URL entière (https://…) : ce qui suit base_url s'écrit dans path",
        )


def _chunks(one: Request) -> object:
    return one.chunks if isinstance(one, Step) else None


def part(place: Place, one: Part) -> Iterator[Mistake]:
    """Check one part of a multipart body."""
    bodies = [body for body in ("text", "json_", "raw") if getattr(one, body) is not None]
    if len(bodies) > 1:
        yield _several(place, bodies)
    elif not bodies:
        yield wrong(place, "has no content: text, json or raw", "n'a pas de contenu : text, json ou raw")


def reply(place: Place, one: Reply) -> Iterator[Mistake]:
    """Check one answer of a double."""
    bodies = [body for body in ("json_", "text", "raw") if getattr(one, body) is not None]
    if len(bodies) > 1:
        yield _several(place, bodies)


def _several(place: Place, bodies: Sequence[str]) -> Mistake:
    said = ", ".join(body.rstrip("_") for body in bodies)
    return wrong(
        place, f"has several bodies: {said}; name one", f"a plusieurs corps : {said} ; un seul est possible"
    )


def headers(place: Place, named: Iterable[str]) -> Iterator[Mistake]:
    """Check names of headers."""
    for name in named:
        yield from header((*place, name), name, ours=True)


def header(place: Place, name: str, *, ours: bool = False) -> Iterator[Mistake]:
    """Check the name of a header; with `ours`, of one that the hub is to send."""
    if not _TOKEN.fullmatch(name):
        yield wrong(
            place, "is no name of a header (RFC 9110, 5.1)", "n'est pas un nom d'en-tête (RFC 9110, 5.1)"
        )
    elif ours and name.lower() in _OURS:
        yield wrong(
            place, "is said by the hub itself: leave it out", "est dit par le hub lui-même : retirez-le"
        )


def rows(place: Place, table: Sequence[Row]) -> Iterator[Mistake]:
    """Yield rows of a table that no answer reaches: those before them take all."""
    taken: list[tuple[int, int]] = []
    seen: list[Row] = []
    for number, row in enumerate(table):
        ranges = row.status or _ALL
        same = any(one.status == row.status and one.when == row.when for one in seen)
        if same or all(_covered(one, taken) for one in ranges):
            yield warning(
                (*place, number),
                "is never reached: rows before it take all that it is about",
                "n'est jamais atteinte : les lignes précédentes prennent tout ce qu'elle vise",
            )
        seen.append(row)
        if row.when is None:
            taken.extend(ranges)


def _covered(wanted: tuple[int, int], taken: Sequence[tuple[int, int]]) -> bool:
    at, last = wanted
    for first, end in sorted(taken):
        if first <= at <= end:
            at = end + 1
    return at > last
