"""Messages and bytes: what is written is read back, what is no message is one error."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as some

from hub_annuaire.ldap import codec, filters
from hub_annuaire.ldap.codec import WireError
from hub_annuaire.ldap.filters import (
    All,
    Equal,
    Extensible,
    Filter,
    Like,
    Not,
    Ordered,
    Pieces,
    Present,
    Some,
)
from hub_annuaire.ldap.messages import (
    START_TLS,
    Abandon,
    Answer,
    Bind,
    Code,
    Extended,
    Found,
    Op,
    Page,
    Request,
    Result,
    Scope,
    Search,
    Unbind,
)

NAMES = some.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,10}", fullmatch=True)
VALUES = some.binary(max_size=20)
PIECES = some.builds(
    Pieces, NAMES, some.none() | VALUES, some.lists(VALUES, max_size=3).map(tuple), some.none() | VALUES
).filter(lambda one: one.first is not None or one.middle or one.last is not None)
LEAVES = (
    some.builds(Equal, NAMES, VALUES)
    | some.builds(Like, NAMES, VALUES)
    | some.builds(Present, NAMES)
    | some.builds(Ordered, NAMES, VALUES, some.booleans())
    | some.builds(Extensible, some.none() | NAMES, some.none() | NAMES, VALUES, some.booleans())
    | PIECES
)
FILTERS: some.SearchStrategy[Filter] = some.recursive(
    LEAVES,
    lambda inner: (
        some.builds(All, some.lists(inner, max_size=3).map(tuple))
        | some.builds(Some, some.lists(inner, max_size=3).map(tuple))
        | some.builds(Not, inner)
    ),
    max_leaves=8,
)
SEARCHES = some.builds(
    Search,
    base=some.text(max_size=30),
    scope=some.sampled_from(Scope),
    filter=FILTERS,
    attributes=some.lists(NAMES, max_size=4).map(tuple),
    size=some.integers(0, 2**31 - 1),
    seconds=some.integers(0, 2**31 - 1),
    types_only=some.booleans(),
    page=some.none() | some.builds(Page, size=some.integers(0, 2**31 - 1), cookie=VALUES),
)
REQUESTS = some.builds(
    Request,
    id=some.integers(1, 2**31 - 1),
    what=SEARCHES
    | some.builds(Bind, name=some.text(max_size=20), password=some.text(max_size=20))
    | some.builds(Bind, name=some.text(max_size=20), mechanism=NAMES)
    | some.just(Extended(name=START_TLS))
    | some.just(Unbind())
    | some.builds(Abandon, target=some.integers(0, 2**31 - 1)),
)


@given(request=REQUESTS)
def test_a_request_is_read_back(request: Request) -> None:
    """Every kind, with every filter; its length is told from its beginning."""
    data = codec.encode_request(request)
    assert codec.request(data) == request
    assert codec.measure(data, 1 << 20) == len(data)


@given(
    number=some.integers(0, 2**31 - 1),
    code=some.sampled_from(Code),
    text=some.text(max_size=20),
    page=some.none() | some.builds(Page, size=some.integers(0, 100), cookie=VALUES),
    attributes=some.lists(some.tuples(NAMES, some.lists(VALUES, max_size=3).map(tuple)), max_size=3).map(
        tuple
    ),
)
def test_an_answer_is_read_back(
    number: int,
    code: Code,
    text: str,
    page: Page | None,
    attributes: tuple[tuple[str, tuple[bytes, ...]], ...],
) -> None:
    """Results and entries."""
    for op in (Op.BIND_ANSWER, Op.SEARCH_DONE, Op.EXTENDED_ANSWER):
        result = Answer(id=number, op=op, what=Result(code=code, text=text, matched=text, page=page))
        assert codec.answer(codec.encode_answer(result)) == result
    entry = Answer(id=number, op=Op.ENTRY, what=Found(dn=text, attributes=attributes))
    assert codec.answer(codec.encode_answer(entry)) == entry


@given(request=REQUESTS, at=some.integers(0, 200), value=some.integers(0, 255))
def test_a_changed_byte_is_another_message_or_none(request: Request, at: int, value: int) -> None:
    """Nothing but WireError comes of it."""
    data = bytearray(codec.encode_request(request))
    data[at % len(data)] = value
    with contextlib.suppress(WireError):
        codec.request(bytes(data))


@given(data=some.binary(max_size=100))
def test_any_bytes_are_a_message_or_none(data: bytes) -> None:
    """Nothing but WireError comes of them, from either side."""
    for read in (codec.request, codec.answer, lambda given: codec.measure(given, 1000)):
        with contextlib.suppress(WireError):
            read(data)


@given(request=REQUESTS, cut=some.integers(1, 50))
def test_half_a_message_is_none(request: Request, cut: int) -> None:
    """However much of it is missing."""
    data = codec.encode_request(request)
    with pytest.raises(WireError):
        codec.request(data[: -min(cut, len(data))])


def test_nesting_is_measured_and_not_followed() -> None:
    """Ten thousand levels are one error, not a stack that overflows."""
    data = b""
    for _ in range(10_000):
        size = len(data)
        length = bytes([size]) if size < 128 else b"\x84" + size.to_bytes(4, "big")
        data = b"\x30" + length + data
    with pytest.raises(WireError):
        codec.request(data)


@given(given_filter=FILTERS)
def test_a_filter_is_written_as_rfc_4515_has_it(given_filter: Filter) -> None:
    """What is written is read back as the same filter, whatever signs its values have."""
    for one in _values(given_filter):
        assert not set(filters.escaped(one)) & set("()*\0")


@given(name=NAMES, value=VALUES.filter(bool))
def test_a_value_stays_a_value(name: str, value: bytes) -> None:
    """Written into a filter's text and read back it is the same value: nothing breaks out of it."""
    assert codec.parse_filter(str(Equal(name, value))) == Equal(name, value)
    pieces = Pieces(name, first=value, middle=(value,), last=value)
    assert codec.parse_filter(str(pieces)) == pieces


def _values(given_filter: Filter) -> list[bytes]:
    if isinstance(given_filter, All | Some):
        return [value for one in given_filter.parts for value in _values(one)]
    if isinstance(given_filter, Not):
        return _values(given_filter.part)
    if isinstance(given_filter, Pieces):
        return [
            one for one in (given_filter.first, *given_filter.middle, given_filter.last) if one is not None
        ]
    return [] if isinstance(given_filter, Present) else [given_filter.value]
