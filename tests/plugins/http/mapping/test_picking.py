"""Values are taken out of what came as the description says, and out of nothing else."""

from __future__ import annotations

import base64
import json
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import MalformedError
from hub_http.description.picking import Condition, Pick
from hub_http.mapping import picking
from hub_http.mapping.answered import Answered
from hub_http.mapping.picking import ABSENT
from hub_http.mapping.templates import TemplateError

BODY: Final[dict[str, Any]] = {
    "id": "m-1",
    "count": 3,
    "ok": True,
    "nothing": None,
    "list": ["a", "b", "c"],
    "deep": [{"code": "x", "n": 1}, {"code": "y", "n": 2}],
    "matrix": [[1, 2]],
    "number": 1.5,
    "words": "é",
}
PARAMETERS: Final = {
    "resourceType": "Parameters",
    "parameter": [
        {"name": "transaction-id", "valueString": "T1"},
        {"name": "tracking-url", "valueUri": "https://op.example/track?t=T1"},
        {"name": "when", "valueDateTime": "2026-03-03T14:00:00Z"},
        {"name": "many", "valueInteger": 3},
        {"name": "part", "valueDecimal": 1.5},
    ],
}
XML: Final = b"""<?xml version="1.0" encoding="UTF-8"?>
<r xmlns="urn:x" xmlns:y="urn:y"><a id="1">un <b>deux</b></a><a id="2"/><y:c>trois</y:c></r>"""
SCOPE: Final[dict[str, Any]] = {
    "codes": {"states": {"1": "one", "a": "A", "true": "yes"}},
    "parameters": {"x": "X"},
}


