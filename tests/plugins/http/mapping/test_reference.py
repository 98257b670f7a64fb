"""The reference page of templates says what is so: every example on it is run."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from hub_http.mapping import functions, seen, subjects, templates, trees, views
from hub_http.mapping.seen import Seen
from tests.plugins.http.mapping.world import scope_of

PAGE: Final = Path(__file__).parents[4] / "docs" / "reference" / "operator-templates.md"
_CELL: Final = re.compile(r"(?<!\\)\|")


def rows(heading: str) -> Iterator[list[str]]:
    """Yield the rows of the tables under a heading, without their heads."""
    text = PAGE.read_text().partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    for line in text.splitlines():
        if line.startswith("|"):
            cells = [one.strip().replace("\\|", "|") for one in _CELL.split(line)[1:-1]]
            if cells[0].startswith("`"):
                yield cells


def bare(cell: str) -> str:
    """Return a cell without its quotes."""
    return cell.strip("`")


EXAMPLES: Final = [
    *((bare(one[0]), bare(one[1])) for one in rows("How a template is filled in")),
    *((bare(one[2]), bare(one[3])) for one in rows("Functions") if one[3] != "an object"),
]


@pytest.mark.parametrize(("source", "becomes"), EXAMPLES)
def test_an_example_becomes_what_the_page_says(source: str, becomes: str) -> None:
    """Whoever copies an example gets what stands beside it."""
    assert templates.text(source, scope_of()) == becomes


@pytest.mark.parametrize(("written", "gives"), [(bare(one[0]), bare(one[1])) for one in rows("JSON")])
def test_a_tree_gives_what_the_page_says(written: str, gives: str) -> None:
    """The tables that are read as what they mean are shown as they work."""
    tree = tomllib.loads(f"tree = {written}")["tree"]
    assert list(trees.faults(tree)) == []
    assert json.dumps(trees.filled(tree, scope_of()), separators=(",", ":")) == gives


def test_every_function_has_its_row_and_there_are_no_others() -> None:
    """What is offered is known, and what is known is offered."""
    assert [bare(one[0]) for one in rows("Functions")] == sorted(
        name for name in functions.FUNCTIONS if not name.startswith(" ")
    )


def test_every_test_and_method_is_named() -> None:
    """The lists of what may be called are those of the sandbox."""
    text = PAGE.read_text()
    for name in seen.CALLABLE:
        assert re.search(rf"\b{name}\b", text), name


def test_everything_that_a_send_shows_is_named() -> None:
    """Nobody has to read code to know what a template sees."""
    named = {bare(one) for row in rows("What the templates of a send see") for one in row[0].split(", ")}
    tops = {one.partition(".")[0] for one in named}
    assert tops >= subjects.NAMES
    assert set(scope_of()) == subjects.NAMES | {"taken", "remote"}
    for kind, prefix in (
        (views.Somebody, "…"),
        (views.Document, "…"),
        (views.Message, "message"),
        (views.Envelope, "envelope"),
        (views.Delivery, "delivery"),
    ):
        assert {f"{prefix}.{name}" for name in shown(kind)} - named == set()


def shown(kind: type[Seen]) -> frozenset[str]:
    """Return what a view shows."""
    assert is_dataclass(kind)
    assert not kind.hidden - {one.name for one in fields(kind)}
    return seen.attributes(kind)


@pytest.mark.parametrize("source", [bare(one[0]) for one in rows("Documents")])
def test_a_document_stands_only_in_a_body(source: str) -> None:
    """In a header or a path it would have to be read whole: that is refused."""
    scope: dict[str, Any] = scope_of()
    assert templates.fault(source) is None
    with pytest.raises(templates.TemplateError):
        templates.text(source, scope)
