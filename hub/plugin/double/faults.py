"""Faults on demand: how they are written, and which are still to be committed where.

Which kinds there are, and what each does, is the double's own: it derives a `Fault` that names its `kinds`.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from typing import ClassVar, Final, Generic, Self, TypeVar

from hub.errors import InputError

EVERYWHERE: Final = "*"
"""The route that stands for all of them."""
_CODED: Final = re.compile(r"(status|done):([2-5]\d\d)")
_GIVEN: Final = re.compile(r"([^=]+)=((?:status|done):\d+|[a-z-]+)(?::(\d+))?")
_MOST: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One kind of fault at one route, `times` times.

    Of kinds `status` (answer so and do nothing) and `done` (do it and answer so) `status` says how.
    """

    kinds: ClassVar[frozenset[str]] = frozenset()
    """The double's kinds beside `status` and `done`."""

    route: str
    kind: str
    times: int = 1
    status: int | None = None

    @property
    def count(self) -> int:
        """How often it is committed."""
        return self.times

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `ROUTE=KIND[:TIMES]`, such as `send=lost` or `*=status:500:3`. Raises InputError."""
        found = _GIVEN.fullmatch(text)
        if found is None:
            raise cls.wrong(text, cls.listed())
        return cls.of(found[1], found[2], int(found[3] or 1))

    @classmethod
    def of(cls, route: str, kind: str, times: int = 1) -> Self:
        """Make one of a kind, such as `lost` or `status:500`. Raises InputError."""
        coded = _CODED.fullmatch(kind)
        if (coded is None and kind not in cls.kinds) or not 0 < times <= _MOST:
            text = f"{route}={kind}" if times == 1 else f"{route}={kind}:{times}"
            raise cls.wrong(text, cls.listed())
        if coded is not None:
            return cls(route=route, kind=coded[1], times=times, status=int(coded[2]))
        return cls(route=route, kind=kind, times=times)

    @classmethod
    def listed(cls) -> str:
        """Return how each kind is written, for people."""
        return ", ".join(sorted([*cls.kinds, "status:NNN", "done:NNN"]))

    @classmethod
    def wrong(cls, text: str, kinds: str) -> InputError:
        """Make the double's error for what is no fault; `kinds` are those there are."""
        raise NotImplementedError


F = TypeVar("F", bound=Fault)


class Plan(Generic[F]):
    """Faults that are still to come, by route, in the order in which they were asked for."""

    def __init__(self) -> None:
        self._left: dict[str, deque[F]] = {}

    def add(self, fault: F) -> None:
        """Commit one more, as often as it says."""
        self._left.setdefault(fault.route, deque()).extend([fault] * fault.count)

    def next(self, route: str, *, everywhere: bool = True) -> F | None:
        """Return what is to be committed at this route now, and count it."""
        for name in (route, EVERYWHERE) if everywhere else (route,):
            if left := self._left.get(name):
                return left.popleft()
        return None

    def clear(self) -> None:
        """Commit nothing more."""
        self._left.clear()
