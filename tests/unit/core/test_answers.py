"""Whatever the other side says is made fit to keep."""

from __future__ import annotations

import unicodedata
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.core.answers import LONGEST_PAUSE, MAX_CODE, MAX_DETAIL, outcome_of
from hub.domain.outcome import Deferred, Delivered, Refused, Uncertain
from hub.errors import Words

anything = st.text(max_size=20) | st.builds(lambda text: text * MAX_DETAIL, st.text(min_size=1, max_size=3))
said = st.one_of(
    st.builds(Delivered, receipt=anything),
    st.builds(
        Deferred, code=anything, reason=st.builds(Words, anything, anything), retry_after=st.timedeltas()
    ),
    st.builds(Refused, code=anything, reason=st.builds(Words, anything, anything)),
    st.builds(Uncertain, code=anything, reason=st.builds(Words, anything, anything)),
)


def texts(outcome: Any) -> list[str]:
    """Return every text in an outcome."""
    if isinstance(outcome, Delivered):
        return [outcome.receipt]
    return [outcome.code, outcome.reason.en, outcome.reason.fr]


@given(said)
def test_any_answer_can_be_kept(answer: Any) -> None:
    """It encodes, is bounded and in normal form, and its pause is one that can be waited."""
    kept = outcome_of(answer)
    assert type(kept) is type(answer)
    for text in texts(kept):
        text.encode()
        assert len(text) <= MAX_DETAIL
        assert unicodedata.is_normalized("NFC", text)
        assert "\x00" not in text
    if isinstance(kept, Deferred):
        assert len(kept.code) <= MAX_CODE
        assert kept.code
        assert kept.retry_after is not None
        assert timedelta(0) <= kept.retry_after <= LONGEST_PAUSE
    assert outcome_of(kept) == kept


def test_an_honest_answer_stays_as_it_is() -> None:
    """What is plain and short is kept verbatim, lines and accents included."""
    honest = Deferred(
        code="smtp.452",
        reason=Words(en="452 4.2.2 mailbox full\ntry later", fr="boîte pleine"),
        retry_after=timedelta(minutes=5),
        operator_failed=True,
    )
    assert outcome_of(honest) == honest


@pytest.mark.parametrize("nonsense", [None, "250 ok", 250, {}, Delivered, Words(en="a", fr="b"), object()])
def test_nonsense_is_no_outcome(nonsense: Any) -> None:
    """Anything but an outcome counts as silence."""
    assert outcome_of(nonsense) is None


def test_odd_fields_do_not_break_it() -> None:
    """A plugin that puts anything anywhere is borne."""
    odd: Any = Deferred(code=None, reason="busy", retry_after=60)  # type: ignore[arg-type]
    assert outcome_of(odd) == Deferred(code="None", reason=Words(en="busy", fr="busy"), retry_after=None)
