"""Who is let in when many want to be."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as some

from hub.plugin.crowd import Crowd


@given(
    most=some.integers(1, 6),
    per_host=some.integers(1, 6),
    moves=some.lists(some.tuples(some.sampled_from("abc"), some.booleans()), max_size=60),
)
def test_no_limit_is_ever_passed(most: int, per_host: int, moves: list[tuple[str, bool]]) -> None:
    """Whoever fits enters, whoever does not stays out, and who leaves makes room."""
    crowd, inside = Crowd(most, per_host), Counter[str]()
    for host, comes in moves:
        if comes:
            fits = inside.total() < most and inside[host] < per_host
            assert crowd.enters(host) is fits
            inside[host] += fits
        elif inside[host]:
            crowd.leaves(host)
            inside[host] -= 1