def answer(body: Any = BODY, **headers: str) -> Answered:
    """Return an answer with a JSON body."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answered(status=200, headers=named, body=data)


def picked(answered: Answered | None = None, **said: Any) -> Any:
    """Pick out of an answer."""
    return picking.pick(Pick.model_validate(said), answered or answer(), SCOPE)


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ({"json": "$.id"}, "m-1"),
        ({"json": "$.count"}, 3),
        ({"json": "$.ok"}, True),
        ({"json": "$"}, BODY),
        ({"json": "$.nothing"}, ABSENT),
        ({"json": "$.nope"}, ABSENT),
        ({"json": "$.nope", "default": "d"}, "d"),
        ({"json": "$.nope", "default": 0}, 0),
        ({"json": "$.nope", "default": "d", "many": True}, ["d"]),
        ({"json": "$.nope", "many": True}, ABSENT),
        ({"json": "$.list"}, ["a", "b", "c"]),
        ({"json": "$.list", "many": True}, ["a", "b", "c"]),
        ({"json": "$.list[*]", "many": True}, ["a", "b", "c"]),
        ({"json": "$.list[*]"}, "a"),
        ({"json": "$.matrix[*]", "many": True}, [[1, 2]]),
        ({"json": "$.id", "many": True}, ["m-1"]),
        ({"json": "$.deep[?@.code=='y'].n"}, 2),
        ({"json": "$..code", "many": True}, ["x", "y"]),
        ({"json": "$.deep[?match(@.code,'[xz]')].n"}, 1),
        ({"json": "$.deep[?search(@.code,'y')].n"}, 2),
        ({"json": "$.id", "pattern": "m-([0-9]+)"}, "1"),
        ({"json": "$.id", "pattern": "[0-9]+"}, "1"),
        ({"json": "$.id", "pattern": "x"}, ABSENT),
        ({"json": "$.count", "codes": "states"}, ABSENT),
        ({"json": "$.list[*]", "codes": "states", "many": True}, ["A"]),
        ({"json": "$.ok", "codes": "states"}, "yes"),
        ({"json": "$.id", "pattern": "m-(.*)", "codes": "states"}, "one"),
        ({"value": "{{ parameters.x }}-{{ status }}"}, "X-200"),
        ({"value": "fixed"}, "fixed"),
        ({"value": "{{ ['a', 'b'] }}", "many": True}, ["a", "b"]),
        ({"value": "{{ nobody }}"}, ABSENT),
        ({"value": "{{ none }}"}, ABSENT),
        ({"value": "{{ headers['x'] }}", "default": "no"}, "no"),
        ({"json": "$[?length(@) > 2]", "many": True}, ["m-1", ["a", "b", "c"], BODY["words"]][:2]),
    ],
)
def test_a_value_is_taken_from_its_place(said: dict[str, Any], value: Any) -> None:
    """JSONPath (RFC 9535), a template; then pattern, codes, default."""
    found = picked(**said)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("Parameters.parameter.where(name='tracking-url').value", "https://op.example/track?t=T1"),
        ("Parameters.parameter.where(name='transaction-id').value", "T1"),
        ("parameter.where(name='many').value", 3),
        ("parameter.where(name='part').value", 1.5),
        ("parameter.where(name='when').value", "2026-03-03T14:00:00Z"),
        ("parameter.name.first()", "transaction-id"),
        ("parameter.count()", 5),
        ("parameter.where(name.matches('^trac')).name", "tracking-url"),
        ("parameter.where(name='nope').value", ABSENT),
        ("Patient.name", ABSENT),
        ("parameter.where(name='many').value + 'x'", ABSENT),
    ],
)
def test_fhirpath_knows_r4(path: str, value: Any) -> None:
    """`value` finds `valueString`, `valueUri` and the rest."""
    found = picked(answer(PARAMETERS), fhirpath=path)
    assert found == value


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ({"xpath": "//x:a"}, "un deux"),
        ({"xpath": "//x:a/@id", "many": True}, ["1", "2"]),
        ({"xpath": "//y:c/text()"}, "trois"),
        ({"xpath": "count(//x:a)"}, 2),
        ({"xpath": "string(//x:a[1]/x:b)"}, "deux"),
        ({"xpath": "boolean(//x:nope)"}, False),
        ({"xpath": "//x:nope"}, ABSENT),
    ],
)
def test_xpath_gives_texts_and_numbers(said: dict[str, Any], value: Any) -> None:
    """An element is its text, as XPath's own string() has it."""
    answered = answer(XML)
    found = picking.pick(
        Pick.model_validate({"namespaces": {"x": "urn:x", "y": "urn:y"}, **said}), answered, {}
    )
    assert found == value


def test_headers_are_found_in_any_case_and_texts_in_their_charset() -> None:
    """As HTTP has them."""
    answered = answer(
        "Café".encode("iso-8859-1"), location="/m/7", content_type="text/plain; charset=ISO-8859-1"
    )
    assert picked(answered, header="Location") == "/m/7"
    assert picked(answered, header="X-Other") is ABSENT
    assert picked(answered, text=True) == "Café"
    assert picked(answer(b""), text=True) is ABSENT
    assert picked(answer(b"\xff"), text=True) is ABSENT
    assert picked(answer(b"x", content_type="text/plain; charset=utf-16"), text=True) is ABSENT


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"{",
        b'{"a":1,"a":2}',
        b'{"a":NaN}',
        b'{"a":1e999}',
        b"\xff\xfe",
        b"[" * 150 + b"]" * 150,
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"1" * 5000,
        b'{"a":1} x',
        b"'a'",
    ],
)
def test_a_body_that_is_no_json_holds_nothing(body: bytes) -> None:
    """No value is found, no condition holds, and who asks for the JSON is told."""
    answered = answer(body)
    assert picked(answered, json="$..a") is ABSENT
    assert picked(answered, fhirpath="a") is ABSENT
    for said in ({"exists": False}, {"exists": True}, {"equals": 1}):
        assert not picking.holds(Condition.model_validate({"json": "$.a", **said}), answered, {})
    with pytest.raises(MalformedError) as caught:
        _ = answered.json
    assert caught.value.code == "http.answer_malformed"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"<a>",
        b"<a/><b/>",
        b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
        b"<!doctype a><a/>",
        b'<!DOCTYPE lolz [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]><a>&b;</a>',
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        b"<a>&undefined;</a>",
        '<?xml version="1.0" encoding="utf-16"?><a/>'.encode("utf-16"),
        b'<?xml version="1.0" encoding="utf-7"?><a/>',
        b'<?xml version="1.0" encoding="IBM037"?><a/>',
        b"<a>" * 5000,
        b"\xff<a/>",
    ],
)
def test_a_body_that_is_no_safe_xml_holds_nothing(body: bytes) -> None:
    """No document type, so no entities: nothing is fetched and nothing grows."""
    answered = answer(body)
    assert picked(answered, xpath="//a") is ABSENT
    with pytest.raises(MalformedError) as caught:
        _ = answered.xml
    assert caught.value.code == "http.answer_malformed"


