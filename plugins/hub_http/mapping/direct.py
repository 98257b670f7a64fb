"""Expressions that need no jinja2 to be evaluated: names, their attributes, functions of one value, `if`.

Most expressions of a description are no more than that. Each becomes one plain function, which gives what
jinja2's own code would, and raises what it would, many times faster.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from jinja2 import nodes

from hub_http.mapping.sandbox import Sandbox
from hub_http.mapping.seen import Seen, attributes

Reader = Callable[[Mapping[str, Any]], Any]
"""Gives the value of an expression; one that is missing is jinja2's Undefined."""


def reader(node: nodes.Node, sandbox: Sandbox) -> Reader | None:
    """Return the function that an expression becomes; None when only jinja2 can tell its value."""
    match node:
        case nodes.Const(value=value):
            return lambda _: value
        case nodes.Name(name=name):
            return _name(name, sandbox)
        case nodes.Getattr(node=inner, attr=name):
            whole = reader(inner, sandbox)
            return whole and _attribute(whole, name, sandbox)
        case nodes.Filter(name=name, node=nodes.Node() as inner, args=[], kwargs=[]):
            whole, function = reader(inner, sandbox), sandbox.filters[name]
            bare = not hasattr(function, "jinja_pass_arg")
            return _function(whole, function) if whole and bare else None
        case nodes.CondExpr(test=test, expr1=one, expr2=nodes.Node() as other):
            asked, then, otherwise = reader(test, sandbox), reader(one, sandbox), reader(other, sandbox)
            return asked and then and otherwise and _choice(asked, then, otherwise)
    return None


def _name(name: str, sandbox: Sandbox) -> Reader:
    def read(scope: Mapping[str, Any]) -> Any:
        return scope[name] if name in scope else sandbox.undefined(name=name)

    return read


def _attribute(inner: Reader, name: str, sandbox: Sandbox) -> Reader:
    def read(scope: Mapping[str, Any]) -> Any:
        found = inner(scope)
        kind = type(found)
        # What templates see most; the sandbox would come to the same by more questions.
        if kind is dict and name in found:
            return found[name]
        shown = name in _shown(kind)  # type: ignore[arg-type]  # a type can be hashed
        return getattr(found, name) if shown else sandbox.getattr(found, name)

    return read


def _function(inner: Reader, function: Callable[..., Any]) -> Reader:
    return lambda scope: function(inner(scope))


def _choice(asked: Reader, then: Reader, otherwise: Reader) -> Reader:
    return lambda scope: then(scope) if asked(scope) else otherwise(scope)


@lru_cache(256)
def _shown(kind: type) -> frozenset[str]:
    return attributes(kind) if issubclass(kind, Seen) else frozenset()  # type: ignore[arg-type]  # as above
