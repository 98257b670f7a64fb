"""Paths into answers, compiled once for the process: JSONPath (RFC 9535), XPath 1.0, FHIRPath.

Each gives a list of plain values: texts, numbers, truths, tables, lists. A path may look but not touch: no
functions of ours are offered to it, none that grow or loop, and patterns in it are bounded as in `patterns`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from jsonpath_rfc9535 import JSONPathEnvironment
from jsonpath_rfc9535.exceptions import JSONPathError
from jsonpath_rfc9535.function_extensions import ExpressionType, FilterFunction
from lxml import etree

from hub_http.mapping import patterns

Path = Callable[[Any], list[Any]]
CACHED: Final = 4096
_MAX_PATH: Final = 2000
_NAMES: Final = re.compile(r"\$(\.[A-Za-z_][A-Za-z0-9_]*)+")


class PathError(Exception):
    """A path that can't be used; the text says why, as its library does."""


@lru_cache(CACHED)
def json(path: str) -> tuple[Path, bool]:
    """Compile a JSONPath; also whether it finds one value at most. Raises PathError."""
    try:
        query = _JSON.compile(_short(path))
    except (JSONPathError, RecursionError) as error:
        raise PathError(str(error).partition("\n")[0]) from None
    except Exception as error:  # noqa: BLE001 - the library raises other errors for some nonsense
        raise PathError(type(error).__name__) from None
    if _NAMES.fullmatch(path):
        return _following(path.split(".")[1:]), True

    def find(value: Any) -> list[Any]:
        try:
            return [node.value for node in query.finditer(value)]
        except (JSONPathError, RecursionError):
            return []

    return find, query.singular_query()


def _following(names: list[str]) -> Path:
    """Return what a path of plain names finds (RFC 9535, 2.5.1.1): most paths are no more."""

    def find(value: Any) -> list[Any]:
        for name in names:
            if not isinstance(value, dict) or name not in value:
                return []
            value = value[name]
        return [value]

    return find


@lru_cache(CACHED)
def xpath(path: str, namespaces: tuple[tuple[str, str], ...]) -> Path:
    """Compile an XPath with its prefixes. Raises PathError."""
    try:
        query = etree.XPath(_short(path), namespaces=dict(namespaces), regexp=False, smart_strings=False)
    except (etree.XPathError, ValueError, TypeError) as error:
        raise PathError(str(error)) from None

    def find(root: Any) -> list[Any]:
        try:
            found = query(root)
        except etree.XPathError:
            return []
        return [_of_xml(one) for one in (found if isinstance(found, list) else [found])]

    return find


def xpath_fault(path: str, namespaces: tuple[tuple[str, str], ...]) -> str | None:
    """Return what is wrong with an XPath: prefixes and functions come to light only when it is used."""
    try:
        xpath(path, namespaces)
        etree.XPath(path, namespaces=dict(namespaces), regexp=False)(etree.Element("r"))
    except (PathError, etree.XPathError) as error:
        return str(error)
    return None


@lru_cache(CACHED)
def fhirpath(path: str) -> Path:
    """Compile a FHIRPath for FHIR R4. Raises PathError."""
    # A tenth of a second and a few megabytes, that most operators have no use for.
    from hub_http.mapping import fhir  # noqa: PLC0415

    try:
        query = fhir.compiled(_short(path))
    except fhir.FhirPathError as error:
        raise PathError(str(error)) from None

    def find(resource: Any) -> list[Any]:
        if not isinstance(resource, dict | list):
            return []
        try:
            return [_plain(one) for one in query(resource)]
        except Exception:  # noqa: BLE001 - the library raises plain Exception for values that don't fit
            return []

    return find


def _short(path: str) -> str:
    if len(path) > _MAX_PATH:
        raise PathError(f"longer than {_MAX_PATH} characters")
    return path


def _of_xml(found: Any) -> Any:
    if isinstance(found, etree._Element):  # noqa: SLF001 - lxml's only name for it
        return "".join(str(one) for one in _texts(found))
    return _plain(found)


def _texts(element: etree._Element) -> Iterator[Any]:
    return element.itertext(with_tail=False)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal | float):
        return int(value) if value == value.__trunc__() else float(value)
    if value is None or isinstance(value, bool | int | str | dict | list):
        return value
    return str(value)


class _Bounded(FilterFunction):
    """`match` and `search` of RFC 9535, 2.4.6 and 2.4.7, bounded in time."""

    arg_types = [ExpressionType.VALUE, ExpressionType.VALUE]  # noqa: RUF012 - as the library has it
    return_type = ExpressionType.LOGICAL

    def __init__(self, tried: Callable[[str, str], bool]) -> None:
        self._tried = tried

    def __call__(self, text: object, pattern: object) -> bool:
        """Say whether a text matches; nothing but texts does."""
        return isinstance(text, str) and isinstance(pattern, str) and self._tried(pattern, text)


def _environment() -> JSONPathEnvironment:
    environment = JSONPathEnvironment()
    environment.function_extensions["match"] = _Bounded(patterns.fits)
    environment.function_extensions["search"] = _Bounded(patterns.found_in)
    return environment


_JSON: Final = _environment()
