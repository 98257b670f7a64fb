"""Ids, moves between states, pauses between attempts."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.delivery import MOVES, State, may_move
from hub.domain.ids import check_uuid7, uuid7
from hub.domain.retry import RetryPolicy, next_attempt
from hub.errors import MalformedError

NOW = datetime(2026, 3, 3, tzinfo=UTC)


@given(st.integers(0, 2**48 - 1), st.binary(min_size=10, max_size=10))
def test_an_id_is_a_uuid_of_version_7_that_carries_its_time(ms: int, randomness: bytes) -> None:
    """RFC 9562, 5.7."""
    text = uuid7(ms, randomness)
    assert check_uuid7(text) == text
    assert uuid.UUID(text).variant == uuid.RFC_4122
    assert uuid.UUID(text).version == 7
    assert uuid.UUID(text).int >> 80 == ms


def test_an_id_of_another_version_is_refused() -> None:
    """The error shows what one looks like."""
    with pytest.raises(MalformedError, match="UUIDv7"):
        check_uuid7(str(uuid.uuid4()))


def test_every_state_can_end_and_ended_states_stay() -> None:
    """From every state a final one is reachable; nothing leaves a final one."""
    for state in State:
        reached, frontier = {state}, [state]
        while frontier:
            for after in MOVES[frontier.pop()] - reached:
                reached.add(after)
                frontier.append(after)
        assert any(one.final for one in reached)
        assert state.final == (reached == {state})
        assert not may_move(state, state)


@given(
    st.integers(1, 10_000),
    st.floats(0, 1, exclude_max=True),
    st.none() | st.timedeltas(timedelta(0), timedelta(days=9)),
)
def test_the_next_attempt_is_within_its_bounds(
    attempts: int, chance: float, retry_after: timedelta | None
) -> None:
    """Never before what the operator asked, never after the end, never beyond the cap."""
    policy = RetryPolicy()
    moment = next_attempt(
        policy,
        attempts=attempts,
        now=NOW,
        expires_at=NOW + timedelta(days=2),
        chance=chance,
        retry_after=retry_after,
    )
    if moment is None:
        assert retry_after is not None
        assert retry_after >= timedelta(days=2)
        return
    assert NOW <= moment < NOW + timedelta(days=2)
    assert moment <= NOW + max(policy.cap, retry_after or timedelta(0))
    assert moment >= NOW + (retry_after or timedelta(0))
