"""What a request carries is read back by readers that know nothing of how it was made."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
from email import message_from_bytes, policy
from typing import Any, Final
from urllib.parse import parse_qsl

import pytest
from aiohttp import MultipartReader, StreamReader
from aiohttp.base_protocol import BaseProtocol
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from multidict import CIMultiDict, CIMultiDictProxy

from hub.errors import LimitError
from hub.testing.contents import MemoryContent
from hub_http.body.whole import SMALL
from hub_http.description.model import Limits
from hub_http.mapping.templates import TemplateError
from tests.plugins.http.body.world import Pieces, document, made, run, sent, whole

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
XML_TEXTS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=30
)
VALUES = st.recursive(
    st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
BIG: Final = bytes(range(256)) * 2000


@given(VALUES, TEXTS, st.binary(max_size=200), st.booleans())
def test_json_is_what_json_dumps_writes(value: Any, text: str, data: bytes, packed: bool) -> None:  # noqa: FBT001 - drawn
    """The same values, the same document, byte for byte."""
    tree = {
        "v": "{{ v }}",
        "t": "{{ t }}",
        "d": "{{ d | base64 }}",
        "u": "data:,{{ d | base64 }}{{ t }}",
        "n": [1],
    }
    scope = {"v": value, "t": text, "d": document(MemoryContent(data))}
    body, read = sent({"method": "POST", "json": tree, "gzip": packed}, scope)
    encoded = base64.b64encode(data).decode()
    expected = {"v": value, "t": text, "d": encoded, "u": f"data:,{encoded}{text}", "n": [1]}
    plain = gzip.decompress(read) if packed else read
    assert plain == json.dumps(expected, ensure_ascii=False, separators=(",", ":")).encode()
    assert body.media_type == "application/json"
    assert body.encoding == ("gzip" if packed else None)
    assert body.length == len(plain)


@given(
    st.lists(st.tuples(TEXTS, st.binary(max_size=100)), max_size=5),
    st.sampled_from(["base64", "hex", "text"]),
)
def test_a_list_of_documents_is_written_in_place(members: list[tuple[str, bytes]], how: str) -> None:
    """Each in its own place, in its own order."""
    datas = [(name, name.encode() if how == "text" else data) for name, data in members]
    documents = [document(MemoryContent(data), name) for name, data in datas]
    item = {"name": "{{ it.name }}", "data": f"{{{{ it | {how} }}}}"}
    tree = {"all": {"$each": "{{ docs }}", "$as": "it", "$item": item}}
    _, read = sent({"method": "POST", "json": tree}, {"docs": documents})
    written = {"base64": lambda it: base64.b64encode(it).decode(), "hex": bytes.hex, "text": bytes.decode}[
        how
    ]
    assert json.loads(read) == {"all": [{"name": name, "data": written(data)} for name, data in datas]}  # type: ignore[operator]


@pytest.mark.parametrize("size", [SMALL - 1, SMALL, SMALL + 1, len(BIG)])
async def test_small_bodies_are_at_hand_and_large_ones_are_not(size: int) -> None:
    """256 KiB are held; beyond that they stream, and their size is known all the same."""
    data = (BIG * 2)[:size]
    body = await made({"method": "POST", "raw": "{{ it }}"}, {"it": document(Pieces(data, [1000, 7]))})
    assert (body.data is not None) is (size <= SMALL)
    assert body.size == body.length == size
    assert body.media_type == "application/pdf"
    assert await whole(body) == data
    encoded = await made(
        {"method": "POST", "json": "{{ it | base64 }}"}, {"it": document(Pieces(data, [1001]))}
    )
    assert encoded.size is not None
    assert await whole(encoded) == b'"' + base64.b64encode(data) + b'"'


def test_the_order_of_keys_is_that_of_the_description() -> None:
    """Some readers care."""
    _, read = sent({"method": "POST", "json": {"z": 1, "a": {"y": 2, "b": 3}}}, {})
    assert read == b'{"z":1,"a":{"y":2,"b":3}}'


@given(st.dictionaries(TEXTS, TEXTS, max_size=6), st.binary(max_size=100))
def test_a_form_is_read_back_by_the_standard_library(fields: dict[str, str], data: bytes) -> None:
    """Plus, ampersand and percent of a value are never more than that."""
    sources = {name: f"{{{{ f[{number}] }}}}" for number, name in enumerate(fields)}
    scope = {"f": list(fields.values()), "d": document(MemoryContent(data)), "n": None}
    said = {
        "method": "POST",
        "form": {**sources, "left out": "{{ n }}", "d d": "{{ d | base64 }}-{{ d | hex }}"},
    }
    body, read = sent(said, scope)
    expected = {**fields, "d d": f"{base64.b64encode(data).decode()}-{data.hex()}"}
    assert dict(parse_qsl(read.decode("ascii"), keep_blank_values=True, strict_parsing=True)) == expected
    assert body.media_type == "application/x-www-form-urlencoded"


PARTS: Final = [
    {"name": "meta", "json": {"a": "{{ t }}"}},
    {"name": "{{ t }}", "text": "{{ t }}é"},
    {"name": "left out", "text": "{{ n }}"},
    {"name": "not", "text": "x", "if": "{{ n }}"},
    {
        "name": "file",
        "each": "{{ docs }}",
        "raw": "{{ item }}",
        "filename": "{{ item.name }}",
        "headers": {"X-Sum": "{{ item.sha256 }}", "X-N": "{{ n }}"},
    },
    {"name": "last", "raw": "{{ docs[0] }}", "filename": "x.bin", "media_type": "text/x; a=b"},
]


async def by_aiohttp(body: bytes, media_type: str) -> list[tuple[dict[str, str], bytes]]:
    """Read a form with aiohttp."""
    stream = StreamReader(BaseProtocol(asyncio.get_running_loop()), 1 << 16)
    stream.feed_data(body)
    stream.feed_eof()
    reader = MultipartReader(CIMultiDictProxy(CIMultiDict({"Content-Type": media_type})), stream)
    found = []
    while (part := await reader.next()) is not None:
        assert not isinstance(part, MultipartReader)
        found.append((dict(part.headers), bytes(await part.read())))
    return found


@settings(deadline=None)
@given(TEXTS, st.lists(st.tuples(TEXTS, st.binary(max_size=300)), min_size=1, max_size=3))
def test_a_multipart_body_is_read_back_by_two_readers(text: str, members: list[tuple[str, bytes]]) -> None:
    """The standard library's and aiohttp's: the same parts, byte for byte."""
    docs = [document(MemoryContent(data), name or "-") for name, data in members]
    body, read = sent({"method": "POST", "multipart": PARTS}, {"t": text, "docs": docs, "n": None})
    assert body.media_type is not None
    assert body.media_type.startswith("multipart/form-data; boundary=")
    expected = [
        json.dumps({"a": text}, ensure_ascii=False, separators=(",", ":")).encode(),
        f"{text}é".encode(),
        *(data for _, data in members),
        members[0][1],
    ]
    assert [data for _, data in run(by_aiohttp(read, body.media_type))] == expected
    head = f"Content-Type: {body.media_type}\r\n\r\n".encode()
    parts = [
        one for one in message_from_bytes(head + read, policy=policy.HTTP).walk() if not one.is_multipart()
    ]
    assert [one.get_payload(decode=True) for one in parts] == expected
    types = ["application/json", "text/plain", *["application/pdf"] * len(members), "text/x"]
    assert [one.get_content_type() for one in parts] == types
    assert all(one["X-Sum"] and one["X-N"] is None for one in parts[2:-1])


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("compte rendu.pdf", 'filename="compte rendu.pdf"'),
        ("réponse à l'été.pdf", 'filename="réponse à l\'été.pdf"'),
        ('a"b.pdf', 'filename="a%22b.pdf"'),
        ("a\r\nX-Evil: 1.pdf", 'filename="a%0D%0AX-Evil: 1.pdf"'),
        ("a\\b.pdf", 'filename="a\\b.pdf"'),
        ("日本.pdf", 'filename="日本.pdf"'),
    ],
)
def test_names_of_files_are_written_as_browsers_do(name: str, written: str) -> None:
    """In UTF-8, with quotes and line ends escaped (WHATWG): none of them begins a header."""
    scope = {"d": document(MemoryContent(b"x"), name)}
    said = {"method": "POST", "multipart": [{"name": "f", "raw": "{{ d }}", "filename": "{{ d.name }}"}]}
    _, read = sent(said, scope)
    head = read.partition(b"\r\n\r\n")[0].decode()
    assert head.split("\r\n")[1] == f'Content-Disposition: form-data; name="f"; {written}'
    assert len(head.split("\r\n")) == 3


def test_a_header_of_a_part_stays_one() -> None:
    """A value with a line end adds none."""
    parts = [{"name": "f", "text": "x", "media_type": "{{ t }}", "headers": {"X-A": "{{ t }}"}}]
    _, read = sent({"method": "POST", "multipart": parts}, {"t": "a/b\r\nX-Evil: 1\r\n\r\nbody"})
    assert len(read.partition(b"\r\n\r\n")[0].split(b"\r\n")) == 4
    assert b"\nX-Evil" not in read


def test_boundaries_differ_and_the_media_type_may_be_another() -> None:
    """multipart/related, for one; and no two bodies share a boundary."""
    said = {"method": "POST", "multipart": [{"name": "a", "text": "b"}], "media_type": "multipart/related"}
    found = {sent(said, {})[0].media_type for _ in range(20)}
    assert len(found) == 20
    assert all(one is not None and one.startswith("multipart/related; boundary=") for one in found)


@given(XML_TEXTS, st.lists(st.tuples(XML_TEXTS, st.binary(max_size=100)), max_size=4))
def test_xml_is_read_back_by_lxml(text: str, members: list[tuple[str, bytes]]) -> None:
    """Every value is escaped, in content and in attributes; loops and conditions give what they say."""
    source = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<r a="{{ t }}">{% if t %}<t>{{ t }}</t>{% endif %}'
        '{% for d in docs %}<d n="{{ d.name }}" i="{{ loop.index }}">{{ d | base64 }}</d>{% endfor %}</r>'
    )
    scope = {"t": text, "docs": [document(MemoryContent(data), name) for name, data in members]}
    body, read = sent({"method": "POST", "xml": source}, scope)
    assert body.media_type == "application/xml"
    root = etree.fromstring(read)
    assert root.get("a") == text
    assert root.findtext("t") == (text or None)
    found = [(one.get("n"), one.get("i"), base64.b64decode(one.text or "")) for one in root.iter("d")]
    assert found == [(name, str(number), data) for number, (name, data) in enumerate(members, 1)]


@pytest.mark.parametrize(
    "source",
    [
        "<a>{{ t }}</b>",
        "<a>{{ '\\x00' }}</a>",
        "no element",
        "<a>{{ nobody }}</a>",
        "<a>{{ none }}</a>",
        "<a>{% for x in many %}{% for y in many %}x{% endfor %}{% endfor %}</a>",
        "<a>{% for x in big %}{{ long }}{% endfor %}</a>",
        "<a>{% for x in t %}{% endfor %}</a>",
        "<a>{% set x = 1 %}</a>",
        "<a>{% for x in many recursive %}{{ loop(many) }}{% endfor %}</a>",
        "<a>" + "{% for a in m %}" * 4 + "{% endfor %}" * 4 + "</a>",
        "<a>{% macro x() %}{% endmacro %}</a>",
        "<a>{% raw %}{% endraw %}</a>",
        "<a>{{ loop.index }}</a>",
        "<a>{{ _holes }}{{ _passes }}</a>",
        "<a>{% for x in many %}{{ loop.cycle(1) }}{{ loop.__class__ }}{% endfor %}</a>",
        "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&z;</a>",
    ],
)
def test_xml_that_would_be_wrong_or_endless_does_not_leave(source: str) -> None:
    """It is held to be well-formed, and its loops are counted."""
    scope = {"t": "x", "many": list(range(1000)), "big": [1] * 100, "long": "x" * 100_000, "m": [1]}
    with pytest.raises(TemplateError):
        sent({"method": "POST", "xml": source}, scope)


@given(TEXTS, st.binary(max_size=100))
def test_a_text_is_itself(text: str, data: bytes) -> None:
    """In UTF-8, with documents in it if it wants."""
    body, read = sent(
        {"method": "POST", "text": "{{ t }}\r\n{{ d | base64 }}\n", "media_type": "{{ n }}"},
        {"t": text, "d": document(MemoryContent(data)), "n": None},
    )
    assert read == text.encode() + b"\r\n" + base64.b64encode(data) + b"\n"
    assert body.media_type == "text/plain; charset=utf-8"


def test_raw_may_be_bytes_or_an_encoding_of_a_document() -> None:
    """An envelope's JWS, or base64 as the whole body."""
    assert sent({"method": "POST", "raw": "{{ it }}"}, {"it": b"abc"})[1] == b"abc"
    body, read = sent({"method": "POST", "raw": "{{ it | base64 }}"}, {"it": document(MemoryContent(b"abc"))})
    assert (body.media_type, read) == ("application/octet-stream", b"YWJj")


