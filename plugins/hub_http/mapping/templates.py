"""Fills in texts of a description: what stands between `{{` and `}}` is an expression, the rest is itself.

Filling in is pure and bounded: it takes no time worth mentioning and gives at most `limits.MAX_TEXT`
characters, whatever the template. Documents are never read by it: `document | base64` is a promise that
only a body can keep.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import Any, Final
from urllib.parse import quote

from jinja2 import Undefined, UndefinedError, nodes

from hub.errors import Words
from hub_http.mapping import compiling
from hub_http.mapping.compiling import Compiled
from hub_http.mapping.faults import Fault, TemplateError, of_exception, without_value
from hub_http.mapping.limits import MAX_TEXT
from hub_http.mapping.seen import written
from hub_http.mapping.streams import Mixed, Streamed

_MISSING: Final = re.compile(r"^'([^']*)' is undefined|has no (?:attribute|element) '([^']*)'")

__all__ = ["Fault", "TemplateError", "fault", "path", "pieces", "roots", "text", "value", "without_value"]


def text(source: str, scope: Mapping[str, Any]) -> str | None:
    """Fill in a text; None when it is one expression as a whole and that is none.

    Raises TemplateError when an expression has no value, or one that is no text.
    """
    return _writing(source)(scope)


@lru_cache(compiling.CACHED)
def _writing(source: str) -> Callable[[Mapping[str, Any]], str | None]:
    compiled = compiling.expressions(source)
    if compiled.fixed:
        return partial(_fixed, compiled)
    if not compiled.sole:
        return partial(_texts, source, compiled)
    filled = _sole(source, compiled)

    def write(scope: Mapping[str, Any]) -> str | None:
        found = filled(scope)
        if found is None or (type(found) is str and len(found) <= MAX_TEXT):
            return found
        return _joined(source, compiled, [_written(source, found)])

    return write


def value(source: str, scope: Mapping[str, Any]) -> Any:
    """Return the value of a text that is one expression, of whatever kind; else the text filled in.

    Raises TemplateError.
    """
    compiled = compiling.expressions(source)
    if compiled.sole:
        return _values(source, compiled, scope)[0]
    return text(source, scope)


def path(source: str, scope: Mapping[str, Any]) -> str:
    """Fill in a path: each expression gives one segment of it, or a piece of one, and can't leave it.

    All but unreserved characters are percent-encoded (RFC 3986, 2.3), slashes too; what would be a segment
    of dots gets them encoded, and some servers still climb by it (5.2.4), so that it is refused. Raises
    TemplateError for that, and for an expression that is none or empty.
    """
    compiled = compiling.expressions(source)
    if compiled.fixed:
        return compiled.parts[0]  # type: ignore[return-value]  # without expressions there is one text
    values = _values(source, compiled, scope)
    encoded = [_segment(source, one) for one in values]
    filled = _joined(source, compiled, encoded)
    said = {one for one in source.partition("?")[0].split("/") if "{" not in one}
    if any(one in {".", ".."} and one not in said for one in filled.partition("?")[0].split("/")):
        raise TemplateError(source, _CLIMBS)
    return filled


def pieces(source: str, scope: Mapping[str, Any]) -> Any:
    """Return the value of a text that may hold documents.

    That of the expression, when the text is one (`Streamed` for a document), else a text, or `Mixed` when it
    holds documents. Raises TemplateError.
    """
    return filling(source)(scope)


def filling(source: str) -> Callable[[Mapping[str, Any]], Any]:
    """Return what `pieces` does with a text, as a function of the scope alone. Raises TemplateError."""
    compiled = compiling.expressions(source)
    if compiled.fixed:
        return partial(_fixed, compiled)
    return _sole(source, compiled) if compiled.sole else partial(_mixed, source, compiled)


def _fixed(compiled: Compiled, _: Mapping[str, Any]) -> str:
    return compiled.parts[0]  # type: ignore[return-value]  # without expressions there is one text


def _texts(source: str, compiled: Compiled, scope: Mapping[str, Any]) -> str:
    return _joined(source, compiled, [_written(source, one) for one in _values(source, compiled, scope)])


def _sole(source: str, compiled: Compiled) -> Callable[[Mapping[str, Any]], Any]:
    read = compiled.reads[0] if compiled.reads else lambda scope: compiled.values(scope)[0]

    def filled(scope: Mapping[str, Any]) -> Any:
        try:
            found = read(scope)
            if isinstance(found, Undefined):
                str(found)  # raises, and names what is missing
        except Exception as error:  # noqa: BLE001 - an expression may raise anything
            raise unfit(source, error) from None
        return found

    return filled


def _mixed(source: str, compiled: Compiled, scope: Mapping[str, Any]) -> str | Mixed:
    values = _values(source, compiled, scope)
    filled = [one if isinstance(one, Streamed) else _written(source, one) for one in values]
    if not any(isinstance(one, Streamed) for one in filled):
        return _joined(source, compiled, filled)  # type: ignore[arg-type]  # they are all texts
    found = [one if isinstance(one, str) else filled[one] for one in compiled.parts]
    if sum(len(one) for one in found if isinstance(one, str)) > MAX_TEXT:
        raise TemplateError(source, _TOO_LONG)
    return Mixed(tuple(found))


def fault(source: str, *, statements: bool = False) -> Fault | None:
    """Return what is wrong with a template (`faults.KINDS`), None when it can be used.

    With `statements`, `{% for %}` and `{% if %}` are offered, as in XML.
    """
    return compiling.fault_of(source, statements=statements)


def roots(source: str, *, statements: bool = False) -> frozenset[str]:
    """Return the variables that a template asks for, with their attributes as far as they are known.

    `{{ recipient.address }} {{ taken['a b'].c }}` gives `recipient.address` and `taken.a b.c`. Variables
    that a loop makes are not among them. Raises TemplateError for a template that can't be used.
    """
    found: set[str] = set()
    _gather(compiling.read(source, statements=statements), frozenset(), found)
    return frozenset(found)


def _gather(node: nodes.Node, bound: frozenset[str], found: set[str]) -> None:
    if isinstance(node, nodes.For):
        _gather(node.iter, bound, found)
        targets = {
            one.name
            for one in [node.target, *node.target.find_all(nodes.Name)]
            if isinstance(one, nodes.Name)
        }
        inner = bound | targets | {"loop"}
        for child in [*node.body, *node.else_, *([node.test] if node.test else [])]:
            _gather(child, inner, found)
        return
    chain, below = _chain(node)
    if chain is not None and chain[0] not in bound:
        found.add(".".join(chain))
    for child in below:
        _gather(child, bound, found)


def _chain(node: nodes.Node) -> tuple[list[str] | None, list[nodes.Node]]:
    """Return the dotted names that a node is, None when it is not that, and what is still to be looked at."""
    names: list[str] = []
    others: list[nodes.Node] = []
    at = node
    while True:
        match at:
            case nodes.Getattr(node=inner, attr=name):
                names.insert(0, name)
            case nodes.Getitem(node=inner, arg=nodes.Const(value=str() as name)):
                names.insert(0, name)
            case nodes.Getitem(node=inner, arg=arg):
                # What a list holds at a place that is not known: the names after it are nobody's.
                names, others = [], [*others, arg]
            case nodes.Call(node=nodes.Getattr(node=inner), args=args, kwargs=kwargs):
                names, others = [], [*others, *args, *kwargs]
            case nodes.Name(name=name):
                return [name, *names], others
            case _:
                return None, list(node.iter_child_nodes())
        at = inner


def _values(source: str, compiled: Compiled, scope: Mapping[str, Any]) -> tuple[Any, ...]:
    try:
        values = compiled.values(scope)
        for one in values:
            if isinstance(one, Undefined):
                str(one)  # raises, and names what is missing
    except Exception as error:  # noqa: BLE001 - an expression may raise anything
        raise unfit(source, error) from None
    return values


def unfit(source: str, error: Exception) -> TemplateError:
    """Turn what filling in a template raised into an error, without a value in it."""
    name: str | None = None
    if isinstance(error, UndefinedError):
        found = _MISSING.search(error.message or "")
        name = (found[1] or found[2]) if found else "…"
    return of_exception(source, error, name)


def _written(source: str, one: Any) -> str:
    try:
        if type(one) is str:
            return one
        if isinstance(one, Streamed):
            raise TemplateError(source, _DOCUMENT)
        return written(one)
    except Exception as error:  # noqa: BLE001 - as above
        raise unfit(source, error) from None


def _segment(source: str, one: Any) -> str:
    if one is None or one == "":
        raise without_value(source)
    try:
        return quote(_written(source, one), safe="")
    except UnicodeEncodeError as error:
        raise unfit(source, error) from None


def _joined(source: str, compiled: Compiled, filled: list[str]) -> str:
    joined = "".join([one if isinstance(one, str) else filled[one] for one in compiled.parts])
    if len(joined) > MAX_TEXT:
        raise TemplateError(source, _TOO_LONG)
    return joined


_TOO_LONG: Final = Words(en="it becomes too long", fr="il devient trop long")
_DOCUMENT: Final = Words(
    en="a document can stand only in a body", fr="un document ne peut être que dans un corps"
)
_CLIMBS: Final = Words(en="a segment of a path would be . or ..", fr="un segment du chemin serait . ou ..")
