"""What an operator says in words is read from the forms that it may say it in."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub_http.mapping import outcomes
from hub_http.mapping.answered import Answered

FHIR: Final = "application/fhir+json"
PROBLEM: Final = "application/problem+json"


def told(body: Any, media_type: str = FHIR) -> tuple[str | None, str | None]:
    """Return what an answer says."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return outcomes.told(Answered(status=422, headers={"content-type": media_type}, body=data))


def outcome(*issues: Any) -> dict[str, Any]:
    """Return an OperationOutcome."""
    return {"resourceType": "OperationOutcome", "issue": list(issues)}


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        (
            outcome({"severity": "error", "code": "not-found", "diagnostics": "no such mailbox"}),
            "not-found",
            "no such mailbox",
        ),
        (outcome({"severity": "error", "code": "invalid"}), "invalid", None),
        (
            outcome(
                {
                    "severity": "error",
                    "code": "invalid",
                    "details": {"text": "Adresse inconnue"},
                    "diagnostics": "E7",
                }
            ),
            "invalid",
            "Adresse inconnue; E7",
        ),
        (
            outcome(
                {
                    "severity": "error",
                    "code": "x",
                    "details": {"coding": [{"code": "MSG_7", "display": "Too big"}]},
                }
            ),
            "MSG_7",
            "Too big",
        ),
        (
            outcome(
                {"severity": "information", "code": "i", "diagnostics": "by the way"},
                {"severity": "fatal", "code": "f", "diagnostics": "broken"},
                {"severity": "fatal", "code": "g", "diagnostics": "broken"},
                {"severity": "error", "code": "e", "diagnostics": "wrong"},
            ),
            "f",
            "broken",
        ),
        (outcome({"severity": "error", "diagnostics": "a\r\nb\x00\u202ec"}), None, "a b c"),
        (outcome(), None, None),
        (outcome("x", 1, None, {"severity": []}, {"details": "x", "code": {}}), None, None),
        ({"resourceType": "OperationOutcome", "issue": {}}, None, None),
        ({"resourceType": "Patient", "title": "x"}, None, None),
        ([1], None, None),
        (b"", None, None),
        (b"<html>", None, None),
    ],
)
def test_an_operation_outcome_tells_code_and_words(body: Any, code: str | None, words: str | None) -> None:
    """Of FHIR R4: the gravest issues, in one line, without characters that disturb."""
    assert told(body) == (code, words)


@pytest.mark.parametrize(
    ("body", "media_type", "code", "words"),
    [
        (
            {"type": "https://op.example/probs/no-box", "title": "No box", "detail": "Closed."},
            PROBLEM,
            "no-box",
            "No box: Closed.",
        ),
        ({"type": "about:blank", "title": "Not Found"}, PROBLEM, None, "Not Found"),
        ({"title": "Bad", "detail": "Bad"}, PROBLEM, None, "Bad"),
        ({"type": "urn:problem:too-big", "detail": "x"}, "application/json", "too-big", "x"),
        ({"detail": "x"}, "application/json", None, None),
        ({"type": 5, "title": ["x"]}, PROBLEM, "5", None),
        ({}, PROBLEM, None, None),
    ],
)
def test_a_problem_tells_code_and_words(
    body: Any, media_type: str, code: str | None, words: str | None
) -> None:
    """Of RFC 9457; one without its media type is known by its members."""
    assert told(body, media_type) == (code, words)


def test_an_operation_outcome_in_xml_is_read_too() -> None:
    """FHIR has both."""
    body = (
        b'<OperationOutcome xmlns="http://hl7.org/fhir"><issue><severity value="error"/>'
        b'<code value="too-long"/>'
        b'<details><coding><code value="C1"/><display value="D1"/></coding></details>'
        b'<diagnostics value="over 10 MB"/></issue></OperationOutcome>'
    )
    assert told(body, "application/fhir+xml") == ("C1", "D1; over 10 MB")
    assert told(b"<other/>", "application/xml") == (None, None)
    assert told(b"<!DOCTYPE a><a/>", "application/xml") == (None, None)


_NAMES: Final = st.sampled_from(["issue", "severity", "code", "details", "text", "coding", "type", "title"])


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_NAMES, inner, max_size=4),
        max_leaves=12,
    )
)
def test_nothing_that_an_operator_says_breaks_the_reading(value: Any) -> None:
    """And what is read is short and in one line."""
    issue = {"issue": value, "resourceType": "OperationOutcome"}
    for body, media_type in ((outcome(value), FHIR), (issue, FHIR), (value, PROBLEM)):
        code, words = told(body, media_type)
        assert code is None or (0 < len(code) <= outcomes.MAX_CODE and code.splitlines() == [code])
        assert words is None or (0 < len(words) <= outcomes.MAX_WORDS and words.splitlines() == [words])
        f"{code}{words}".encode()


def test_long_words_are_cut() -> None:
    """Nobody fills the store with an error."""
    code, words = told(outcome({"code": "c" * 5000, "severity": "error", "diagnostics": "é" * 50_000}))
    assert code is not None
    assert words is not None
    assert len(code) == outcomes.MAX_CODE
    assert len(words) == outcomes.MAX_WORDS
    assert words.endswith("…")