def test_json_with_a_byte_order_mark_is_read() -> None:
    """RFC 8259, 8.1, lets a reader do so."""
    assert picked(answer(b'\xef\xbb\xbf{"a":"\xc3\xa9"}'), json="$.a") == "é"


def test_a_hundred_levels_are_read() -> None:
    """What honest answers have, and more."""
    assert picked(answer(b"[" * 99 + b"1" + b"]" * 99), json="$") is not ABSENT
    assert picked(answer(b"[" * 60 + b"1" + b"]" * 60), json="$..*") is not ABSENT


@given(st.binary(max_size=80))
def test_bytes_are_decoded_strictly(data: bytes) -> None:
    """What is encoded comes back; line breaks are let through."""
    encoded = base64.encodebytes(data).decode()
    assert (picked(answer({"a": encoded or "="}), json="$.a", decode="base64") if encoded else b"") == data
    url = base64.urlsafe_b64encode(data).decode()
    for text in (url, url.rstrip("=")):
        assert picked(answer({"a": text}), json="$.a", decode="base64url") == data
    assert picked(answer({"a": data.hex().upper()}), json="$.a", decode="hex") == data


@pytest.mark.parametrize(
    ("text", "how"),
    [
        ("Zg=", "base64"),
        ("Zg", "base64"),
        ("Zg==x", "base64"),
        ("Z*==", "base64"),
        ("Zm-v", "base64"),
        ("Zg==Zg==", "base64"),
        ("é", "base64"),
        ("Zm+v", "base64url"),
        ("Z", "base64url"),
        ("é", "base64url"),
        ("a", "hex"),
        ("0x11", "hex"),
        ("gg", "hex"),
    ],
)
def test_what_is_not_encoded_so_is_malformed(text: str, how: str) -> None:
    """Nobody gets half a document."""
    with pytest.raises(MalformedError) as caught:
        picked(answer({"a": text}), json="$.a", decode=how)
    assert caught.value.code == "http.answer_malformed"
    assert not picking.holds(
        Condition.model_validate({"json": "$.a", "decode": how}), answer({"a": text}), {}
    )


def test_a_text_that_is_no_unicode_is_malformed() -> None:
    """It could not be written anywhere."""
    with pytest.raises(MalformedError):
        picked(answer(b'{"a":"\\ud800"}'), json="$.a")


def test_no_table_of_codes_is_a_fault_of_the_description() -> None:
    """Not an answer without a value."""
    with pytest.raises(TemplateError):
        picked(json="$.id", codes="nope")


