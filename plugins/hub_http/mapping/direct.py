"""Expressions that need no jinja2 to be evaluated: names, their attributes, functions of one value, `if`.

Most expressions of a description are no more than that. Each becomes one plain function, which gives what
jinja2's own code would, and raises what it would, many times faster.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

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
        case nodes.Getattr():
            return _attribute(node, sandbox)
        case nodes.Filter(
            name=name, node=nodes.Node() as inner, args=[], kwargs=[], dyn_args=None, dyn_kwargs=None
        ):
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


def _attribute(node: nodes.Getattr, sandbox: Sandbox) -> Reader | None:
    name = node.attr
    if isinstance(node.node, nodes.Name):
        return _attribute_of_name(node.node.name, name, sandbox)
    inner = reader(node.node, sandbox)
    return inner and (lambda scope: _looked_up(inner(scope), name, sandbox))


def _attribute_of_name(first: str, name: str, sandbox: Sandbox) -> Reader:
    """Return a reader that asks but once: most expressions are that."""

    def read(scope: Mapping[str, Any]) -> Any:
        found = scope[first] if first in scope else sandbox.undefined(name=first)
        if (type(found), name) in _shown:
            return getattr(found, name)
        return _looked_up(found, name, sandbox)

    return read


def _looked_up(found: Any, name: str, sandbox: Sandbox) -> Any:
    """Return what the sandbox would, with fewer questions for what templates see most."""
    kind = type(found)
    if kind is dict and name in found:
        return found[name]
    if issubclass(kind, Seen) and name in attributes(kind):  # type: ignore[arg-type]  # a type can be hashed
        _shown.add((kind, name))
        return getattr(found, name)
    return sandbox.getattr(found, name)


def _function(inner: Reader, function: Callable[..., Any]) -> Reader:
    return lambda scope: function(inner(scope))


def _choice(asked: Reader, then: Reader, otherwise: Reader) -> Reader:
    return lambda scope: then(scope) if asked(scope) else otherwise(scope)


_shown: Final[set[tuple[type, str]]] = set()
"""Which attributes of which views have been asked for and may be seen: no more than there are."""
