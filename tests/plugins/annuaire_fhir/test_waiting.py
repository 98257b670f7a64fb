"""How long the server is left alone."""

from __future__ import annotations

from datetime import timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.testing.fakes import FixedChance, FixedClock
from hub_annuaire.fhir import synchronising, waiting
from hub_annuaire.fhir.settings import Settings, read_url


@given(
    rate=st.integers(1, 50),
    pauses=st.lists(st.floats(0, 3), min_size=1, max_size=80),
)
async def test_no_second_has_more_than_its_share(rate: int, pauses: list[float]) -> None:
    """However questions come, in no second go more than twice `rate`, and never faster for long."""
    clock = FixedClock()
    waited = 0.0

    async def sleep(seconds: float) -> None:
        nonlocal waited
        waited += seconds
        clock.advance(timedelta(seconds=seconds))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(waiting, "sleep", sleep)
        turns = waiting.Turns(rate, clock)
        went = []
        for pause in pauses:
            clock.advance(timedelta(seconds=pause))
            await turns.take()
            went.append(clock.monotonic())
    for start, at in enumerate(went):
        for end in range(start, len(went)):
            # what a full bucket of one second and its filling allow
            assert end - start + 1 <= rate + (went[end] - at) * rate + 1 + 1e-3


@given(st.integers(0, 10**9 - 1))
def test_retry_after_in_seconds(seconds: int) -> None:
    """RFC 9110, 10.2.3."""
    assert waiting.retry_after(str(seconds), FixedClock()) == seconds


@given(st.integers(-1000, 1000))
def test_retry_after_as_a_date(seconds: int) -> None:
    """A date that is over means now."""
    clock = FixedClock()
    at = format_datetime(clock.now() + timedelta(seconds=seconds), usegmt=True)
    assert waiting.retry_after(at, clock) == max(0, seconds)


@given(st.text())
def test_any_other_retry_after_says_nothing(text: str) -> None:
    """A server's slip is no reason to wait for ever."""
    after = waiting.retry_after(text, FixedClock())
    assert after is None or after >= 0


@given(st.integers(0, 1000), st.integers(0, 100))
def test_the_next_attempt_is_never_far(failed: int, seed: int) -> None:
    """After failures sooner than usual, and otherwise within a tenth of `refresh`."""
    settings = Settings(url=read_url("https://gateway.example/fhir"))
    delay = synchronising.next_delay(settings, failed, FixedChance(seed).fraction())
    assert timedelta(0) < delay <= settings.refresh * 1.1
    if failed == 1:
        assert delay <= timedelta(minutes=3)


@given(st.integers(0, 10), st.integers(0, 100))
def test_backoff_is_bounded(attempt: int, seed: int) -> None:
    """At most half a minute, and random, so that many hubs don't come back at once."""
    assert 0 <= waiting.backoff(attempt, FixedChance(seed)) <= waiting.LONGEST
