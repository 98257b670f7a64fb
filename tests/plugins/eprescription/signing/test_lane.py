"""The thread of a PKCS#11 module: calls come in turn, and one that never ends stops nobody else."""

from __future__ import annotations

import threading

import pytest

from hub_eprescription.signing.lane import Lane, lane


async def test_results_and_errors_come_back() -> None:
    """What a call returns or raises is what its caller gets."""
    one = Lane("essai")
    assert await one.do(lambda: 7, 30) == 7
    with pytest.raises(ZeroDivisionError):
        await one.do(lambda: 1 // 0, 30)
    assert await one.do(threading.get_ident, 30) == await one.do(threading.get_ident, 30)


async def test_a_call_that_never_ends_is_given_up() -> None:
    """A card that does not answer costs its caller the time that was given, and no more."""
    one, end, made = Lane("essai"), threading.Event(), []
    with pytest.raises(TimeoutError):
        await one.do(end.wait, 0.01)
    with pytest.raises(TimeoutError):
        await one.do(lambda: made.append("late"), 0.01)
    end.set()
    assert await one.do(lambda: tuple(made), 30) == ()


def test_a_module_has_one_thread() -> None:
    """Two signers with the same module share its thread."""
    assert lane("/essai/un.so") is lane("/essai/un.so")
    assert lane("/essai/un.so") is not lane("/essai/deux.so")
