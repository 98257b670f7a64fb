"""What every ledger keeps, as tests that a ledger's own test file subclasses and passes.

    class TestMyLedger(LedgerContract):
        @pytest.fixture
        def ledgers(self) -> Ledgers:
            return my_store.ledger

Not checked here: durability, what rests in clear, and when lines are forgotten. A store's own tests do.
"""

# ruff: noqa: S101 -- a contract suite is made of assertions
from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any, Final

import pytest

from hub.errors import LimitError
from hub.ports.ledger import MAX_KEY, MAX_VALUE, Ledger, Line
from hub.testing.fakes import NOON

__all__ = ["LedgerContract", "Ledgers", "line"]

Ledgers = Callable[[str], Ledger]
"""Opens the ledger of a part; the same part has the same lines."""
MINUTE: Final = timedelta(minutes=1)
STRANGE: Final = (
    "",
    " ",
    "\0",
    "a\0b",
    "%",
    "é",
    "e\N{COMBINING ACUTE ACCENT}",
    "😀",
    "\ud800",
    "\ud83d\ude00",
)
"""What an operator may give as an id: each is another one, and comes back as it was."""


def line(key: str = "d:1", value: str = "{}", **fields: Any) -> Line:
    """Make a line that lasts a day."""
    given: dict[str, Any] = {"key": key, "value": value, "until": NOON + timedelta(days=1)}
    return Line(**given | fields)


