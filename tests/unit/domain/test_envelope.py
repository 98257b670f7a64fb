"""The canonical envelope: one spelling, read back strictly."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain import canonical, envelope
from hub.errors import HubError, LimitError, MalformedError
from tests.unit.domain.strategies import envelopes

SAMPLE = {
    "v": 1,
    "id": "0190163d-8694-739b-aea5-966c26f8ad91",
    "kind": "report",
    "created_at": "2026-03-03T14:00:00.000Z",
    "expires_at": "2026-03-05T14:00:00.000Z",
    "sender": {"kind": "organisation", "name": "CHU", "address": "chir@chu.example"},
    "recipients": [{"kind": "person", "name": "Dr", "address": "dr@ville.example", "role": "to"}],
    "subject": "",
    "documents": [
        {
            "id": "1",
            "name": "a.pdf",
            "media_type": "application/pdf",
            "size": 3,
            "sha256": "0" * 64,
            "role": "body",
        }
    ],
    "origin": {
        "connector": "smtp",
        "native_id": "<1@chu.example>",
        "authenticated_as": "operator:chu",
        "signature": {"result": "none"},
    },
}


def changed(path: str, value: Any) -> bytes:
    """Give the sample's bytes with one field replaced, or removed where value is `...`."""
    sample = json.loads(json.dumps(SAMPLE))
    *parents, last = path.split(".")
    node = sample
    for name in parents:
        node = node[int(name)] if name.isdigit() else node[name]
    if value is ...:
        del node[last]
    else:
        node[last] = value
    return canonical.encode(sample)


@given(envelopes())
def test_reading_gives_back_what_was_written(one: envelope.Envelope) -> None:
    """Round trip, and the same bytes again."""
    data = envelope.to_bytes(one)
    assert envelope.from_bytes(data) == one
    assert envelope.to_bytes(envelope.from_bytes(data)) == data


@given(envelopes(), st.data())
def test_a_changed_byte_is_refused_or_another_envelope(one: envelope.Envelope, data: st.DataObject) -> None:
    """No byte is slack: any change is refused or means something else."""
    original = envelope.to_bytes(one)
    place = data.draw(st.integers(0, len(original) - 1))
    altered = bytearray(original)
    altered[place] ^= data.draw(st.integers(1, 255))
    with contextlib.suppress(HubError):
        assert envelope.from_bytes(bytes(altered)) != one


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("v", 2, "v is not 1"),
        ("v", True, "v is not a whole number"),
        ("colour", "red", "colour is not a field"),
        ("sender.role", "to", "sender.role is not a field"),
        ("recipients.0.role", ..., "recipients[0].role is missing"),
        ("recipients.0.role", "bcc", "recipients[0].role is none of to, cc"),
        ("recipients", [], "recipients is not a list"),
        ("recipients", SAMPLE["recipients"] * 2, "recipients holds the same one twice"),  # type: ignore[operator]
        ("language", "", "language is not a text"),
        ("patient", [], "patient is not a list"),
        ("created_at", "2026-03-03T14:00:00Z", "created_at is not of its form"),
        ("created_at", "2026-13-03T14:00:00.000Z", "created_at is not a moment"),
        ("expires_at", "2026-03-03T14:00:00.000Z", "expires_at is not after"),
        ("documents.0.sha256", "A" * 64, "documents[0].sha256 is not of its form"),
        ("documents.0.media_type", "pdf", "documents[0].media_type is not of its form"),
        ("sender.address", "chir@CHU.example", "sender.address is not in its normal form"),
        ("sender.address", "chir", "An address is written"),
        ("id", "0190163D-8694-739b-aea5-966c26f8ad91", "An id is a UUIDv7"),
        ("origin", [], "origin is not an object"),
    ],
)
def test_the_refusal_names_the_field(path: str, value: Any, words: str) -> None:
    """Bad envelopes get an error that says where and what."""
    with pytest.raises(MalformedError) as caught:
        envelope.from_bytes(changed(path, value))
    assert words in caught.value.words.en


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b'{"v": 1}',
        b'{"v":1,"v":1}',
        b'{"v":1.0}',
        b'{"v":NaN}',
        b'{"a":"\\ud800"}',
        '{"a":"e\u0301"}'.encode(),
        b'{"a":"\\u0061"}',
        b"[" * 100_000,
        b"\xff",
    ],
)
def test_what_is_not_canonical_json_is_refused(data: bytes) -> None:
    """Whitespace, duplicates, fractions, escapes, depth: one clear error each."""
    with pytest.raises(MalformedError):
        envelope.from_bytes(data)


def test_an_envelope_has_a_limit() -> None:
    """Size comes first."""
    with pytest.raises(LimitError, match="larger than"):
        envelope.from_bytes(b" " * (envelope.MAX_BYTES + 1))