@pytest.mark.parametrize(
    ("said", "holds"),
    [
        ({"json": "$.id"}, True),
        ({"json": "$.nope"}, False),
        ({"json": "$.nothing"}, False),
        ({"json": "$.nope", "exists": False}, True),
        ({"json": "$.id", "exists": False}, False),
        ({"json": "$.id", "exists": True}, True),
        ({"json": "$.id", "equals": "m-1"}, True),
        ({"json": "$.id", "equals": "m-2"}, False),
        ({"json": "$.count", "equals": 3}, True),
        ({"json": "$.count", "equals": "3"}, True),
        ({"json": "$.count", "one_of": [1, 2, "3"]}, True),
        ({"json": "$.count", "one_of": [1, 2]}, False),
        ({"json": "$.ok", "equals": True}, True),
        ({"json": "$.ok", "equals": 1}, False),
        ({"json": "$.ok", "equals": "true"}, True),
        ({"json": "$.deep[*].n", "many": True, "equals": 2}, True),
        ({"json": "$.deep[*].n", "many": True, "one_of": [7, 2]}, True),
        ({"json": "$.deep[*].code", "many": True, "matches": "y|z"}, True),
        ({"json": "$.deep[*].code", "many": True, "matches": "z"}, False),
        ({"json": "$.id", "matches": "M-[0-9]"}, False),
        ({"json": "$.id", "matches": "(?i)M-[0-9]"}, True),
        ({"json": "$.id", "matches": "m"}, False),
        ({"json": "$.list", "equals": "a"}, False),
        ({"json": "$.list", "matches": ".*"}, False),
        ({"json": "$.nope", "default": "x", "equals": "x"}, True),
        ({"header": "x-code", "equals": 100}, True),
        ({"header": "x-code", "one_of": [99, 100]}, True),
        ({"header": "X-Code", "matches": "1.."}, True),
    ],
)
def test_a_condition_asks_one_thing(said: dict[str, Any], holds: bool) -> None:  # noqa: FBT001 - a column
    """A number and its text are the same: headers and XML have only texts."""
    assert picking.holds(Condition.model_validate(said), answer(x_code="100"), SCOPE) is holds


@pytest.mark.parametrize(
    "said",
    [
        {"json": "$.a", "pattern": "^(a+)+$"},
        {"json": "$.a", "pattern": "^(?:(a|aa)+)+$"},
        {"json": "$.a", "pattern": "(.*)*(.*)*(.*)*z$"},
        {"json": "$[?match(@.b,'(a*)*(a*)*z')]"},
        {"json": "$[?search(@.b,'(a|a)*(a|a)*(a|a)*z')]"},
        {"fhirpath": "a.where($this.matches('^(a+)+$'))"},
    ],
)
def test_a_pattern_that_would_never_end_is_stopped(said: dict[str, Any]) -> None:
    """An operator can't stop the hub by a text that suits a bad pattern."""
    body = {"a": "a" * 60 + "b", "c": {"b": "a" * 60 + "b"}}
    assert picked(answer(body), **said) is ABSENT


def test_a_text_that_is_too_long_for_patterns_does_not_match() -> None:
    """64 Ki characters are more than any id has."""
    assert picked(answer({"a": "a" * 70_000}), json="$.a", pattern="a+") is ABSENT


def test_a_member_of_a_list_is_looked_into_like_an_answer() -> None:
    """It may be any JSON value, and lends status and headers when it is part of an answer."""
    member = Answered.of({"id": "7", "é": None})
    assert picked(member, json="$.id") == "7"
    assert member.body == '{"id":"7","é":null}'.encode()
    assert picked(Answered.of("text"), json="$") == "text"
    assert picked(Answered.of("text"), text=True) == "text"
    assert picked(Answered.of(None), json="$") is ABSENT
    within = Answered.of(1, within=answer(x="y"))
    assert (within.status, picked(within, header="X")) == (200, "y")


