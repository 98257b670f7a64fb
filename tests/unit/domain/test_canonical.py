"""RFC 8785 for the types that an envelope uses."""

from __future__ import annotations

import pytest

from hub.domain import canonical
from hub.errors import MalformedError


def test_the_sorting_example_of_rfc_8785() -> None:
    """RFC 8785, 3.2.3: keys are sorted by UTF-16 code units, not by code points."""
    value = {
        "\u20ac": "Euro Sign",
        "\r": "Carriage Return",
        "1": "One",
        "\u0080": "Control\u007f",
        "\U0001f600": "Smiley",
        "\u00f6": "Latin Small Letter O With Diaeresis",
        "\ufb31\u0041"[1:] + "\ufb2b": "",
    }
    keys = list(canonical.decode(canonical.encode({k: v for k, v in value.items() if v}), 10_000))
    assert keys == ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600"]


def test_utf_16_order_differs_from_code_point_order() -> None:
    """A supplementary character sorts before U+E000 and beyond, by its surrogates."""
    assert canonical.encode({"\ue000": 1, "\U0001f600": 2}) == '{"\U0001f600":2,"\ue000":1}'.encode()


def test_escapes_are_the_shortest() -> None:
    """RFC 8785, 3.2.2.2."""
    text = '\u20ac$\u000f\nA\'B"\\\\"/'
    assert canonical.encode([text]) == '["\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"]'.encode()


@pytest.mark.parametrize("value", [1.5, 2**53, None, {1: 2}, "\ud800", "e\u0301", b"", float("nan")])
def test_what_has_no_canonical_form_is_refused(value: object) -> None:
    """Nothing is rounded, dropped or normalised in silence."""
    with pytest.raises(MalformedError):
        canonical.encode([value])
