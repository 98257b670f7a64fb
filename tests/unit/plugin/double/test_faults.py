"""Faults on demand: written by a person, committed as often as asked for."""

from __future__ import annotations

import pytest

from hub.errors import InputError, Words
from hub.plugin.double import faults
from hub.plugin.double.faults import EVERYWHERE, Plan


class Fault(faults.Fault):
    """A double's own."""

    __slots__ = ()
    kinds = frozenset({"lost", "wrong-type"})

    @classmethod
    def wrong(cls, text: str, kinds: str) -> InputError:
        """Make its error."""
        return InputError("test.fault", Words(en=f"{text}: {kinds}", fr=f"{text} : {kinds}"))


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("send=lost", Fault(route="send", kind="lost")),
        ("*=wrong-type:3", Fault(route="*", kind="wrong-type", times=3)),
        ("send=status:500", Fault(route="send", kind="status", status=500)),
        ("send=done:252:2", Fault(route="send", kind="done", status=252, times=2)),
    ],
)
def test_a_fault_is_read_as_it_is_written(text: str, read: Fault) -> None:
    """Route, kind, how often."""
    assert Fault.parse(text) == read


@pytest.mark.parametrize(
    "text",
    [
        "",
        "lost",
        "send=",
        "=lost",
        "send=slow",
        "send=lost:0",
        "send=lost:1000001",
        "send=status",
        "a=status:999",
    ],
)
def test_what_is_no_fault_is_told_with_the_kinds_there_are(text: str) -> None:
    """By the double's own error."""
    with pytest.raises(InputError, match="done:NNN, lost, status:NNN, wrong-type") as caught:
        Fault.parse(text)
    assert caught.value.code == "test.fault"


def test_each_is_committed_as_often_as_asked_for() -> None:
    """Those of a route before those of all, in their order; then no more."""
    plan = Plan[Fault]()
    for text in ("send=lost:2", "send=wrong-type", f"{EVERYWHERE}=status:503"):
        plan.add(Fault.parse(text))
    kinds = [found.kind for _ in range(4) if (found := plan.next("send")) is not None]
    assert kinds == ["lost", "lost", "wrong-type", "status"]
    assert plan.next("send") is None
    plan.add(Fault.parse("*=lost:9"))
    assert plan.next("send", everywhere=False) is None
    plan.clear()
    assert plan.next("send") is None
