"""FHIR JSON, read strictly: size and depth limited, no key twice, and no surprise of type further on.

What is read is not validated against profiles: the service does that, and says what it finds.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from hub.errors import LimitError, MalformedError, Words

MAX_BYTES: Final = 4 << 20
MAX_DEPTH: Final = 64
Resource = Mapping[str, Any]
NOTHING: Final[Resource] = {}


def load(data: bytes) -> Resource:
    """Return a resource. Raises MalformedError, LimitError (`prescription.malformed`, `.too_large`)."""
    if len(data) > MAX_BYTES:
        raise LimitError(
            "prescription.too_large",
            Words(
                en=f"The document is larger than {MAX_BYTES} bytes.",
                fr=f"Le document dépasse {MAX_BYTES} octets.",
            ),
            limit=MAX_BYTES,
        )
    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_constant)
        _measure(value, 0)
    except (ValueError, RecursionError) as error:
        why = error.args[0] if isinstance(error, _FaultError) else None
        raise malformed(
            f"it is not JSON that can be read{f' ({why.en})' if why else ''}",
            f"ce n'est pas du JSON lisible{f' ({why.fr})' if why else ''}",
        ) from None
    if not isinstance(value, dict) or not isinstance(value.get("resourceType"), str):
        raise malformed("it is no FHIR resource", "ce n'est pas une ressource FHIR")
    return value


def at(node: Any, *path: str | int) -> Any:
    """Return what stands at a path of names and places; None when nothing does."""
    for step in path:
        if isinstance(step, int):
            if not isinstance(node, list) or step >= len(node):
                return None
            node = node[step]
        elif isinstance(node, Mapping):
            node = node.get(step)
        else:
            return None
    return node


def text(node: Any, *path: str | int) -> str:
    """Return the text at a path, in one line; empty when none is there."""
    found = at(node, *path)
    return " ".join(found.split()) if isinstance(found, str) else ""


def each(node: Any, *path: str | int) -> Iterator[Resource]:
    """Yield the objects of the list at a path."""
    found = at(node, *path)
    if isinstance(found, list):
        yield from (one for one in found if isinstance(one, Mapping))


def extension(node: Any, url: str) -> Resource:
    """Return the extension of this URL; an empty one when there is none."""
    return next((one for one in each(node, "extension") if one.get("url") == url), NOTHING)


def identifier(node: Any, system: str) -> str:
    """Return the value of a resource's identifier in this system; empty when there is none."""
    return next((text(one, "value") for one in each(node, "identifier") if one.get("system") == system), "")


def coded(node: Any, system: str) -> Resource:
    """Return the coding in this system of a CodeableConcept; an empty one when there is none."""
    return next((one for one in each(node, "coding") if one.get("system") == system), NOTHING)


@dataclass(frozen=True, slots=True)
class Bundle:
    """A Bundle's entries: full URLs and resources, in order."""

    value: Resource = field(repr=False)
    entries: tuple[tuple[str, Resource], ...] = field(repr=False)

    def of(self, kind: str) -> Iterator[Resource]:
        """Yield its resources of one kind."""
        return (one for _, one in self.entries if one.get("resourceType") == kind)

    def first(self, kind: str) -> Resource:
        """Return its first resource of one kind; an empty one when there is none."""
        return next(self.of(kind), NOTHING)

    def find(self, reference: str) -> Resource:
        """Return the resource that a reference leads to; an empty one when it is not in here."""
        return next((one for url, one in self.entries if url == reference), NOTHING) if reference else NOTHING

    def url(self, resource: Resource) -> str:
        """Return the full URL of one of its resources."""
        return next(url for url, one in self.entries if one is resource)

    @property
    def event(self) -> str:
        """The code of the event that a message tells; empty for what is no message."""
        if self.value.get("type") != "message":
            return ""
        return text(self.first("MessageHeader"), "eventCoding", "code")

    @property
    def identifier(self) -> str:
        """The value of its own identifier; empty when it has none."""
        return text(self.value, "identifier", "value")


def bundle(data: bytes) -> Bundle:
    """Read a Bundle. Raises MalformedError, LimitError."""
    return of(load(data))


def of(value: Resource) -> Bundle:
    """Return the entries of a resource that is a Bundle. Raises MalformedError."""
    if value.get("resourceType") != "Bundle":
        raise malformed(
            f"a Bundle is expected, not {value.get('resourceType')}",
            f"un Bundle est attendu, pas {value.get('resourceType')}",
        )
    entries = []
    for one in each(value, "entry"):
        resource = one.get("resource")
        if not isinstance(resource, Mapping) or not isinstance(resource.get("resourceType"), str):
            raise malformed("an entry holds no resource", "une entrée ne contient aucune ressource")
        entries.append((text(one, "fullUrl"), resource))
    return Bundle(value, tuple(entries))


def malformed(en: str, fr: str, where: str | None = None) -> MalformedError:
    """Make the error for what is not a message that can be read. The words end a sentence."""
    fields = {} if where is None else {"field": where}
    return MalformedError(
        "prescription.malformed",
        Words(en=f"The prescription can't be read: {en}.", fr=f"L'ordonnance est illisible : {fr}."),
        **fields,
    )


class _FaultError(ValueError):
    """A fault that is worth naming; its argument are the words."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise _FaultError(
            Words(en="a key stands twice in one object", fr="une clé figure deux fois dans un objet")
        )
    return made


def _no_constant(name: str) -> Any:
    raise _FaultError(Words(en=f"{name} is no number", fr=f"{name} n'est pas un nombre"))


def _measure(value: Any, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise _FaultError(
            Words(en=f"nested deeper than {MAX_DEPTH}", fr=f"imbriqué au-delà de {MAX_DEPTH} niveaux")
        )
    if isinstance(value, str):
        value.encode()  # half a surrogate pair, which only an escape can write, is no text
    elif isinstance(value, dict):
        for name, one in value.items():
            name.encode()
            _measure(one, depth + 1)
    elif isinstance(value, list):
        for one in value:
            _measure(one, depth + 1)
