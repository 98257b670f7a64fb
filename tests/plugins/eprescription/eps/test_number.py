"""The short number: its check character finds what people and scanners get wrong."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from hub.errors import InputError
from hub_eprescription.eps import number

HEX = "0123456789ABCDEF"
SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@st.composite
def numbers(draw: st.DrawFn) -> str:
    """Make good numbers."""
    first = draw(st.text(HEX, min_size=6, max_size=6))
    place = draw(st.text(SIGNS, min_size=6, max_size=6))
    last = draw(st.text(HEX, min_size=5, max_size=5))
    stem = f"{first}-{place}-{last}"
    return stem + number.check_character(stem)


@settings(deadline=None)
@given(numbers())
def test_a_good_number_is_read(made: str) -> None:
    """As it is written."""
    assert number.read(made) == made


@settings(deadline=None)
@given(numbers(), st.integers(0, 19), st.sampled_from(SIGNS + "+"))
def test_one_wrong_sign_is_found(made: str, at: int, sign: str) -> None:
    """Whichever it is (ISO 7064)."""
    assume(made[at] not in {sign, "-"})
    with pytest.raises(InputError) as caught:
        number.read(made[:at] + sign + made[at + 1 :])
    assert caught.value.code == "prescription.number"
    assert caught.value.words.fr


@settings(deadline=None)
@given(numbers(), st.integers(0, 18))
def test_two_signs_that_changed_places_are_found(made: str, at: int) -> None:
    """The usual mistyping."""
    assume(made[at] != made[at + 1])
    with pytest.raises(InputError):
        number.read(made[:at] + made[at + 1] + made[at] + made[at + 2 :])


@pytest.mark.parametrize(
    "text", ["", "24f5da-a83008-7efe6z", "24F5DAA830087EFE6Z", "24F5DA-A83008-7EFE6Z\n", "٢" * 20]
)
def test_other_forms_are_refused(text: str) -> None:
    """One spelling only."""
    with pytest.raises(InputError):
        number.read(text)
