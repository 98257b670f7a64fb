"""Strict reading of a resource's elements: absent is fine, another type than FHIR's is not.

What is wrong is said with its path (`Practitioner.name[0].family`), never with what stands there.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from datetime import date
from typing import Any, Final

from hub_annuaire import names

MAX_LISTED: Final = 2000
"""Values of one element."""
MAX_TEXT: Final = 2000
"""Characters of one value that is kept."""

_DAY: Final = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T[0-9:.]+(?:Z|[+-]\d\d:\d\d))?)?)?")
"""FHIR R4, 2.24.0.1: date and dateTime."""


class UnreadableError(Exception):
    """A resource is not what FHIR says; `path` is where. Caught by `reading`."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


class Element:
    """One JSON object of a resource, and where it is."""

    def __init__(self, value: Any, path: str) -> None:
        if not isinstance(value, dict):
            raise UnreadableError(path)
        self._value: dict[str, Any] = value
        self.path = path

    def text(self, key: str) -> str:
        """Return a text on one line; empty when there is none."""
        value = self._value.get(key, "")
        if not isinstance(value, str) or len(value) > MAX_TEXT:
            raise UnreadableError(f"{self.path}.{key}")
        return names.clean(value)

    def truth(self, key: str) -> bool | None:
        """Return true, false or nothing."""
        value = self._value.get(key)
        if value is not None and not isinstance(value, bool):
            raise UnreadableError(f"{self.path}.{key}")
        return value

    def positive(self, key: str) -> int | None:
        """Return a whole number above 0, or nothing (FHIR's positiveInt)."""
        value = self._value.get(key)
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 2**31:
            raise UnreadableError(f"{self.path}.{key}")
        return value

    def element(self, key: str) -> Element | None:
        """Return what is inside, or nothing."""
        value = self._value.get(key)
        return None if value is None else Element(value, f"{self.path}.{key}")

    def elements(self, key: str) -> Iterator[Element]:
        """Yield what is listed."""
        values = self._value.get(key, [])
        if not isinstance(values, list) or len(values) > MAX_LISTED:
            raise UnreadableError(f"{self.path}.{key}")
        for number, value in enumerate(values):
            yield Element(value, f"{self.path}.{key}[{number}]")

    def texts(self, key: str) -> list[str]:
        """Return listed texts, each on one line."""
        values = self._value.get(key, [])
        if not isinstance(values, list) or not all(isinstance(one, str | None) for one in values):
            raise UnreadableError(f"{self.path}.{key}")
        return [names.clean(one[:MAX_TEXT]) for one in values if one]

    def extensions(self, *urls: str) -> Iterator[Element]:
        """Yield the extensions of these names."""
        return (one for one in self.elements("extension") if one.text("url") in urls)

    def extension(self, *urls: str) -> Element | None:
        """Return the first extension of these names, or nothing."""
        return next(self.extensions(*urls), None)

    def code(self, key: str) -> str:
        """Return the first code of a CodeableConcept; empty when there is none."""
        concept = self.element(key)
        codings = concept.elements("coding") if concept is not None else iter(())
        return next((one.text("code") for one in codings), "")

    def last_day(self, key: str) -> date | None:
        """Return the last day of a date, which may be a year or a month alone."""
        written = self.text(key)
        if not written:
            return None
        found = _DAY.fullmatch(written)
        if found is None:
            raise UnreadableError(f"{self.path}.{key}")
        year, month, day = (int(one) if one else 0 for one in found.groups())
        try:
            if day:
                return date(year, month, day)
            first = date(year, month or 12, 1)
        except ValueError:
            raise UnreadableError(f"{self.path}.{key}") from None
        return first.replace(day=monthrange(first.year, first.month)[1])
