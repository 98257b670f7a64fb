"""Only listed keys and plain values reach a log line."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.adapters.logs.redact import ADDED, LOGGABLE, MAX_TEXT, redact
from hub.errors import StoreError, Words


def _redacted(**event: Any) -> dict[str, Any]:
    return dict(redact(None, "info", {"event": "message.accepted", **event}))


def test_listed_keys_pass_and_others_are_counted() -> None:
    """A key that nobody listed is dropped, and the line says how many were."""
    assert _redacted(envelope="e1", subject="Compte rendu", sender="x") == {
        "event": "message.accepted",
        "envelope": "e1",
        "dropped": 2,
    }


@pytest.mark.parametrize("value", [b"bytes", ["a"], {"a": 1}, object(), float("nan"), 2**70])
def test_values_that_are_not_plain_are_dropped(value: object) -> None:
    """A structure, whatever it holds, never reaches a line."""
    assert _redacted(count=value) == {"event": "message.accepted", "dropped": 1}


def test_exceptions_are_named_never_quoted() -> None:
    """An exception shows its type, or its code when it is the hub's own."""
    ours = StoreError("store.full", Words(en="Jean Dupont", fr="Jean Dupont"))
    assert _redacted(error=ValueError("Jean Dupont"))["error"] == "ValueError"
    assert _redacted(error=ours)["error"] == "store.full"
    assert _redacted(exc_info=ours) == {
        "event": "message.accepted",
        "error": "StoreError",
        "code": "store.full",
    }


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("No entry for jean.dupont@cabinet.example here", "No entry for […] here"),
        ("jean.dupont@cabinet.example", "[…]"),
        ("INS 180017512345678 unknown", "INS […] unknown"),
        ("0190163d-8694-739b-aea5-966c26f8ad91", "0190163d-8694-739b-aea5-966c26f8ad91"),
        ("two\nlines\x1b[2J", "two\\u000alines\\u001b[2J"),
    ],
)
def test_free_text_loses_addresses_numbers_and_controls(said: str, shown: str) -> None:
    """An address or a national number in a reason is blanked; a line stays one line."""
    assert _redacted(reason=said)["reason"] == shown


def test_an_event_that_is_no_constant_name_is_not_shown() -> None:
    """A text put where an event's name belongs doesn't leak."""
    assert dict(redact(None, "info", {"event": "Refused Jean Dupont"})) == {"event": "unnamed"}


@given(
    st.dictionaries(
        st.sampled_from(sorted(LOGGABLE)) | st.text(max_size=8).filter(lambda key: key not in ADDED),
        st.text(max_size=600) | st.integers() | st.floats() | st.none() | st.binary(max_size=3),
        max_size=8,
    )
)
def test_every_line_is_small_one_line_json(fields: dict[str, Any]) -> None:
    """Whatever is logged, the line is valid JSON without line breaks and of bounded size."""
    kept = dict(redact(None, "info", {"event": "a.b", **fields}))
    line = json.dumps(kept, allow_nan=False)
    assert "\n" not in line
    assert set(kept) <= LOGGABLE | ADDED
    assert all(len(value) <= MAX_TEXT * 10 for value in kept.values() if isinstance(value, str))
