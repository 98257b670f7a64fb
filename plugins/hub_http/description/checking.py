"""The deep checks of a description: what the model can't see, because it is said in templates and paths.

They take some milliseconds for each description, and `hub_http.description.reading` less than one: so a hub
with a thousand operators does not do them all when it starts, but only the first few. `sound` does them
once, before a description is used for the first time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final
from weakref import ref

from hub_http.description import asks, comings, mistakes, paths, sends, servers, usage, walking
from hub_http.description.inbound import Hmac
from hub_http.description.mistakes import Mistake
from hub_http.description.model import Description
from hub_http.description.picking import Pick
from hub_http.description.requests import Part, Request
from hub_http.description.simulation import Reply
from hub_http.description.texts import Texts
from hub_http.description.values import Block
from hub_http.description.walking import Spot

AT_START: Final = 10
_TABLES: Final = ("answers", "findings", "events", "kinds")
_found: Final[dict[int, tuple[ref[Description], tuple[Mistake, ...]]]] = {}


def check(description: Description) -> tuple[Mistake, ...]:
    """Return all mistakes and warnings."""
    texts = Texts(description)
    found = list(texts.check())
    spots = list(walking.spots(description))
    for spot in spots:
        found.extend(_one(spot))
    found.extend(servers.check(description, texts.used))
    found.extend(sends.check(description, texts.used))
    found.extend(comings.check(description, texts.used))
    found.extend(usage.check(description, spots, texts.used))
    return tuple(found)


def at_start(path: Path, description: Description) -> None:
    """Check what a hub opens, as `sound`, as long as it has opened no more than `AT_START`.

    So most hubs name every mistake when they start, and none takes long to. One that uses FHIRPath waits
    for its first use: the parser of that takes ten megabytes.
    """
    if len(_found) < AT_START and not any(_is_fhir(spot.value) for spot in walking.spots(description)):
        sound(path, description)


def _is_fhir(value: object) -> bool:
    return isinstance(value, Pick) and value.fhirpath is not None


def sound(path: Path, description: Description) -> None:
    """Check what came from `path`, once; warnings pass. Raises ConfigError as `reading.read`."""
    known = _found.get(id(description))
    if known is not None and known[0]() is description:
        found = known[1]
    else:
        found = tuple(one for one in check(description) if not one.warning)
        _found[id(description)] = (ref(description, _forget(id(description))), found)
    if found:
        raise mistakes.errors(path, _text(path), found)


def _one(spot: Spot) -> Iterator[Mistake]:
    """Check one value by itself."""
    place, value = spot.place, spot.value
    if not isinstance(value, Block):
        return
    match value:
        case Request():
            yield from asks.request(place, value)
        case Part():
            yield from asks.part(place, value)
        case Reply():
            yield from asks.reply(place, value)
        case Pick():
            yield from paths.check(place, value)
            if value.header is not None:
                yield from asks.header((*place, "header"), value.header)
        case Hmac():
            yield from asks.header((*place, "header"), value.header)
    yield from asks.headers((*place, "headers"), getattr(value, "headers", {}))
    for key in _TABLES:
        if isinstance(table := getattr(value, key, None), tuple):
            yield from asks.rows((*place, key), table)


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return ""


def _forget(key: int) -> Callable[[object], None]:
    return lambda _gone: _found.pop(key, None) and None
