"""A mail between DATA and the final dot: its end, its dots, what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import MalformedError
from hub_smtp.data import Body, Flaw
from hub_smtp.stuffing import Stuffing

TRUE_END = b"\r\n.\r\n"
SMUGGLED = [
    b"\n.\n",
    b"\n.\r\n",
    b"\r\n.\n",
    b"\r.\r",
    b"\r.\r\n",
    b"\r\n.\r",
    b"\n.\r",
    b"\r.\n",
    b"\n\n.\n\n",
    b"\r\n\0.\r\n",
    b"\r\r\n.\r\r\n",
]
"""Sequences that some server or other takes for the end of a mail."""

line = st.binary(max_size=40).map(lambda raw: raw.translate(None, b"\r\n\0")) | st.sampled_from(
    [b"", b".", b"..", b".x", b"x."]
)
mails = st.lists(line, max_size=12).map(lambda lines: b"".join(one + b"\r\n" for one in lines))
cuts = st.lists(st.integers(1, 9), min_size=1, max_size=30)


def chunks(data: bytes, sizes: list[int]) -> list[bytes]:
    """Cut data into chunks of these sizes, over and over."""
    cut, at, turn = [], 0, 0
    while at < len(data):
        cut.append(data[at : at + sizes[turn % len(sizes)]])
        at += sizes[turn % len(sizes)]
        turn += 1
    return cut


def take(parts: list[bytes], max_line: int = 998) -> tuple[bytes, Body]:
    """Feed chunks until the end and return the mail."""
    body, got = Body(max_line), b""
    for number, part in enumerate(parts):
        got += body.feed(part)
        if body.ended:
            body.rest += b"".join(parts[number + 1 :])
            break
    return got, body


@given(mails, cuts, cuts, st.sampled_from([b"", b"QUIT\r\n", b"MAIL FROM:<>\r\n.\r\n"]))
def test_what_goes_out_comes_in_the_same(mail: bytes, out: list[int], back: list[int], rest: bytes) -> None:
    """However the wire cuts it, a mail arrives byte for byte, and what follows it stays apart."""
    stuffing = Stuffing()
    wire = b"".join(stuffing.feed(one) for one in chunks(mail, out))
    stuffing.finish()
    assert TRUE_END not in b"\r\n" + wire
    got, body = take(chunks(wire + b".\r\n" + rest, back))
    assert body.ended
    assert body.flaw is None
    assert got == mail
    assert body.rest == rest


@pytest.mark.parametrize("sequence", SMUGGLED)
@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_a_smuggled_end_is_no_end(sequence: bytes, size: int) -> None:
    """Nothing but CR LF . CR LF ends a mail; one that holds an imitation is refused as a whole."""
    wire = b"Subject: a\r\n\r\ntext" + sequence + b"MAIL FROM:<x@y.example>\r\nmore\r\n.\r\nNOOP\r\n"
    _, body = take(chunks(wire, [size]))
    assert body.flaw in {Flaw.BARE, Flaw.NUL}
    assert body.ended
    assert body.rest == b"NOOP\r\n"


@given(mails, st.sampled_from([b"\r", b"\n", b"\0", b"\n\r"]), st.data(), cuts)
def test_a_bare_break_or_nul_never_leaves(
    mail: bytes, bad: bytes, data: st.DataObject, out: list[int]
) -> None:
    """What a careless server could take for two mails is not sent, wherever the chunks end."""
    at = data.draw(st.integers(0, len(mail)))
    spoiled = mail[:at] + b"x" + bad + b"x" + mail[at:] + b"\r\n"
    stuffing = Stuffing()
    with pytest.raises(MalformedError):
        b"".join(stuffing.feed(one) for one in chunks(spoiled, out))
    undotted = spoiled.replace(b".", b"o")
    assert take(chunks(undotted + b".\r\n", out))[1].flaw is not None


@pytest.mark.parametrize("mail", [b"no end", b"half an end\r", b"\r\nx"])
def test_a_last_line_without_end_never_leaves(mail: bytes) -> None:
    """The final dot would stand in the middle of a line."""
    stuffing = Stuffing()
    stuffing.feed(mail)
    with pytest.raises(MalformedError):
        stuffing.finish()


@given(st.lists(st.integers(0, 30), max_size=12), st.integers(8, 20), cuts)
def test_a_line_that_is_too_long_is_found(lengths: list[int], limit: int, sizes: list[int]) -> None:
    """The limit is exact, whatever the lines and however they are cut."""
    wire = b"".join(b"x" * length + b"\r\n" for length in lengths) + b".\r\n"
    _, body = take(chunks(wire, sizes), limit)
    assert (body.flaw is Flaw.LONG_LINE) == any(length > limit for length in lengths)
    assert body.ended
