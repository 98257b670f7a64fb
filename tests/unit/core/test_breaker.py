"""The circuit breaker: never more attempts than allowed, and always a way back."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from hub.core.breaker import Breaker

PAUSE = timedelta(seconds=10)


def fail(breaker: Breaker, now: float = 0.0) -> bool:
    """Let one attempt begin and fail."""
    return breaker.end(now, failed=True, trial=breaker.begin())


def test_it_opens_after_so_many_failures_in_a_row() -> None:
    """A success in between starts the count again."""
    breaker = Breaker(3, PAUSE)
    assert not fail(breaker)
    assert not fail(breaker)
    breaker.end(0.0, failed=False, trial=breaker.begin())
    assert [fail(breaker), fail(breaker), fail(breaker)] == [False, False, True]
    assert breaker.allowance(9.9, 5) == 0
    assert breaker.resume_at() == 10.0
    assert breaker.allowance(10.0, 5) == 1


def test_attempts_that_fail_together_are_one_outage() -> None:
    """Ten in flight when the operator goes down do not make the pause ten times doubled."""
    breaker = Breaker(3, PAUSE)
    trials = [breaker.begin() for _ in range(10)]
    told = [breaker.end(0.0, failed=True, trial=trial) for trial in trials]
    assert told.count(True) == 1
    assert breaker.resume_at() == 10.0
    fail(breaker, 10.0)
    assert breaker.resume_at() == 30.0


def test_each_failed_try_doubles_the_pause_up_to_a_cap() -> None:
    """10 s, 20 s … 320 s, and then always 320 s."""
    breaker, now, pauses = Breaker(1, PAUSE), 0.0, []
    fail(breaker, now)
    for _ in range(8):
        resume = breaker.resume_at()
        assert resume is not None
        pauses.append(resume - now)
        now = resume
        assert not fail(breaker, now)
    assert pauses == [10, 20, 40, 80, 160, 320, 320, 320]


def test_one_success_closes_it() -> None:
    """And the next outage begins with the short pause again."""
    breaker = Breaker(1, PAUSE)
    fail(breaker)
    fail(breaker, 10.0)
    assert breaker.end(30.0, failed=False, trial=breaker.begin())
    assert breaker.allowance(30.0, 7) == 7
    fail(breaker, 30.0)
    assert breaker.resume_at() == 40.0


def test_a_try_that_asked_nothing_leaves_the_next_one_free() -> None:
    """The trial's recipient was struck off: the operator was not spoken to."""
    breaker = Breaker(1, PAUSE)
    fail(breaker)
    trial = breaker.begin()
    assert breaker.allowance(10.0, 5) == 0
    breaker.skip(trial=trial)
    assert breaker.allowance(10.0, 5) == 1


@given(
    st.lists(st.tuples(st.sampled_from(["begin", "fail", "succeed", "skip"]), st.floats(0, 30)), max_size=60)
)
def test_never_more_run_than_it_allowed(steps: list[tuple[str, float]]) -> None:
    """While it is open there is one try at most beside what ran before; time always frees the next."""
    breaker, now = Breaker(2, PAUSE), 0.0
    running: list[bool] = []
    for what, passed in steps:
        now += passed
        if what == "begin":
            if breaker.allowance(now, 4 - len(running)):
                running.append(breaker.begin())
        elif running:
            trial = running.pop(0)
            if what == "skip":
                breaker.skip(trial=trial)
            else:
                breaker.end(now, failed=what == "fail", trial=trial)
        assert running.count(True) <= 1
        assert len(running) <= 4
    for trial in running:
        breaker.skip(trial=trial)
    assert breaker.allowance(now + 320, 4) >= 1
