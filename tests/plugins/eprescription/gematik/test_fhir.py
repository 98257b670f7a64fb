"""FHIR from strangers is read or refused, in XML and JSON alike, and nothing else happens."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from hub.errors import InputError
from hub_eprescription.gematik import bundle, fhir, outcome, task, view
from hub_eprescription.gematik.fhir import JSON, XML, Node
from hub_eprescription.simulator import fhir as other
from hub_eprescription.simulator.fhir import Form
from tests.plugins.eprescription import scenarios
from tests.plugins.eprescription.gematik import practice
from tests.plugins.eprescription.scenarios import What

_GOOD = practice.bundle()
_JSON = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(max_size=8),
    lambda inner: (
        some.lists(inner, max_size=4)
        | some.dictionaries(
            some.sampled_from(["resourceType", "issue", "details", "text", "_text", "entry", "identifier"])
            | some.text(max_size=4),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(at=some.integers(0, len(_GOOD)), cut=some.integers(0, 40), put=some.binary(max_size=8))
def test_a_damaged_bundle_is_read_or_refused(at: int, cut: int, put: bytes) -> None:
    """Whatever happened to its bytes: a view of it, or an error in words."""
    content = _GOOD[:at] + put + _GOOD[at + cut :]
    try:
        seen = view.of(bundle.read(content))
        assert seen.authored_on
        assert bundle.same(bundle.with_number(content, "1"), bundle.with_number(content, "1"))
    except InputError:
        return


@given(said=_JSON)
def test_any_json_is_read_or_refused(said: Any) -> None:
    """An outcome, a Task, or neither; a text of it can always be written down again."""
    body = json.dumps({"resourceType": "OperationOutcome", "issue": said}).encode()
    found = outcome.read(body, JSON)
    assert json.loads(found.json)["resourceType"] == "OperationOutcome"
    assert len(found.json.encode()) <= outcome.MAX_KEPT
    try:
        node = fhir.read(json.dumps(said).encode(), JSON)
        assert task.of(node) is None or node.kind
    except InputError:
        return


@pytest.mark.parametrize("name", scenarios.names())
def test_xml_and_json_say_the_same(name: str) -> None:
    """A recorded Task or outcome, written in the other form by another program, reads the same."""
    for one in scenarios.scenario(name).files:
        if one.what is not What.ANSWER or one.resource not in {"Task", "OperationOutcome"}:
            continue
        form = Form.JSON if one.is_json else Form.XML
        twin, twin_form = other.read(one.content, form), Form.XML if one.is_json else Form.JSON
        first = fhir.read(one.content, form.value)
        second = fhir.read(other.write(twin, twin_form), twin_form.value)
        assert task.of(first) == task.of(second)
        assert outcome.of(first) == outcome.of(second)
        assert sorted(_values(first)) == sorted(_values(second))


def test_a_long_outcome_is_kept_short() -> None:
    """At most 16 KiB rest in the record; what people read of it stays."""
    issue = {
        "severity": "error",
        "code": "invalid",
        "details": {"text": "a" * 9000},
        "diagnostics": "ü" * 9000,
    }
    for count in (1, 2, 50):
        body = json.dumps({"resourceType": "OperationOutcome", "issue": [issue] * count}).encode()
        found = outcome.read(body, JSON)
        assert len(found.json.encode()) <= outcome.MAX_KEPT
        assert json.loads(found.json)["issue"][0]["details"]["text"].startswith("aaa")


def test_control_signs_of_a_service_reach_no_terminal() -> None:
    """Its words are shown to people, and only what can be shown."""
    issue = {"severity": "error", "code": "invalid", "details": {"text": "no\u001b[2J\u202e\n way\ud800"}}
    found = outcome.read(json.dumps({"resourceType": "OperationOutcome", "issue": [issue]}).encode(), JSON)
    assert found.texts == ("no [2J way?",)


@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        (b"", XML),
        (b"<", XML),
        (b"<html/>", XML),
        (b'<Task xmlns="http://hl7.org/other"/>', XML),
        (b"[]", JSON),
        (b"null", JSON),
        (b'{"resourceType":1}', JSON),
        (b"[" * 100_000, JSON),
        (b'{"resourceType":"Task","a":' + b'{"a":' * 200 + b"1" + b"}" * 201, JSON),
        (b'<Task xmlns="http://hl7.org/fhir">' + b"<a>" * 200 + b"</a>" * 200 + b"</Task>", XML),
        (b'<Task xmlns="http://hl7.org/fhir">' + b"<a/>" * 200_001 + b"</Task>", XML),
        (b"a" * (fhir.MAX_BYTES + 1), XML),
    ],
)
def test_what_is_no_resource_is_refused(body: bytes, media_type: str) -> None:
    """Too deep, too many, too long, or something else."""
    with pytest.raises(InputError):
        fhir.read(body, media_type)


def _values(node: Node) -> Iterator[str]:
    for one in node.walk():
        if one.value is not None:
            yield one.value.strip()
