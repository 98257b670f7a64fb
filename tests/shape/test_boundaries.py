"""The shape that import contracts can't see: what the ground touches, what hooks are named."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import pytest

from hub.core import answers
from hub.domain.outcome import Deferred, Delivered, Refused, Uncertain
from hub.domain.outcome import Outcome as AnyOutcome
from hub.plugin import spec
from tests.shape.codes import ROOT

PURE = ("__future__", "collections", "dataclasses", "datetime", "enum", "hub", "json", "re", "typing")
PURE_TOO = ("unicodedata", "uuid")
TOUCHES = {"open", "print", "input", "exec", "eval", "breakpoint"}
DOMAIN = sorted((ROOT / "hub" / "domain").glob("*.py"))
CORE = sorted((ROOT / "hub" / "core").glob("*.py"))


@pytest.mark.parametrize("file", [*DOMAIN, ROOT / "hub" / "errors.py"], ids=lambda file: file.name)
def test_the_domain_does_nothing_but_think(file: Path) -> None:
    """The standard library's pure half only: no file, socket, clock, log or chance."""
    for node in ast.walk(ast.parse(file.read_text())):
        names = []
        if isinstance(node, ast.Import):
            names = [one.name for one in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        assert {name.split(".")[0] for name in names} <= {*PURE, *PURE_TOO}
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in TOUCHES
        if isinstance(node, ast.Attribute):
            assert node.attr not in {"now", "utcnow", "today"}


@pytest.mark.parametrize("file", CORE, ids=lambda file: file.name)
def test_the_core_asks_ports_for_time_and_chance(file: Path) -> None:
    """So that a test owns both: no wall clock, no randomness, no environment of its own."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import | ast.ImportFrom):
            name = node.module if isinstance(node, ast.ImportFrom) else node.names[0].name
            assert (name or "").split(".")[0] not in {"random", "secrets", "time", "os", "socket", "logging"}
        if isinstance(node, ast.Attribute):
            assert node.attr not in {"utcnow", "today"}


def test_every_hook_is_synchronous_documented_and_takes_a_registry() -> None:
    """A hook's name says whose it is, its words say what it is for."""
    hooks = {name: one for name, one in vars(spec).items() if name.startswith("hub_")}
    assert set(hooks) == {
        "hub_register_connectors",
        "hub_register_directories",
        "hub_register_policies",
        "hub_register_observers",
        "hub_register_commands",
    }
    for hook in hooks.values():
        assert not inspect.iscoroutinefunction(hook)
        assert list(inspect.signature(hook).parameters) == ["registry"]
        assert inspect.getdoc(hook)


def test_every_outcome_is_one_that_the_core_keeps() -> None:
    """A new outcome can't be forgotten where answers are checked."""
    assert set(AnyOutcome.__args__) == {Delivered, Deferred, Refused, Uncertain}
    for one in AnyOutcome.__args__:
        assert one.__name__ in inspect.getsource(answers.outcome_of)


def test_nobody_but_the_bundled_plugins_is_known_by_name() -> None:
    """The hub's own packages never import a plugin, not even late."""
    for file in sorted((ROOT / "hub").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ImportFrom):
                assert not (node.module or "").startswith("hub_"), file
            elif isinstance(node, ast.Import):
                assert not any(one.name.startswith("hub_") for one in node.names), file
