"""Which codes the source can give: read from its syntax, so that none escapes the reference.

Found are the first argument of every HubError and the `code` of every outcome. Where that is a
parameter, or an f-string with one, the calls of that function in the same folder say what it can be.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
OUTCOMES: Final = {"Deferred", "Refused", "Uncertain"}
ERRORS: Final = {
    "HubError",
    "InputError",
    "MalformedError",
    "LimitError",
    "ConflictError",
    "TrustError",
    "PeerError",
    "StoreError",
    "ConfigError",
    "DirectoryUnavailableError",
    "TrustUnavailableError",
}


@dataclass(frozen=True, slots=True)
class Template:
    """A code that a function builds: what stands before its parameter, and which one that is."""

    folder: Path
    function: str
    parameter: int
    name: str
    prefix: str


def sources() -> Iterator[Path]:
    """Yield every module of the hub and of the bundled plugins, tests and fakes left out."""
    for folder in ("hub", "plugins"):
        for file in sorted((ROOT / folder).rglob("*.py")):
            if "testing" not in file.parts and "hub_demo" not in file.parts:
                yield file


def codes() -> set[str]:
    """Return every code; `prefix.*` where only its beginning is known."""
    trees = {file: ast.parse(file.read_text()) for file in sources()}
    plain: set[str] = set()
    templates: set[Template] = set()
    for file, tree in trees.items():
        for function, node in _walk(tree, None):
            if (expression := _code(node)) is not None:
                _read(expression, function, file.parent, plain, templates)
    for template in templates:
        found = {
            template.prefix + text
            for file, tree in trees.items()
            if file.is_relative_to(template.folder)
            for text in _arguments(tree, template)
        }
        plain |= found or ({f"{template.prefix}*"} if template.prefix else set())
    return plain


def _walk(
    node: ast.AST, function: ast.FunctionDef | ast.AsyncFunctionDef | None
) -> Iterator[tuple[ast.FunctionDef | ast.AsyncFunctionDef | None, ast.AST]]:
    for child in ast.iter_child_nodes(node):
        inner = child if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) else function
        yield inner, child
        yield from _walk(child, inner)


def _code(node: ast.AST) -> ast.expr | None:
    if not isinstance(node, ast.Call):
        return None
    name = _name(node)
    if name in ERRORS and len(node.args) > 1:
        return node.args[0]
    if name in OUTCOMES:
        return next((keyword.value for keyword in node.keywords if keyword.arg == "code"), None)
    return None


def _name(call: ast.Call) -> str:
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _read(
    expression: ast.expr,
    function: ast.FunctionDef | ast.AsyncFunctionDef | None,
    folder: Path,
    plain: set[str],
    templates: set[Template],
) -> None:
    if isinstance(expression, ast.Constant):
        plain.add(str(expression.value))
        return
    prefix, name = _slot(expression)
    names = [one.arg for one in function.args.args if one.arg not in {"self", "cls"}] if function else []
    if function is not None and name in names:
        templates.add(Template(folder, function.name, names.index(name), name, prefix))
        plain.update(prefix + text for text in _defaults(function, name))
    elif prefix:
        plain.add(f"{prefix}*")


def _slot(expression: ast.expr) -> tuple[str, str]:
    """Return what is known of a code, and the name that stands for the rest."""
    if isinstance(expression, ast.Name):
        return "", expression.id
    if isinstance(expression, ast.JoinedStr) and isinstance(expression.values[0], ast.Constant):
        prefix, slot = str(expression.values[0].value), expression.values[-1]
        if len(expression.values) == 2 and isinstance(slot, ast.FormattedValue):
            return prefix, slot.value.id if isinstance(slot.value, ast.Name) else ""
        return prefix, ""
    return "", ""


def _defaults(function: ast.FunctionDef | ast.AsyncFunctionDef, name: str) -> Iterator[str]:
    pairs = zip(reversed(function.args.args), reversed(function.args.defaults), strict=False)
    for argument, default in pairs:
        if argument.arg == name and isinstance(default, ast.Constant):
            yield str(default.value)


def _arguments(tree: ast.AST, template: Template) -> Iterator[str]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or _name(node) != template.function:
            continue
        given = next((one.value for one in node.keywords if one.arg == template.name), None)
        if given is None and len(node.args) > template.parameter:
            given = node.args[template.parameter]
        for choice in (given.body, given.orelse) if isinstance(given, ast.IfExp) else (given,):
            if isinstance(choice, ast.Constant) and isinstance(choice.value, str):
                yield choice.value
