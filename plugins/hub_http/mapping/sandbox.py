"""The environment that templates run in: an immutable sandbox that shows next to nothing.

Beyond jinja2's own sandbox, which forbids some things, this one allows some: attributes that `seen` lists,
functions of `functions`, a few operators on numbers, texts and lists, each bounded in what it may give.
No loader, no globals, no format strings, no code of jinja2's own functions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import BuiltinMethodType, MethodType
from typing import Any, Final

from jinja2 import StrictUndefined, Undefined
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.tests import TESTS

from hub_http.mapping import functions, seen
from hub_http.mapping.faults import UnfitError
from hub_http.mapping.limits import MAX_INTEGER, MAX_TEXT

_TESTS: Final = frozenset(
    {
        "boolean",
        "defined",
        "even",
        "in",
        "mapping",
        "none",
        "number",
        "odd",
        "sequence",
        "string",
        "undefined",
    }
)
_NUMBERS: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "+": lambda one, two: one + two,
    "-": lambda one, two: one - two,
    "*": lambda one, two: one * two,
    "/": lambda one, two: one / two,
    "//": lambda one, two: one // two,
    "%": lambda one, two: one % two,
}


class Sandbox(ImmutableSandboxedEnvironment):
    """The one environment. Safe to share: nothing in it changes once it is made."""

    # An operator that is intercepted is not computed beforehand either, when a template is compiled.
    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%", "**"})

    def __init__(self, **options: Any) -> None:
        """Make it. Constants are not folded: an expression costs nothing before it is used."""
        super().__init__(
            undefined=StrictUndefined,
            loader=None,
            autoescape=False,
            optimized=False,
            keep_trailing_newline=True,
            cache_size=0,
            **options,
        )
        self.globals.clear()
        self.filters = dict(functions.FUNCTIONS)
        self.tests = {name: TESTS[name] for name in _TESTS}

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Return `obj.attribute`: of a table its key, else what `seen` lists."""
        if isinstance(obj, Mapping):
            try:
                return obj[attribute]
            except LookupError:
                pass
        if isinstance(obj, Undefined):
            str(obj)  # raises, and names the first that is missing
        if attribute in seen.attributes(type(obj)):  # type: ignore[arg-type]  # a type can be hashed
            return getattr(obj, attribute)
        return self.undefined(obj=obj, name=attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Return `obj[argument]` of a table, list or text; of another object its attribute."""
        if isinstance(obj, Mapping | list | tuple | str):
            try:
                return obj[argument]
            except (LookupError, TypeError):
                return self.undefined(obj=obj, name=argument)
        if isinstance(argument, str):
            return self.getattr(obj, argument)
        if isinstance(obj, Undefined):
            str(obj)  # as above
        return self.undefined(obj=obj, name=argument)

    def is_safe_callable(self, obj: Any) -> bool:
        """Say whether it may be called: the methods that `seen` lists, of texts and tables."""
        return (
            isinstance(obj, BuiltinMethodType | MethodType)
            and isinstance(obj.__self__, str | Mapping)
            and obj.__name__ in seen.CALLABLE
        )

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Apply an operator to numbers; `+` to texts and lists too. Raises UnfitError for anything else."""
        del context
        if operator in _NUMBERS:
            if _number(left) and _number(right):
                return _bounded(_NUMBERS[operator](left, right))
            both_lists = isinstance(left, list | tuple) and isinstance(right, list | tuple)
            if operator == "+" and (both_lists or (isinstance(left, str) and isinstance(right, str))):
                if len(left) + len(right) > MAX_TEXT:
                    raise UnfitError("it becomes too long", "il devient trop long")
                return [*left, *right] if both_lists else left + right
        seen.named(left), seen.named(right)  # raises for what is missing, and names it
        raise UnfitError(
            f"{operator} is not offered for these values", f"{operator} n'existe pas pour ces valeurs"
        )


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= MAX_INTEGER


def _bounded(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        raise UnfitError("a number becomes too large", "un nombre devient trop grand")
    return value
