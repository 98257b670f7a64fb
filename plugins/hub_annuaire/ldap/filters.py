"""Search filters as values (RFC 4511, 4.5.1.7). There is no text to escape: injection has no way in.

`str` of a filter is its form in RFC 4515, for tests and for people.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_SPECIAL: Final = frozenset(b"()*\\")


@dataclass(frozen=True, slots=True)
class All:
    """True when each part is; without parts it is always true (RFC 4526)."""

    parts: tuple[Filter, ...]

    def __str__(self) -> str:
        return f"(&{''.join(map(str, self.parts))})"


@dataclass(frozen=True, slots=True)
class Some:
    """True when one part is; without parts it never is (RFC 4526)."""

    parts: tuple[Filter, ...]

    def __str__(self) -> str:
        return f"(|{''.join(map(str, self.parts))})"


@dataclass(frozen=True, slots=True)
class Not:
    """True when the part is false."""

    part: Filter

    def __str__(self) -> str:
        return f"(!{self.part})"


@dataclass(frozen=True, slots=True)
class Equal:
    """The attribute has this value."""

    attribute: str
    value: bytes

    def __str__(self) -> str:
        return f"({self.attribute}={escaped(self.value)})"


@dataclass(frozen=True, slots=True)
class Pieces:
    """The attribute has a value that begins so, then holds these in this order, and ends so."""

    attribute: str
    first: bytes | None = None
    middle: tuple[bytes, ...] = ()
    last: bytes | None = None

    def __str__(self) -> str:
        pieces = (self.first or b"", *self.middle, self.last or b"")
        return f"({self.attribute}={'*'.join(map(escaped, pieces))})"


@dataclass(frozen=True, slots=True)
class Present:
    """The attribute has a value."""

    attribute: str

    def __str__(self) -> str:
        return f"({self.attribute}=*)"


@dataclass(frozen=True, slots=True)
class Like:
    """The attribute has a value that is much like this one."""

    attribute: str
    value: bytes

    def __str__(self) -> str:
        return f"({self.attribute}~={escaped(self.value)})"


@dataclass(frozen=True, slots=True)
class Ordered:
    """The attribute has a value that is not less than this one; or not greater, with `most`."""

    attribute: str
    value: bytes
    most: bool

    def __str__(self) -> str:
        return f"({self.attribute}{'<=' if self.most else '>='}{escaped(self.value)})"


@dataclass(frozen=True, slots=True)
class Extensible:
    """The attribute has a value that a named rule holds to match."""

    attribute: str | None
    rule: str | None
    value: bytes
    names: bool

    def __str__(self) -> str:
        rule = f":{self.rule}" if self.rule else ""
        return f"({self.attribute or ''}{':dn' if self.names else ''}{rule}:={escaped(self.value)})"


Filter = All | Some | Not | Equal | Pieces | Present | Like | Ordered | Extensible

EVERYTHING: Final = Present("objectClass")
"""Every entry has a class."""


def escaped(value: bytes) -> str:
    """Write a value in a filter's text (RFC 4515, 3): what has a meaning there becomes its hex code."""
    return "".join(
        f"\\{one:02x}" if one in _SPECIAL or not 0x20 <= one < 0x7F else chr(one)  # noqa: PLR2004 - printable ASCII
        for one in value
    )


def depth(given: Filter) -> int:
    """Return how deep a filter is: 1 for one assertion."""
    return 1 + max((depth(one) for one in _within(given)), default=0)


def width(given: Filter) -> int:
    """Return how many assertions and pieces of text a filter has."""
    if isinstance(given, Pieces):
        return max(1, len(given.middle) + (given.first is not None) + (given.last is not None))
    return sum(map(width, _within(given))) if isinstance(given, All | Some | Not) else 1


def _within(given: Filter) -> tuple[Filter, ...]:
    if isinstance(given, All | Some):
        return given.parts
    return (given.part,) if isinstance(given, Not) else ()
