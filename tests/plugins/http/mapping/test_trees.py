"""JSON trees of a description become the JSON that they say."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.testing.contents import MemoryContent
from hub_http.mapping import trees
from hub_http.mapping.limits import MAX_DEPTH
from hub_http.mapping.streams import Mixed, Streamed
from hub_http.mapping.templates import TemplateError

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
VALUES = st.recursive(
    st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)
SCOPE: dict[str, Any] = {
    "list": [1, 2, 3],
    "people": [{"name": "a", "cc": None}, {"name": "b", "cc": "c"}],
    "nothing": None,
    "yes": True,
    "number": 1.5,
    "now": datetime(2026, 3, 3, tzinfo=UTC),
}


@given(VALUES)
def test_a_value_comes_out_as_it_went_in(value: Any) -> None:
    """Whatever a message holds, the JSON has it, and is JSON."""
    filled = trees.filled({"a": "{{ it }}", "b": ["x{{ it | json }}"]}, {"it": value})
    assert json.loads(json.dumps(filled)) == {
        "a": value,
        "b": [f"x{json.dumps(value, ensure_ascii=False, separators=(',', ':'))}"],
    }


@given(
    st.dictionaries(
        TEXTS.filter(lambda it: not it.startswith("$")),
        VALUES.filter(
            lambda it: "{" not in json.dumps(it, ensure_ascii=False).replace('{"', "").replace("{}", "")
        ),
        max_size=6,
    )
)
def test_a_tree_without_templates_is_itself_in_its_order(tree: dict[str, Any]) -> None:
    """Keys stand as they were written."""
    if "$" in json.dumps(tree) or "{{" in json.dumps(tree):
        return
    assert json.dumps(trees.filled(tree, {})) == json.dumps(tree)


@pytest.mark.parametrize(
    ("tree", "value"),
    [
        ({"a": "{{ nothing }}", "b": 1}, {"b": 1}),
        (["{{ nothing }}", 1], [1]),
        ("{{ nothing }}", None),
        ({"a": {"b": "{{ nothing }}"}}, {"a": {}}),
        ({"$each": "{{ list }}", "$item": "{{ item + 1 }}"}, [2, 3, 4]),
        ({"$each": "{{ nothing }}", "$item": 1}, []),
        ([0, {"$each": "{{ list }}", "$item": {"n": "{{ item }}"}}, 9], [0, {"n": 1}, {"n": 2}, {"n": 3}, 9]),
        ([[{"$each": "{{ list }}", "$item": "{{ item }}"}]], [[1, 2, 3]]),
        (
            {"$each": "{{ people }}", "$as": "one", "$item": {"n": "{{ one.name }}", "cc": "{{ one.cc }}"}},
            [{"n": "a"}, {"n": "b", "cc": "c"}],
        ),
        ({"$each": "{{ people }}", "$item": {"$if": "{{ item.cc }}", "n": "{{ item.name }}"}}, [{"n": "b"}]),
        (
            {
                "$each": "{{ list[:2] }}",
                "$as": "x",
                "$item": {"$each": "{{ list[:2] }}", "$as": "y", "$item": "{{ x }}.{{ y }}"},
            },
            [["1.1", "1.2"], ["2.1", "2.2"]],
        ),
        ({"a": {"$if": "{{ yes }}", "b": 1}, "c": {"$if": "{{ nothing }}", "d": 1}}, {"a": {"b": 1}}),
        ({"$if": "{{ nothing }}", "$each": "{{ list }}", "$item": 1}, None),
        (
            {"n": "{{ number }}", "t": "{{ now }}", "d": date(2026, 3, 3)},
            {"n": 1.5, "t": "2026-03-03T00:00:00.000Z", "d": "2026-03-03"},
        ),
    ],
)
def test_lists_and_conditions_are_read_as_what_they_mean(tree: Any, value: Any) -> None:
    """`$each` gives a list, `$if` leaves out, nothing leaves its key out."""
    assert list(trees.faults(tree)) == []
    assert trees.filled(tree, SCOPE) == value


def test_documents_stay_where_they_stand() -> None:
    """They are read when the body is sent."""
    content = MemoryContent(b"abc")
    streamed = Streamed(content=content, writing="base64")
    tree = {"a": "{{ it | base64 }}", "b": "x,{{ it | base64 }}"}
    assert trees.filled(tree, {"it": content}) == {"a": streamed, "b": Mixed(("x,", streamed))}


@pytest.mark.parametrize(
    "tree",
    [
        {"$each": "{{ yes }}", "$item": 1},
        {"a": "{{ nobody }}"},
        {"a": "{{ it }}"},
        {"a": "{{ infinite }}"},
        {"$each": "{{ many }}", "$item": {"$each": "{{ many }}", "$item": 1}},
    ],
)
def test_what_is_no_json_is_an_error(tree: Any) -> None:
    """No list, no name, a document that nobody said how to write, a number that JSON lacks, far too many."""
    scope = {**SCOPE, "it": MemoryContent(b""), "infinite": float("inf"), "many": list(range(1000))}
    with pytest.raises(TemplateError):
        trees.filled(tree, scope)


def test_a_tree_is_bounded_in_depth() -> None:
    """Neither one that a description has, nor a value that came."""
    tree: Any = 1
    for _ in range(MAX_DEPTH + 2):
        tree = [tree]
    assert [one.kind for one in trees.faults(tree)] == ["depth"]
    with pytest.raises(TemplateError):
        trees.filled(tree, {})
    value: Any = 1
    for _ in range(10_000):
        value = [value]
    with pytest.raises(TemplateError):
        trees.filled("{{ it }}", {"it": value})


@pytest.mark.parametrize(
    ("tree", "path", "kind"),
    [
        ({"a": {"$each": "{{ list }}"}}, ("a", "$item"), "item"),
        ({"$each": "list", "$item": 1}, ("$each",), "each"),
        ({"$each": 1, "$item": 1}, ("$each",), "each"),
        ({"$if": "x {{ y }}"}, ("$if",), "if"),
        ({"$each": "{{ a }}", "$item": 1, "$as": "a b"}, ("$as",), "as"),
        ({"$each": "{{ a }}", "$item": 1, "b": 2}, ("b",), "key"),
        ({"$every": "{{ a }}"}, ("$every",), "key"),
        ({"a": [object()]}, ("a", 0), "value"),
    ],
)
def test_a_wrong_shape_is_found_beforehand(tree: Any, path: tuple[str | int, ...], kind: str) -> None:
    """With the place where it is."""
    assert list(trees.faults(tree)) == [trees.TreeFault(path, kind)]


def test_every_template_of_a_tree_is_known_with_the_names_that_it_gets() -> None:
    """So that each can be checked before a message is sent."""
    tree = {"a": ["{{ x }}", {"$each": "{{ y }}", "$as": "z", "$item": {"$if": "{{ z }}", "b": "{{ z.w }}"}}]}
    assert [(one.path, one.source, set(one.names)) for one in trees.leaves(tree)] == [
        (("a", 0), "{{ x }}", set()),
        (("a", 1, "$each"), "{{ y }}", set()),
        (("a", 1, "$item", "$if"), "{{ z }}", {"z"}),
        (("a", 1, "$item", "b"), "{{ z.w }}", {"z"}),
    ]