@pytest.mark.parametrize(
    ("said", "key", "kind"),
    [
        ({}, "", "place"),
        ({"json": "$", "header": "x"}, "", "place"),
        ({"json": "$.a["}, "json", "json"),
        ({"json": "a.b"}, "json", "json"),
        ({"json": "$[?nope(@.a)]"}, "json", "json"),
        ({"json": "$" + "[?@.a" * 500}, "json", "json"),
        ({"json": "$." + "a" * 3000}, "json", "json"),
        ({"fhirpath": "a.("}, "fhirpath", "fhirpath"),
        ({"fhirpath": "a b"}, "fhirpath", "fhirpath"),
        ({"fhirpath": ""}, "fhirpath", "fhirpath"),
        ({"fhirpath": "a.nope()"}, "fhirpath", "fhirpath"),
        ({"fhirpath": "2.power(1000000)"}, "fhirpath", "fhirpath"),
        ({"fhirpath": "a.repeat(b)"}, "fhirpath", "fhirpath"),
        ({"fhirpath": "a.where(b.replaceMatches('a','b'))"}, "fhirpath", "fhirpath"),
        ({"xpath": "//["}, "xpath", "xpath"),
        ({"xpath": "//q:a"}, "xpath", "xpath"),
        ({"xpath": "nope(//a)"}, "xpath", "xpath"),
        ({"value": "{{ a b }}"}, "value", "value"),
        ({"json": "$", "pattern": "(a"}, "pattern", "pattern"),
        ({"json": "$", "pattern": "(a)(b)"}, "pattern", "pattern"),
        ({"json": "$", "pattern": "a" * 2000}, "pattern", "pattern"),
    ],
)
def test_what_can_t_be_used_is_known_beforehand(said: dict[str, Any], key: str, kind: str) -> None:
    """`hub operator check` finds an unreachable path before a message meets it."""
    fault = picking.fault(Pick.model_validate(said))
    assert fault is not None
    assert (fault.key, fault.kind) == (key, kind)


@pytest.mark.parametrize(
    "said", [{"json": "$.a", "matches": "(a"}, {"json": "$.a", "equals": 1, "pattern": "a("}]
)
def test_a_condition_s_patterns_are_checked_too(said: dict[str, Any]) -> None:
    """Both of them."""
    fault = picking.fault(Condition.model_validate(said))
    assert fault is not None
    assert fault.kind == "pattern"


@pytest.mark.parametrize(
    "said",
    [
        {"json": "$"},
        {"header": "x"},
        {"text": True},
        {"value": "{{ a }}"},
        {"fhirpath": "a.b.where(c = 'd')"},
        {"xpath": "//a"},
        {"xpath": "//x:a", "namespaces": {"x": "urn:x"}},
        {"json": "$.a", "pattern": "^a(.+)$"},
    ],
)
def test_what_can_be_used_has_no_fault(said: dict[str, Any]) -> None:
    """Honest picks pass."""
    assert picking.fault(Pick.model_validate(said)) is None


@pytest.mark.parametrize(
    ("body", "read"),
    [
        (b"[" + b"[]," * 1_000_000 + b"1]", False),
        (b'{"text": "' + b"[a,]" * 1_000_000 + b'"}', True),
        (b'"' + b'\\",' * 1_000_000 + b'"', True),
        (b'"' + b'\\",' * 1_000_000 + b"\\", False),
        (b"[" + b"1," * 400_000 + b"1]", True),
    ],
    ids=["lists", "in a text", "quotes", "no end", "numbers"],
)
def test_json_of_too_many_values_is_not_read(body: bytes, read: bool) -> None:  # noqa: FBT001 - a row of the table
    """A few bytes of it weigh a hundred each; what stands in a text is none of them."""
    one = Answered(body=body)
    if read:
        assert one.json
        return
    with pytest.raises(MalformedError) as caught:
        _ = one.json
    assert caught.value.code == "http.answer_malformed"


@pytest.mark.parametrize(
    "body", [b"<b/>" * 1_000_001, b"<b" + b' x=""' * 1_000_001 + b"/>"], ids=["tags", "attributes"]
)
def test_xml_of_too_many_tags_is_not_read(body: bytes) -> None:
    """Nor of as many attributes."""
    with pytest.raises(MalformedError) as caught:
        _ = Answered(body=b"<a>" + body + b"</a>").xml
    assert caught.value.code == "http.answer_malformed"
    assert str(1_000_000) in caught.value.words.en