@pytest.mark.parametrize(
    "said",
    [
        {"raw": "{{ t }}"},
        {"raw": "{{ n }}"},
        {"text": "{{ n }}"},
        {"text": "{{ d }}"},
        {"json": {"a": "{{ d }}"}},
        {"json": {"a": "{{ s }}"}},
        {"json": {"{{ t }}": "{{ nan }}"}},
        {"form": {"a": "{{ l }}"}},
        {"multipart": [{"name": "{{ n }}", "text": "x"}]},
        {"multipart": [{"name": "a", "text": "x", "each": "{{ t }}"}]},
        {"multipart": [{"name": "a", "text": "x", "each": "{{ many }}"}]},
        {"multipart": [{"name": "a", "raw": "{{ t }}"}]},
        {"json": "{{ d | text }}"},
    ],
)
def test_what_can_stand_in_no_body_is_an_error(said: dict[str, Any]) -> None:
    """With words, before anything leaves."""
    scope = {
        "t": "x",
        "n": None,
        "d": document(MemoryContent(b"\xff\xfe")),
        "s": "\ud800",
        "l": [1],
        "nan": float("nan"),
        "many": list(range(2000)),
    }
    with pytest.raises(TemplateError):
        sent({"method": "POST", **said}, scope)


async def test_a_body_far_beyond_the_limit_is_refused() -> None:
    """Encodings may add to a message, not multiply it."""
    limits = Limits.model_validate({"max_message": "64KiB"})
    said = {"method": "POST", "json": ["{{ it | base64 }}"] * 4}
    with pytest.raises(LimitError) as caught:
        await made(said, {"it": document(Pieces(b"x" * 200_000))}, limits)
    assert caught.value.code == "http.body_too_large"


async def test_a_request_without_a_body_has_none() -> None:
    """And an empty text is a body of no bytes."""
    body = await made({"method": "POST", "text": ""}, {})
    assert (body.size, body.data, await whole(body)) == (0, b"", b"")
