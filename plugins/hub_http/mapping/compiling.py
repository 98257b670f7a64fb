"""From a template's text to code: read, held to what is offered, compiled when it is first used.

1. jinja2's own parser reads the text; statements and comments are refused, but `for` and `if` in XML.
2. Every node of the tree must be one of those listed here, every name public, every function known.
3. Nodes that would write values by Python's own rules (`~`, a loop) are replaced by our own functions.
4. The expressions of a text become plain functions (`direct`), or together one that gives all their values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from jinja2 import TemplateSyntaxError, nodes
from jinja2.environment import Template
from jinja2.runtime import Context
from jinja2.visitor import NodeTransformer

from hub_http.mapping import direct
from hub_http.mapping.direct import Reader
from hub_http.mapping.faults import Fault, TemplateError, words_of
from hub_http.mapping.limits import MAX_DEPTH, MAX_SOURCE
from hub_http.mapping.sandbox import Sandbox

CACHED: Final = 4096
"""Templates that are kept compiled."""
_RESULT: Final = "_result"
_CR: Final = "\ufdd0"
"""Stands for CR while jinja2 reads, which would make LF of it. A noncharacter: no text has it."""

_EXPRESSIONS: Final = (
    nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Pow, nodes.And, nodes.Or,
    nodes.Not, nodes.Neg, nodes.Pos, nodes.Compare, nodes.Operand, nodes.Concat, nodes.CondExpr, nodes.Const,
    nodes.TemplateData, nodes.Name, nodes.Tuple, nodes.List, nodes.Dict, nodes.Pair, nodes.Keyword,
    nodes.Getattr, nodes.Getitem, nodes.Slice, nodes.Call, nodes.Filter, nodes.Test, nodes.Output,
    nodes.Template,
)  # fmt: skip
_STATEMENTS: Final = (nodes.For, nodes.If)
_UNREAD: Final = {"comment_begin": "{# … #}", "raw_begin": "raw"}
"""What the parser would swallow before the tree is looked at."""
_MAX_LOOPS_NESTED: Final = 3


class _Refused(Exception):  # noqa: N818 - carries a fault out of the walk
    def __init__(self, fault: Fault) -> None:
        super().__init__()
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Compiled:
    """A text in parts: what stands in it as it is, and places in the row that `values` gives.

    `reads` has a function for each expression, if jinja2 is needed for none; else `root` gives them all.
    """

    parts: tuple[str | int, ...]
    root: Callable[[Context], Iterator[str]] | None = field(default=None, repr=False)
    reads: tuple[Reader, ...] = field(default=(), repr=False)

    @property
    def fixed(self) -> bool:
        """Whether there are no expressions; `parts` has one text then."""
        return self.root is None and not self.reads

    @property
    def sole(self) -> bool:
        """Whether the text is one expression as a whole."""
        return len(self.parts) == 1 and self.parts[0] == 0

    def values(self, scope: Mapping[str, Any]) -> tuple[Any, ...]:
        """Return the values of the expressions, in order. Raises whatever they raise."""
        if self.root is None:
            return tuple([read(scope) for read in self.reads])
        context = Context(SANDBOX, scope, None, {})  # type: ignore[arg-type]  # any mapping will do
        for _ in self.root(context):
            pass
        values: tuple[Any, ...] = context.vars[_RESULT]
        return values


SANDBOX: Final = Sandbox()


@lru_cache(CACHED)
def expressions(source: str) -> Compiled:
    """Compile a text with expressions. Raises TemplateError."""
    if "{" not in source:
        return Compiled((source,))
    tree = read(source)
    parts: list[str | int] = []
    found: list[nodes.Expr] = []
    for output in tree.body:
        for node in output.nodes:  # type: ignore[attr-defined]  # the walk has seen that all are Output
            if isinstance(node, nodes.TemplateData):
                parts.append(node.data)
            else:
                parts.append(len(found))
                found.append(node)
    if not found:
        return Compiled(("".join(str(one) for one in parts),))
    reads = [direct.reader(one, SANDBOX) for one in found]
    if None not in reads:
        return Compiled(tuple(parts), None, tuple(one for one in reads if one is not None))
    row = nodes.Tuple(found, "load", lineno=1)
    body = nodes.Template([nodes.Assign(nodes.Name(_RESULT, "store"), row, lineno=1)], lineno=1)
    return Compiled(tuple(parts), compiled(SANDBOX, body, source))


def compiled(sandbox: Sandbox, tree: nodes.Template, source: str) -> Callable[[Context], Iterator[str]]:
    """Return the function that a tree becomes."""
    tree.set_environment(sandbox)
    try:
        code = sandbox.compile(tree)
        return Template.from_code(sandbox, code, {}).root_render_func
    except (TemplateSyntaxError, RecursionError, MemoryError, SyntaxError):
        fault = Fault("too_deep", 1, "")
        raise TemplateError(source, words_of(fault)) from None


def read(source: str, *, statements: bool = False) -> nodes.Template:
    """Read a text and hold it to what is offered. Raises TemplateError."""
    try:
        return _read(source, statements=statements)
    except _Refused as refused:
        raise TemplateError(source, words_of(refused.fault)) from None


def fault_of(source: str, *, statements: bool = False) -> Fault | None:
    """Return what is wrong with a text; None when it can be used."""
    try:
        _read(source, statements=statements)
    except _Refused as refused:
        return refused.fault
    return None


def _read(source: str, *, statements: bool) -> nodes.Template:
    if len(source) > MAX_SOURCE:
        raise _Refused(Fault("too_long", 1, str(MAX_SOURCE)))
    text = source.replace("\r", _CR)
    try:
        if "{#" in text or "{%" in text:
            for line, kind, _ in SANDBOX.lex(text):
                if kind in _UNREAD:
                    raise _Refused(Fault("statement", line, _UNREAD[kind]))
        tree = SANDBOX.parse(text)
    except TemplateSyntaxError as error:
        raise _Refused(Fault("syntax", error.lineno, (error.message or "").replace(_CR, " "))) from None
    except (RecursionError, MemoryError):
        raise _Refused(Fault("too_deep", 1, "")) from None
    except ValueError:
        raise _Refused(Fault("syntax", 1, "a number that is too long")) from None
    _check(tree, (*_EXPRESSIONS, *_STATEMENTS) if statements else _EXPRESSIONS)
    _Rewriting().visit(tree)
    return tree


def _check(tree: nodes.Template, allowed: tuple[type[nodes.Node], ...]) -> None:
    """Walk the whole tree without recursion, for it may be deep."""
    waiting: list[tuple[nodes.Node, int, int]] = [(tree, 0, 0)]
    while waiting:
        node, depth, loops = waiting.pop()
        loops += isinstance(node, nodes.For)
        if depth > MAX_DEPTH or loops > _MAX_LOOPS_NESTED:
            raise _Refused(Fault("too_deep", node.lineno, ""))
        _check_node(node, allowed)
        waiting += [(child, depth + 1, loops) for child in node.iter_child_nodes()]


def _check_node(  # noqa: C901 - one table of what is refused
    node: nodes.Node, allowed: tuple[type[nodes.Node], ...]
) -> None:
    line = node.lineno
    if not isinstance(node, allowed):
        raise _Refused(Fault("statement", line, type(node).__name__.lower()))
    match node:
        case nodes.Name(name=name) if name.startswith("_") or name in {"self", "super", "caller", "varargs"}:
            raise _Refused(Fault("name", line, name))
        case nodes.Filter(name=name, node=inner):
            if name not in SANDBOX.filters or inner is None:
                raise _Refused(Fault("function", line, name))
        case nodes.Test(name=name):
            if name not in SANDBOX.tests:
                raise _Refused(Fault("test", line, name))
        case nodes.For(recursive=True):
            raise _Refused(Fault("statement", line, "recursive"))
        case nodes.Pow():
            raise _Refused(Fault("statement", line, "**"))
        case nodes.Call(node=called) if not isinstance(called, nodes.Getattr):
            raise _Refused(Fault("function", line, getattr(called, "name", "")))
        case nodes.Call(dyn_args=args, dyn_kwargs=kwargs) if args is not None or kwargs is not None:
            raise _Refused(Fault("arguments", line, "*"))


class _Rewriting(NodeTransformer):
    """Puts our own functions in the place of what would follow Python's rules, and CR back."""

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802 - named by jinja2
        self.generic_visit(node)
        line = node.lineno
        row = nodes.List(node.nodes, lineno=line)
        return nodes.Filter(row, " joined", [], [], None, None, lineno=line)

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        node.iter = nodes.Filter(node.iter, " counted", [], [], None, None, lineno=node.lineno)
        return node

    def visit_CondExpr(self, node: nodes.CondExpr) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        if node.expr2 is None:
            node.expr2 = nodes.Const(None, lineno=node.lineno)
        return node

    def visit_TemplateData(self, node: nodes.TemplateData) -> nodes.Node:  # noqa: N802
        node.data = node.data.replace(_CR, "\r")
        return node

    def visit_Const(self, node: nodes.Const) -> nodes.Node:  # noqa: N802
        if isinstance(node.value, str):
            node.value = node.value.replace(_CR, "\r")
        return node
