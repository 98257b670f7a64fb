"""Every key that the code logs is on the allow-list, and everything on the list is documented."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from hub.adapters.logs.redact import _EVENT, ADDED, LOGGABLE

ROOT = Path(__file__).parents[4]
REFERENCE = ROOT / "docs" / "reference" / "logs.md"
LEVELS = {"debug", "info", "warning", "error"}


def _says(node: ast.expr) -> bool:
    """Whether an expression is a log's method, such as `log.info` or `self._host.log.warning`."""
    return (
        isinstance(node, ast.Attribute)
        and node.attr in LEVELS
        and getattr(node.value, "id", getattr(node.value, "attr", "")).lower().endswith("log")
    )


def _calls(path: Path) -> Iterator[ast.Call]:
    tree = ast.parse(path.read_text())
    aliases = {
        target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        and any(_says(one) for one in ast.walk(node.value) if isinstance(one, ast.expr))
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (
            _says(node.func) or (isinstance(node.func, ast.Name) and node.func.id in aliases)
        ):
            yield node


def _all() -> Iterator[tuple[str, ast.Call]]:
    for folder in ("hub", "plugins"):
        for path in (ROOT / folder).rglob("*.py"):
            for call in _calls(path):
                yield f"{path.relative_to(ROOT)}:{call.lineno}", call


def test_every_logged_key_is_listed() -> None:
    """Nobody logs what would silently be dropped."""
    unknown = [
        f"{where}: {keyword.arg}"
        for where, call in _all()
        for keyword in call.keywords
        if keyword.arg not in LOGGABLE | {"logger", "exc_info", None}
    ]
    assert unknown == []


def test_every_event_is_a_constant_name() -> None:
    """Events are names that can be searched for, with their data in keys; never a composed text."""
    composed = [
        where
        for where, call in _all()
        for event in call.args[:1]
        if isinstance(event, ast.JoinedStr)
        or (isinstance(event, ast.Constant) and not _EVENT.fullmatch(str(event.value)))
    ]
    assert composed == []
    assert any(True for _ in _all())


def test_every_listed_key_is_documented_and_nothing_else() -> None:
    """`docs/reference/logs.md` is the list, in words."""
    documented = re.findall(r"^\| `([a-z_]+)` \|", REFERENCE.read_text(), re.MULTILINE)
    assert sorted(documented) == sorted(LOGGABLE | ADDED)
