"""Forms are read as they stream in, in whatever pieces, and broken ones are refused."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import LimitError, MalformedError
from hub.plugin.form import MAX_HEADERS, Form, boundary_of

BOUNDARY = "b0undary"
DISPOSITION = b'Content-Disposition: form-data; name="%s"\r\n\r\n'


def _encoded(parts: list[tuple[str, bytes]]) -> bytes:
    body = b""
    for name, data in parts:
        body += b"--" + BOUNDARY.encode() + b"\r\n" + DISPOSITION % name.encode() + data + b"\r\n"
    return body + b"--" + BOUNDARY.encode() + b"--\r\n"


def _reader(data: bytes, step: int) -> Callable[[], Awaitable[bytes]]:
    pieces = [data[at : at + step] for at in range(0, len(data), step)]

    async def read() -> bytes:
        return pieces.pop(0) if pieces else b""

    return read


def _read(data: bytes, step: int = 7, *, limit: int = 1 << 20) -> list[tuple[str, bytes]]:
    async def whole() -> list[tuple[str, bytes]]:
        form = Form(_reader(data, step), BOUNDARY)
        found = []
        while (part := await form.next()) is not None:
            found.append((part.name, await part.whole(limit)))
        return found

    return asyncio.run(whole())


_DATA = st.binary(max_size=200) | st.lists(
    st.sampled_from([b"\r\n", b"--", b"--b0undar", b"\r\n--b0undary"[:-1], b"\r", b"\n", b"x"]), max_size=12
).map(b"".join)


@given(
    parts=st.lists(st.tuples(st.sampled_from(["message", "a", "é"]), _DATA), min_size=1, max_size=4),
    step=st.integers(1, 64),
)
def test_what_was_sent_is_what_is_read(parts: list[tuple[str, bytes]], step: int) -> None:
    """However the network cuts it, every part arrives whole and byte for byte."""
    parts = [(name, data.replace(b"--b0undary", b"")) for name, data in parts]
    assert _read(_encoded(parts), step) == parts


@given(
    parts=st.lists(st.tuples(st.just("a"), st.binary(max_size=40)), min_size=1, max_size=3), data=st.data()
)
def test_a_form_that_breaks_off_is_never_taken_for_whole(
    parts: list[tuple[str, bytes]], data: st.DataObject
) -> None:
    """Wherever it breaks off, a form is refused, not shortened."""
    whole = _encoded(parts).removesuffix(b"\r\n")
    cut = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(MalformedError):
        _read(whole[:cut])


@given(data=st.binary(max_size=300), step=st.integers(1, 50))
def test_rubbish_is_one_clear_error(data: bytes, step: int) -> None:
    """Bytes that are no form are refused as malformed, with no other exception."""
    with pytest.raises(MalformedError) as caught:
        _read(data, step)
    assert caught.value.code == "http.form"


def test_parts_not_read_are_passed_over() -> None:
    """Asking for the next part drops what is left of this one."""

    async def names() -> list[str]:
        form = Form(_reader(_encoded([("a", b"x" * 500), ("b", b"")]), 9), BOUNDARY)
        found = []
        while (part := await form.next()) is not None:
            found.append(part.name)
        return found

    assert asyncio.run(names()) == ["a", "b"]


def test_a_part_over_its_limit_is_refused_on_the_way() -> None:
    """A part that should be held whole is held up to its limit."""
    with pytest.raises(LimitError):
        _read(_encoded([("message", b"x" * 100)]), limit=99)


@pytest.mark.parametrize(
    "headers",
    [
        b"Content-Type: text/plain",
        b"Content-Disposition: attachment; name=a",
        b"Content-Disposition: form-data",
        b'Content-Disposition: form-data; name="a"; name="b"',
        b'Content-Disposition: form-data; name="a"\r\nContent-Disposition: form-data; name="b"',
        b'Content-Disposition: form-data; name="a"\r\nContent-Transfer-Encoding: base64',
        b'Content-Disposition: form-data; name="a\x00b"',
        b'Content-Disposition: form-data; name="\xff"',
        b"no colon",
        b'Content-Disposition: form-data; name="' + b"a" * MAX_HEADERS + b'"',
    ],
)
def test_a_part_with_broken_headers_is_refused(headers: bytes) -> None:
    """A part must say its name once, and come unencoded."""
    with pytest.raises(MalformedError):
        _read(b"--b0undary\r\n" + headers + b"\r\n\r\nx\r\n--b0undary--")


def test_what_follows_the_end_is_refused() -> None:
    """Nothing may hide behind the last delimiter."""
    with pytest.raises(MalformedError):
        _read(_encoded([("a", b"x")]) + b"more")


@pytest.mark.parametrize(
    ("given", "boundary"),
    [
        ("multipart/form-data; boundary=abc", "abc"),
        ('Multipart/Form-Data;boundary="a b=c"', "a b=c"),
        ("multipart/form-data", None),
        ("multipart/form-data; boundary=", None),
        ("multipart/form-data; boundary=" + "a" * 71, None),
        ('multipart/form-data; boundary="a\r\nb"', None),
    ],
)
def test_the_boundary_is_of_its_form_or_refused(given: str, boundary: str | None) -> None:
    """A boundary is 1 to 70 of the characters of RFC 2046."""
    if boundary is None:
        with pytest.raises(MalformedError):
            boundary_of(given)
    else:
        assert boundary_of(given) == boundary
