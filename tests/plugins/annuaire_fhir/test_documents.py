"""JSON read piece by piece is what it is when read at once."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import LimitError, MalformedError
from hub_annuaire.fhir import documents

_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)
_objects = st.dictionaries(st.text(), _json, max_size=5)


def _depth(value: Any) -> int:
    if isinstance(value, dict | list):
        inner = value.values() if isinstance(value, dict) else value
        return 1 + max(map(_depth, inner), default=0)
    return 0


@given(_objects, st.sampled_from([None, 1]), st.booleans())
def test_it_reads_what_the_standard_library_reads(
    value: dict[str, Any],
    indent: int | None,
    ascii_: bool,  # noqa: FBT001 - hypothesis gives it by place
) -> None:
    """However the server lays it out."""
    body = json.dumps(value, indent=indent, ensure_ascii=ascii_).encode("utf-8", "surrogatepass")
    try:
        body.decode()
    except UnicodeDecodeError:
        return
    assert value == documents.read(body, 100)


@given(_objects)
def test_depth_counts_objects_and_lists(value: dict[str, Any]) -> None:
    """As deep as it is it may be, and not one level deeper."""
    body = json.dumps(value).encode()
    depth = _depth(value)
    assert value == documents.read(body, depth)
    if depth > 1:
        with pytest.raises(LimitError):
            documents.read(body, depth - 1)


@given(st.binary() | st.text().map(str.encode) | _json.map(lambda one: json.dumps(one)[:-1].encode()))
def test_anything_else_is_refused(body: bytes) -> None:
    """Nothing is taken of a text that is not whole, and nothing else is raised."""
    try:
        expected = json.loads(body.decode())
    except ValueError:
        expected = None
    if isinstance(expected, dict):
        assert expected == documents.read(body, 100)
    else:
        with pytest.raises(MalformedError):
            documents.read(body, 100)


@pytest.mark.parametrize(
    "body",
    [
        b"", b" ", b"{", b"{}{}", b'{"a":1,}', b'{"a" 1}', b"{a:1}", b"{1:1}", b'{"a":[1,]}', b'{"a":[1 2]}',
        b'{"a":}', b'{"a":1]', b'{"a":[1}', b"\xff{}", b'\xef\xbb\xbf{"a":1}', b"[]", b"null", b'{"a":tru}',
    ],
)  # fmt: skip
def test_what_is_nearly_json_is_refused(body: bytes) -> None:
    """With words, not with a guess."""
    with pytest.raises(MalformedError):
        documents.read(body, 100)


@pytest.mark.parametrize("opening", [b'{"a":', b"[", b'{"a":['])
def test_a_tower_is_too_deep(opening: bytes) -> None:
    """Whoever nests without end breaks nothing."""
    with pytest.raises((LimitError, MalformedError)):
        documents.read(b'{"a":' + opening * 200_000, 100)
