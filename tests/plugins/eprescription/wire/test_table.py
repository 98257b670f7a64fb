"""A service's published table is a data file; what it does not know is never taken for success."""

from __future__ import annotations

import pytest

from hub_eprescription.wire import table
from hub_eprescription.wire.table import Kind, Retry

ANSWERS = table.load("hub_eprescription.gematik")


@pytest.mark.parametrize("status", range(100, 700))
def test_every_status_has_a_meaning_in_words(status: int) -> None:
    """Whatever a service answers, people are told what it means, in both languages."""
    judged = ANSWERS.judge(status)
    assert judged.status == status
    assert judged.words.en.endswith(".")
    assert judged.words.fr.endswith(".")
    assert not (judged.good and judged.acted)
    assert (judged.retry is Retry.NEVER) is (judged.attempts == 0)
    assert judged.good is (judged.kind in {Kind.DONE, Kind.WARNED})
    assert not judged.good or 200 <= status < 300