class LedgerContract:
    """Subclass it, with a fixture `ledgers`."""

    pytestmark = pytest.mark.asyncio

    @pytest.fixture
    def ledger(self, ledgers: Ledgers) -> Ledger:
        """Open one part's."""
        return ledgers("operators.mesh")

    async def test_a_line_comes_back_whole(self, ledger: Ledger) -> None:
        """By its key and by its alias, to the microsecond; what was never put is not there."""
        due_at = NOON + timedelta(microseconds=1)
        one = line(alias="REMOTE-1", due_at=due_at, value='{"call": "é 😀"}')
        await ledger.put(one)
        assert one == await ledger.get("d:1")
        assert one == await ledger.named("REMOTE-1")
        assert await ledger.get("REMOTE-1") is None
        assert await ledger.named("d:1") is None
        assert await ledger.get("") is None
        assert await ledger.named("") is None

    async def test_what_is_not_said_is_not_there(self, ledger: Ledger) -> None:
        """An empty alias is an alias, none is none; an empty value is one."""
        bare, empty = line("bare", ""), line("empty", "", alias="")
        await ledger.put(bare, empty)
        assert bare == await ledger.get("bare")
        assert empty == await ledger.get("empty")
        assert empty == await ledger.named("")

    async def test_moments_of_other_zones_are_the_same_moments(self, ledger: Ledger) -> None:
        """Paris time is as good as UTC."""
        paris = timezone(timedelta(hours=1))
        await ledger.put(line(due_at=datetime(2026, 3, 3, 13, 0, tzinfo=paris)))
        assert await ledger.next_due() == NOON
        assert [one.key for one in await ledger.due(NOON)] == ["d:1"]

    async def test_the_newer_takes_the_place_of_the_older(self, ledger: Ledger) -> None:
        """Whole: an alias or a time that is not said again is gone; in one call the last counts."""
        await ledger.put(line(alias="a", due_at=NOON))
        await ledger.put(line(value="first"), line(value="second"))
        assert line(value="second") == await ledger.get("d:1")
        assert await ledger.named("a") is None
        assert await ledger.next_due() is None
        assert list(await ledger.due(NOON)) == []

    async def test_an_alias_means_who_got_it_last(self, ledger: Ledger) -> None:
        """Nobody has it once that one is gone; the older line keeps saying what it was put with."""
        old, new = line("old", alias="a"), line("new", alias="a")
        await ledger.put(old)
        await ledger.put(new)
        assert new == await ledger.named("a")
        assert old == await ledger.get("old")
        await ledger.strike("new")
        assert await ledger.named("a") is None
        await ledger.put(new, old)
        assert old == await ledger.named("a")

    async def test_an_alias_goes_with_its_line(self, ledger: Ledger) -> None:
        """Who gets another alias is not found by the one before."""
        await ledger.put(line("old", alias="a"), line("new", alias="a"), line("new", alias="b"))
        assert await ledger.named("a") is None
        assert line("new", alias="b") == await ledger.named("b")
        await ledger.put(line("new", alias="a"), line("old", alias="b"))
        assert line("new", alias="a") == await ledger.named("a")
        assert line("old", alias="b") == await ledger.named("b")

    async def test_what_is_struck_is_gone(self, ledger: Ledger) -> None:
        """With its alias and its time; what is not there is not missed."""
        kept = line("kept", alias="k", due_at=NOON + MINUTE)
        await ledger.put(line("one", alias="a", due_at=NOON), line("two"), kept)
        await ledger.strike("one", "two", "never")
        await ledger.strike()
        for key in ("one", "two"):
            assert await ledger.get(key) is None
        assert await ledger.named("a") is None
        assert await ledger.next_due() == NOON + MINUTE
        assert kept == await ledger.named("k")
        await ledger.put(line("one"))
        assert line("one") == await ledger.get("one")

    async def test_what_is_due_comes_in_its_order(self, ledger: Ledger) -> None:
        """The longest due first, no more than asked for; what is not due yet, or never, stays away."""
        lines = [line(f"d:{minute}", due_at=NOON + minute * MINUTE) for minute in (3, 1, 2, 0)]
        await ledger.put(*lines, line("never"))
        now = NOON + 2 * MINUTE
        assert [one.key for one in await ledger.due(now)] == ["d:0", "d:1", "d:2"]
        assert [one.key for one in await ledger.due(now, 2)] == ["d:0", "d:1"]
        assert list(await ledger.due(now, 0)) == []
        assert list(await ledger.due(NOON - timedelta(microseconds=1))) == []
        assert await ledger.next_due() == NOON
        await ledger.put(line("d:0", due_at=NOON + 9 * MINUTE))
        assert await ledger.next_due() == NOON + MINUTE
        assert [one.key for one in await ledger.due(NOON + 9 * MINUTE, 9)] == ["d:1", "d:2", "d:3", "d:0"]

    async def test_parts_do_not_see_each_others_lines(self, ledgers: Ledgers) -> None:
        """The same key and the same alias are two lines in two ledgers; a part finds its own again."""
        mesh, fhir = ledgers("operators.mesh"), ledgers("operators.fhir")
        await mesh.put(line(value="mesh", alias="a", due_at=NOON))
        assert await fhir.get("d:1") is None
        assert await fhir.named("a") is None
        assert await fhir.next_due() is None
        assert list(await fhir.due(NOON)) == []
        await fhir.put(line(value="fhir", alias="a", due_at=NOON + MINUTE))
        await fhir.strike("d:2")
        assert line(value="mesh", alias="a", due_at=NOON) == await ledgers("operators.mesh").named("a")
        await mesh.strike("d:1")
        assert line(value="fhir", alias="a", due_at=NOON + MINUTE) == await ledgers("operators.fhir").get(
            "d:1"
        )
        # Names that run together are not the same part.
        await ledgers("operators.me").put(line("shd:1"))
        assert await mesh.get("d:1") is None

    @pytest.mark.parametrize(
        ("name", "limit", "words"),
        [
            ("key", MAX_KEY, "The key of a ledger's line has 1001 bytes; 1000 is the most."),
            ("alias", MAX_KEY, "The alias of a ledger's line has 1001 bytes; 1000 is the most."),
            (
                "value",
                MAX_VALUE,
                f"The value of a ledger's line has {MAX_VALUE + 1} bytes; {MAX_VALUE} is the most.",
            ),
        ],
    )
    async def test_limits_hold_to_the_byte(self, ledger: Ledger, name: str, limit: int, words: str) -> None:
        """What is too long is refused with words that say so, and nothing of its call is taken."""
        full = line(**{name: "é" * (limit // 2)})
        await ledger.put(full)
        assert full == await ledger.get(full.key)
        long = line(**{name: "é" * (limit // 2) + "a"})
        with pytest.raises(LimitError) as refused:
            await ledger.put(line("other"), long)
        assert refused.value.code == "ledger.too_large"
        assert refused.value.words.en == words
        assert refused.value.words.fr
        assert await ledger.get("other") is None
        assert full == await ledger.get(full.key)

    async def test_nothing_is_found_by_what_is_too_long(self, ledger: Ledger) -> None:
        """Whoever gives a huge id hears that it is not known."""
        await ledger.put(line())
        huge = "x" * 100_000
        assert await ledger.get(huge) is None
        assert await ledger.named(huge) is None
        await ledger.strike(huge)

    async def test_strange_keys_are_keys(self, ledger: Ledger) -> None:
        """No two of them are taken for each other, and each comes back as it was given."""
        lines = [line(f"d:{one}", one, alias=one) for one in STRANGE]
        await ledger.put(*lines)
        for one, text in zip(lines, STRANGE, strict=True):
            assert one == await ledger.get(f"d:{text}")
            assert one == await ledger.named(text)

    async def test_many_may_write_at_once(self, ledger: Ledger) -> None:
        """Each finds what it wrote, and its alias; a write that nobody awaits any more harms none."""

        async def write(number: int) -> None:
            """Write a line, look for it, and strike every other."""
            one = line(f"d:{number}", str(number), alias=f"r:{number}", due_at=NOON + number * MINUTE)
            await ledger.put(one)
            assert one == await ledger.named(f"r:{number}")
            if number % 2:
                await ledger.strike(one.key)
                assert await ledger.get(one.key) is None

        gone = asyncio.ensure_future(ledger.put(line("gone")))
        writing = asyncio.gather(*(write(number) for number in range(100)))
        await asyncio.sleep(0)
        gone.cancel()
        await writing
        assert [one.value for one in await ledger.due(NOON + 1000 * MINUTE)] == [
            str(number) for number in range(0, 100, 2)
        ]

    async def test_nothing_is_nothing(self, ledger: Ledger) -> None:
        """Putting no line does nothing."""
        await ledger.put()
        assert await ledger.next_due() is None
