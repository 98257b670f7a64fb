"""FHIRPath for FHIR R4, by `fhirpathpy`: held to its grammar, and to functions that can't grow or loop."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import fhirpathpy
from antlr4 import CommonTokenStream, InputStream, Token  # type: ignore[import-untyped]
from antlr4.error.ErrorListener import ErrorListener  # type: ignore[import-untyped]
from fhirpathpy.engine.invocations import invocation_registry
from fhirpathpy.models import models
from fhirpathpy.parser.generated.FHIRPathLexer import FHIRPathLexer
from fhirpathpy.parser.generated.FHIRPathParser import FHIRPathParser

from hub_http.mapping import patterns

_NOT_OFFERED: Final = frozenset({"aggregate", "exp", "power", "repeat", "replaceMatches", "trace"})


class FhirPathError(Exception):
    """An expression that can't be used."""


def compiled(path: str) -> Callable[[Any], list[Any]]:
    """Return the function that an expression is. Raises FhirPathError."""
    _check(path)
    try:
        query = fhirpathpy.compile(path, models["r4"], {"userInvocationTable": _OWN})
    except Exception as error:
        raise FhirPathError("it can't be read") from error
    for name in _functions(query.parsedPath):  # type: ignore[attr-defined]  # the tree that it was read to
        if name not in invocation_registry or name in _NOT_OFFERED:
            raise FhirPathError(f"there is no function {name}")
    return lambda resource: list(query(resource, None))


class _Listener(ErrorListener):  # type: ignore[misc]  # the library has no types
    def syntaxError(self, *said: Any) -> None:  # noqa: N802 - named by the library
        """Give up: by itself the library would guess and go on."""
        _recognizer, _symbol, _line, column, message, _error = said
        raise FhirPathError(f"column {column + 1}: {message}")


def _check(path: str) -> None:
    """Hold a text to the grammar, to its end."""
    try:
        lexer = FHIRPathLexer(InputStream(path))
        lexer.removeErrorListeners()
        lexer.addErrorListener(_Listener())
        parser = FHIRPathParser(CommonTokenStream(lexer))
        parser.removeErrorListeners()
        parser.addErrorListener(_Listener())
        parser.expression()
        left = parser.getCurrentToken()
    except RecursionError:
        raise FhirPathError("it is nested too deeply") from None
    if left.type != Token.EOF:
        raise FhirPathError(f"column {left.column + 1}: nothing more is expected here")


def _functions(tree: Any) -> Iterator[str]:
    if tree.get("type") == "Functn":
        yield tree["children"][0]["text"]
    for child in tree.get("children", ()):
        yield from _functions(child)


def _matches(inputs: list[Any], pattern: str) -> list[bool]:
    return [patterns.found_in(pattern, one) for one in inputs[:1] if isinstance(one, str)]


_OWN: Final = {"matches": {"fn": _matches, "arity": {1: ["String"]}, "nullable_input": True}}
