"""How many recipients one message may have."""

from __future__ import annotations

from typing import Any

import pytest

from hub.domain.message import Kind
from hub.errors import ConfigError
from hub.testing.fakes import entry
from hub.testing.policy_contract import case
from tests.plugins.policies.board import MACHINE, MARTIN, Board

MANY = [entry(f"r{number}@x.example") for number in range(10)]


@pytest.mark.parametrize(
    ("sender", "kind", "most"),
    [
        (MARTIN, Kind.MESSAGE, 3),
        (MACHINE, Kind.MESSAGE, 8),
        (MARTIN, Kind.REPORT, 3),
        (MACHINE, Kind.REPORT, 5),
        (MACHINE, Kind.PRESCRIPTION, 1),
    ],
)
async def test_the_senders_mailbox_and_the_messages_kind_count(
    sender: Any, kind: Kind, most: int, board: Board
) -> None:
    """A mailbox's own number stands instead of the general one; a message's kind only lowers it."""
    policy = await board.open(
        "recipients", most=3, mailboxes={"application": 8}, messages={"report": 5, "prescription": 1}
    )
    for count in range(1, 10):
        answer = await policy.judge(case(sender, *MANY[:count], kind=kind))
        assert (answer is None) == (count <= most)


@pytest.mark.parametrize(("most", "plural"), [(1, ""), (2, "s")])
async def test_the_sender_is_told_both_numbers(most: int, plural: str, board: Board) -> None:
    """So they know by how many."""
    policy = await board.open("recipients", most=most)
    answer = await policy.judge(case(MARTIN, *MANY))
    assert answer is not None
    assert answer.reason.en == (
        f"r0@x.example: such a message may have {most} recipient{plural} at most, and this one has 10; "
        "write to fewer at a time."
    )


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "most is missing: it takes a whole number from 1"),
        ({"most": 0}, "most is not a whole number from 1"),
        ({"most": 1, "messages": {"letter": 1}}, "messages.letter is none of message, report,"),
        ({"most": 1, "mailboxes": {"practice": 0}}, "mailboxes.practice is not a whole number from 1"),
        ({"most": 1, "colour": 1}, "colour is not known here; known are mailboxes, messages, most."),
    ],
)
async def test_a_wrong_table_is_named(values: dict[str, Any], words: str, board: Board) -> None:
    """File and key, and what would be right."""
    with pytest.raises(ConfigError) as caught:
        await board.open("recipients", **values)
    assert caught.value.words.en.startswith(f"{board.folder / 'hub.toml'}: policies.rule.{words}")
