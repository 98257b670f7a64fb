"""Whoever hears of a message before its send has been answered knows whether to wait."""

from __future__ import annotations

import asyncio

import pytest

from hub_http import flights
from hub_http.flights import Flights


async def test_a_send_is_in_the_air_until_it_ends() -> None:
    """Several may be."""
    air = Flights()
    assert not air.in_the_air
    with air.sending():
        with air.sending():
            assert air.in_the_air
        assert air.in_the_air
    assert not air.in_the_air


async def test_news_wakes_everybody_who_waits() -> None:
    """What is learnt, the end of a send, and that a lost call was found."""
    air = Flights()
    air.lost("call")
    for tell in (air.learnt, lambda: air.landed("call")):
        waiting = [asyncio.create_task(news.wait()) for news in (air.news, air.news)]
        await asyncio.sleep(0)
        assert not any(one.done() for one in waiting)
        tell()
        await asyncio.gather(*waiting)
    before = air.news
    with air.sending():
        assert not before.is_set()
    assert before.is_set()


async def test_news_between_two_looks_is_not_missed() -> None:
    """The event is taken before one looks; it is set whenever something comes after."""
    air = Flights()
    news = air.news
    air.learnt()
    await news.wait()
    assert not air.news.is_set()


async def test_a_lost_answer_keeps_a_call_in_the_air(monkeypatch: pytest.MonkeyPatch) -> None:
    """Until it is known what became of it, or nobody believes any more that it will be."""
    air = Flights()
    air.lost("a")
    air.lost("b")
    air.landed("a")
    air.landed("never")
    assert air.in_the_air
    air.landed("b")
    assert not air.in_the_air
    air.lost("c")
    monkeypatch.setattr(flights, "LOST_FOR", 0.0)
    assert not air.in_the_air


async def test_only_so_many_lost_calls_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """An operator that loses everything costs no more memory than that."""
    monkeypatch.setattr(flights, "_MOST_LOST", 2)
    air = Flights()
    for call in ("a", "b", "c"):
        air.lost(call)
    air.landed("b")
    air.landed("c")
    assert not air.in_the_air
