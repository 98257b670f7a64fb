"""FHIR JSON is read strictly, and nothing in it makes the hub stumble."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.errors import InputError, LimitError, MalformedError
from hub_eprescription.eps import drafting, messages, names, outcome, reading, view
from tests.plugins.eprescription.eps.practice import order

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the way to everything in a document."""
    found = [path] if path else []
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        found += paths(one, (*path, key))
    return found


PATHS = paths(json.loads(order(1, items=2)))


@settings(deadline=None)
@given(st.sampled_from(PATHS), VALUES)
def test_whatever_stands_in_a_place_is_an_error_of_the_prescription(
    path: tuple[Any, ...], value: Any
) -> None:
    """Any value of any type anywhere: read, or refused in words; never another fault."""
    document = json.loads(order(1, items=2))
    inner = document
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    data = json.dumps(document).encode()
    try:
        bundle = reading.bundle(data)
        assert view.view(bundle).medicines
        drafting.check_whole(bundle)
        messages.signature(bundle)
        messages.with_signature(data, b"<s/>", "now")
        for item in messages.items(bundle):
            messages.cancel(reading.bundle(messages.basis(bundle).encode()), item, {}, "m")
    except InputError as error:
        assert error.words.fr  # noqa: PT017 -- either way is right


@settings(deadline=None)
@given(st.text(max_size=20), st.booleans(), st.sampled_from([None, 1, 4]))
def test_a_signature_goes_in_whatever_the_layout(text: str, last: bool, indent: int | None) -> None:  # noqa: FBT001
    """Strings full of braces, an entry list that is not the last member, any white space."""
    document = json.loads(order(1))
    document["entry"][0]["resource"]["id"] = text + '"]}'
    if last:
        document = {"extension": [{"entry": [1]}], "entry": document.pop("entry"), **document}
    data = json.dumps(document, indent=indent, ensure_ascii=False).encode()
    whole = messages.with_signature(data, b"<s/>", "now")
    found = reading.bundle(whole)
    assert messages.signature(found) == (b"<s/>", "now")
    assert found.entries[:-1] == reading.bundle(data).entries
    provenance = json.dumps(
        {"fullUrl": found.entries[-1][0], "resource": found.entries[-1][1]}, ensure_ascii=False
    )
    assert whole.replace(f",{provenance}".encode(), b"", 1) == data


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf{}",
        b'{"resourceType": "Bundle", "a": NaN}',
        b'{"resourceType": "Bundle", "a": 1, "a": 2}',
        b'{"resourceType": 1}',
        b'{"resourceType": "Bundle", "a": ' + b"[" * 80 + b"]" * 80 + b"}",
        b'{"resourceType": "Bundle", "a": ' + b"9" * 5000 + b"}",
        "{}".encode("utf-16"),
        b'{"resourceType": "Bundle", "a": "\\ud800"}',
        b'{"resourceType": "Bundle", "\\udfff": 1}',
    ],
)
def test_what_is_not_plain_json_is_malformed(data: bytes) -> None:
    """Byte order mark, NaN, keys twice, depth, huge numbers, another encoding."""
    with pytest.raises(MalformedError):
        reading.load(data)


def test_what_is_too_large_is_not_read() -> None:
    """Before anything is parsed."""
    with pytest.raises(LimitError):
        reading.load(b" " * (reading.MAX_BYTES + 1))


def test_a_view_shows_what_the_prescriber_wrote() -> None:
    """Names, identifiers, dates, medicines."""
    seen = view.view(reading.bundle(order(7, items=2)))
    assert seen.patient == "Ms Zoé Hautmont"
    assert seen.prescriber == "Dr Camille Lilas"
    assert seen.organisation == "Surgery of the Lilacs"
    assert str(seen.valid_until) == "2026-09-28"
    assert [one.name for one in seen.medicines] == ["Valbrumol 7 mg"] * 2
    assert [one.quantity for one in seen.medicines] == ["20 tablet"] * 2
    assert [one.substitution for one in seen.medicines] == [False, False]
    assert [one.system for one in seen.medicines] == [names.SNOMED] * 2


@pytest.mark.parametrize(
    "issues", [[], [1], None, [{"severity": 1, "code": [], "details": "x", "expression": 3}]]
)
def test_a_strange_outcome_is_read(issues: Any) -> None:
    """It says little, and does no harm."""
    said = outcome.of({"resourceType": "OperationOutcome", "issue": issues})
    assert not said.failed
    assert said.texts == ()


def test_a_medicine_of_another_code_system_is_refused() -> None:
    """The prescriber learns which system is wanted and which one stands there."""
    with pytest.raises(InputError) as caught:
        view.view(reading.bundle(order(1, system="https://codes.example/medicines")))
    assert caught.value.code == "prescription.code_system"
    assert names.SNOMED in caught.value.words.en
    assert "https://codes.example/medicines" in caught.value.words.fr


def test_what_is_to_be_signed_is_small() -> None:
    """A SignedInfo has a few hundred bytes; a service can't have a card sign a book."""
    given = {
        "digest": base64.b64encode(b"<" * (17 << 10)).decode(),
        "timestamp": "2026-03-28T09:30:00+00:00",
        "algorithm": "RS256",
    }
    parameter = [{"name": name, "valueString": said} for name, said in given.items()]
    with pytest.raises(MalformedError):
        messages.to_sign(json.dumps({"resourceType": "Parameters", "parameter": parameter}).encode())
