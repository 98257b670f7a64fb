"""Every key stands on the line that we say."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from hub.plugin.positions import Positions

TEXT = r"""# [not.a.table]
top = 1 # top = 2
dotted . "quoted key" . 'its' = true
[operators.ville] # a comment with "quotes
host = "a # no comment"
banner = '''
[operators.fake]
host = "not here"'''''
list = [
  "a", # ] not the end
  ["b]", { inner = 1 }],
]
"caf\u00e9" = { x = 1, y = "}" }
basic = ~~~
ends \\""quoted"" = ""~~~
after = 2

[operators]
other = 1
[[rules]]
name = "first"
[rules.sub]
deep = 1
[[rules]]
name = "second"
""".replace("~~~", '"""')


@pytest.mark.parametrize(
    ("key", "line"),
    [
        ("top", 2),
        ("dotted", 3),
        ("dotted.quoted key.its", 3),
        ("operators.ville", 4),
        ("operators.ville.host", 5),
        ("operators.ville.banner", 6),
        ("operators.ville.list", 9),
        ("operators.ville.café", 13),
        ("operators.ville.café.y", 13),
        ("operators.ville.basic", 14),
        ("operators.ville.after", 16),
        ("operators", 18),
        ("operators.other", 19),
        ("rules", 20),
        ("rules.name", 21),
        ("rules.sub.deep", 23),
        ("rules.1", 20),
        ("rules.1.name", 21),
        ("rules.1.sub.deep", 23),
        ("rules.2", 24),
        ("rules.2.name", 25),
        ("rules.2.missing", 24),
        ("operators.ville.missing", 4),
        ("operators.nobody", 18),
        ("nothing", None),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_each_key_has_its_line(key: str, line: int | None, newline: str) -> None:
    """Comments, quotes and long values don't move a line; absent keys get their table's."""
    text = TEXT.replace("\n", newline)
    tomllib.loads(text)
    assert line == Positions(text).line_of(key)


NAMES = st.text(st.sampled_from("abcé_-.\"'#=[]{}\\ \n"), min_size=1, max_size=6)
VALUES = st.recursive(
    st.one_of(
        st.booleans(), st.integers(0, 9), st.text(st.sampled_from("ab\"'#=[]{}\\\n\r\t é"), max_size=30)
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(NAMES, inner, max_size=3),
        st.lists(st.dictionaries(NAMES, inner, max_size=3), min_size=1, max_size=2),
    ),
    max_leaves=12,
)


@given(document=st.dictionaries(NAMES, VALUES, max_size=5), multiline=st.booleans())
def test_any_document_has_its_keys_where_we_say(document: dict[str, Any], multiline: bool) -> None:  # noqa: FBT001
    """In whatever tomli-w writes, the line of a key holds that key as tomli-w spells it."""
    text = tomli_w.dumps(document, multiline_strings=multiline)
    lines = text.replace("\r\n", "\n").split("\n")
    positions = Positions(text)
    seen: dict[str, list[str]] = {}
    for path in _tables(document, ()):
        seen.setdefault(".".join(path), []).append(_spelt(path[-1]))
    for key, spellings in seen.items():
        line = positions.line_of(key)
        assert line is not None
        assert any(spelling in lines[line - 1] for spelling in spellings)


def _tables(values: dict[str, Any], path: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Return the path of every key that is not inside a list."""
    found = []
    for key, value in values.items():
        found.append((*path, key))
        if isinstance(value, dict):
            found += _tables(value, (*path, key))
    return found


def _spelt(key: str) -> str:
    return tomli_w.dumps({key: 1}).removesuffix(" = 1\n")


def test_a_list_inside_a_list_counts_anew() -> None:
    """The first answer of the second step is `steps.2.answers.1`, whatever the first step has."""
    positions = Positions(
        '[[steps]]\n[[steps.answers]]\nclass = "ok"\n[[steps.answers]]\nclass = "gone"\n'
        '[[steps]]\n[[steps.answers]]\nclass = "refused"\n'
    )
    assert [
        positions.line_of(f"steps.{key}.class") for key in ("1.answers.1", "1.answers.2", "2.answers.1")
    ] == [
        3,
        5,
        8,
    ]
