"""The JSON of a message is read strictly, and each fault is told with its JSON pointer."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.adapters.http.draft import Draft, read_draft
from hub.adapters.http.faults import Fault
from hub.errors import HubError, MalformedError
from tests.unit.adapters.http.serving import LETTER

DOCUMENT = {"name": "a.pdf", "media_type": "application/pdf", "content": "AAAA"}


def _read(message: Any, *, parts: bool = False) -> Draft:
    data = message if isinstance(message, bytes) else json.dumps(message).encode()
    return read_draft(data, inline=1000, parts=parts)


def _faults(message: Any, *, parts: bool = False) -> list[str]:
    with pytest.raises(MalformedError) as caught:
        _read(message, parts=parts)
    found = caught.value.fields["errors"]
    assert isinstance(found, tuple)
    assert all(isinstance(one, Fault) and one.words.en != one.words.fr for one in found)
    return [one.pointer for one in found]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"from": None}, "/from"),
        ({"from": "Martin <a@b.example>"}, "/from"),
        ({"to": "a@b.example"}, "/to"),
        ({"to": []}, "/to"),
        ({"to": ["a@b.example", "b"]}, "/to/1"),
        ({"to": ["a@b.example\r\nBcc: x@y.example"]}, "/to/0"),
        ({"to": [1]}, "/to/0"),
        ({"to": [{"rpps": "1"}]}, "/to/0/rpps"),
        ({"to": [{"rpps": "10001234565", "finess": "750712184"}]}, "/to/0/finess"),
        ({"to": [{"rpps": "10001234567"}]}, "/to/0/rpps"),
        ({"to": ["a@b.example", {"ins": "279035121518980"}]}, "/to/1/ins"),
        ({"cc": [{"finess": 7}]}, "/cc/0/finess"),
        ({"cc": [{"name": ""}]}, "/cc/0/name"),
        ({"cc": [{"name": "Dupont", "town": "x" * 201}]}, "/cc/0/town"),
        ({"cc": [{"name": "Dupont\n"}]}, "/cc/0/name"),
        ({"cc": [{"name": "Dupont", "rpps": "10001234565"}]}, "/cc/0/name"),
        ({"cc": [{"name": "Dupont", "street": "x"}]}, "/cc/0/street"),
        ({"cc": [{"town": "Hautmont"}]}, "/cc/0/system"),
        ({"bcc": [{"system": "x", "value": "y"}]}, "/bcc/0/system"),
        ({"bcc": [{"system": "urn:oid:1.2"}]}, "/bcc/0/value"),
        ({"subject": "a\r\nBcc: b@c.example"}, "/subject"),
        ({"subject": "a\u2028b"}, "/subject"),
        ({"subject": "a\x85b"}, "/subject"),
        ({"subject": "a" * 999}, "/subject"),
        ({"subject": "a\ud800"}, "/subject"),
        ({"text": ""}, "/text"),
        ({"text": "a\x00b"}, "/text"),
        ({"text": "a\ud800b"}, "/text"),
        ({"kind": "notice"}, "/kind"),
        ({"kind": []}, "/kind"),
        ({"language": "français"}, "/language"),
        ({"documents": {}}, "/documents"),
        ({"documents": ["a"]}, "/documents/0"),
        ({"documents": [{**DOCUMENT, "name": "../a"}]}, "/documents/0/name"),
        ({"documents": [{**DOCUMENT, "name": "a\\b"}]}, "/documents/0/name"),
        ({"documents": [{**DOCUMENT, "name": "r\u202efdp.exe"}]}, "/documents/0/name"),
        ({"documents": [{**DOCUMENT, "media_type": "pdf"}]}, "/documents/0/media_type"),
        ({"documents": [{**DOCUMENT, "media_type": "text/plain; charset=x"}]}, "/documents/0/media_type"),
        ({"documents": [{**DOCUMENT, "content": "AAA"}]}, "/documents/0/content"),
        ({"documents": [{**DOCUMENT, "content": "AA\nAA"}]}, "/documents/0/content"),
        ({"documents": [{**DOCUMENT, "content": "é"}]}, "/documents/0/content"),
        ({"documents": [{**DOCUMENT, "content": ""}]}, "/documents/0/content"),
        ({"documents": [{**DOCUMENT, "content": 1.5}]}, "/documents/0/content"),
        ({"documents": [DOCUMENT, {"name": "a", "media_type": "a/b"}]}, "/documents/1/content"),
        ({"documents": [{**DOCUMENT, "part": "a"}]}, "/documents/0/part"),
        ({"documents": [{**DOCUMENT, "size": 1}]}, "/documents/0/size"),
        ({"patient": [{"rpps": "10001234565"}]}, "/patient/0/system"),
        ({"references": ["a", ""]}, "/references/1"),
        ({"in_reply_to": "a\nb"}, "/in_reply_to"),
        ({"receipts": ["read"]}, "/receipts/0"),
        ({"receipts": ["delivery"] * 4}, "/receipts"),
        ({"a/b~c": 1}, "/a~1b~0c"),
    ],
)
def test_a_field_that_is_wrong_is_named(changes: dict[str, Any], pointer: str) -> None:
    """A program learns which field is wrong, by JSON pointer, in English and French."""
    assert pointer in _faults({**LETTER, **changes})


def test_all_faults_are_told_at_once() -> None:
    """A program need not repair one field to learn of the next."""
    assert _faults({"to": [], "text": "", "kind": "x"}) == ["/from", "/subject", "/text", "/kind", "/to"]


@pytest.mark.parametrize("root", [[], "a", 1, None, True])
def test_a_message_is_an_object(root: Any) -> None:
    """Anything else is refused at the root."""
    assert _faults(root)[0] == ""


@pytest.mark.parametrize(
    ("data", "pointer"),
    [
        (b'{"from":"a@b.example","subject":"x","subject":"y","to":["c@d.example"],"text":"t"}', "/subject"),
        (b'{"to":["c@d.example",{"rpps":"10001234565","rpps":"10001234568"}]}', "/to/1/rpps"),
    ],
)
def test_a_key_that_stands_twice_is_refused(data: bytes, pointer: str) -> None:
    """Two readers could take two different values; so none is taken."""
    assert pointer in _faults(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b"\xff",
        "{}".encode("utf-16"),
        b"\xef\xbb\xbf{}",
        b"{} {}",
        b"[" * 100_000,
        b'{"a":' * 100_000,
    ],
)
def test_what_is_no_json_is_one_clear_error(data: bytes) -> None:
    """Broken, deep or wrongly encoded JSON is refused, and nothing worse happens."""
    with pytest.raises(MalformedError) as caught:
        _read(data)
    assert caught.value.code == "http.json"


def test_numbers_of_any_size_are_no_trouble() -> None:
    """A number with a million digits costs nothing and is simply not a text."""
    assert "/subject" in _faults(b'{"subject":' + b"9" * 1_000_000 + b"}")


def test_in_a_form_a_document_has_its_bytes_in_one_place() -> None:
    """Content and part beside each other, or neither, is refused; so is a part of two documents."""
    part = {"name": "a", "media_type": "a/b", "part": "p"}
    assert _read({**LETTER, "documents": [part]}, parts=True).documents[0].part == "p"
    assert _faults({**LETTER, "documents": [{**part, "content": "AAAA"}]}, parts=True) == [
        "/documents/0/part"
    ]
    assert _faults({**LETTER, "documents": [part, part]}, parts=True)[0] == "/documents/0/part"
    assert _faults({**LETTER, "documents": [{"name": "a", "media_type": "a/b"}]}, parts=True) == [
        "/documents/0/content"
    ]


def test_a_message_has_something_to_say() -> None:
    """Neither a text nor a document is not a message."""
    assert _faults({key: value for key, value in LETTER.items() if key != "text"}) == ["/documents"]


_JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["rpps", "ins", "system", "value", "name", "town", "part"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)


@settings(suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no fault of the strategy
@given(
    changes=st.dictionaries(
        st.sampled_from([*LETTER, "cc", "bcc", "documents", "patient", "references", "receipts", "kind"]),
        _JSON,
        max_size=4,
    ),
    parts=st.booleans(),
)
def test_any_json_is_a_message_or_one_error(changes: dict[str, Any], *, parts: bool) -> None:
    """Whatever JSON comes, it is read or refused with the hub's own error."""
    try:
        draft = _read({**LETTER, **changes}, parts=parts)
    except HubError as error:
        assert error.code in {"http.fields", "http.json"}  # noqa: PT017 - both ends are right
    else:
        assert draft.recipients
