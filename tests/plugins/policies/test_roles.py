"""Ordered rules: the first that fits decides."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.message import Kind
from hub.errors import ConfigError
from hub.ports.directory import Coded, Entry, MailboxKind
from hub.ports.policy import Case
from hub.testing.fakes import entry
from hub.testing.policy_contract import case
from hub_policies.roles import ANYBODY, Roles, Rule, Settings, Side
from tests.plugins.policies.board import MACHINE, MARTIN, NURSE, SORBIER, WARD, Board, patient


async def test_only_physicians_may_prescribe(board: Board) -> None:
    """The sender is told the establishment's own reason, in their language."""
    policy = await board.open(
        "roles",
        default="allow",
        rules=[
            {"then": "allow", "messages": ["prescription"], "sender": {"professions": ["10", "40"]}},
            {
                "then": "refuse",
                "messages": ["prescription"],
                "reason": {"en": "only physicians prescribe.", "fr": "seuls les médecins prescrivent."},
            },
        ],
    )
    assert await policy.judge(case(MARTIN, NURSE, kind=Kind.PRESCRIPTION)) is None
    answer = await policy.judge(case(NURSE, MARTIN, kind=Kind.PRESCRIPTION))
    assert answer is not None
    assert answer.code == "policy.roles"
    assert answer.reason.en == "dr.martin@valbrume.example: only physicians prescribe."
    assert answer.reason.fr == "dr.martin@valbrume.example : seuls les médecins prescrivent."
    assert await policy.judge(case(WARD, MARTIN, kind=Kind.PRESCRIPTION)) is not None
    assert await policy.judge(case(NURSE, MARTIN)) is None


async def test_either_side_counts(board: Board) -> None:
    """Cardiology writes to machines, nobody else; patients are written to by nobody."""
    policy = await board.open(
        "roles",
        default="allow",
        rules=[
            {
                "then": "allow",
                "sender": {"specialties": ["SM54", "SM05"]},
                "recipient": {"mailboxes": ["application"]},
            },
            {"then": "refuse", "recipient": {"mailboxes": ["application", "patient"]}},
        ],
    )
    assert await policy.judge(case(MARTIN, MACHINE)) is None
    assert await policy.judge(case(SORBIER, MACHINE)) is not None
    assert await policy.judge(case(MARTIN, patient())) is not None
    assert await policy.judge(case(SORBIER, WARD)) is None


@pytest.mark.parametrize(("default", "refused"), [("allow", False), ("refuse", True)])
async def test_what_no_rule_fits_is_answered_by_default(default: str, refused: bool, board: Board) -> None:  # noqa: FBT001
    """The configuration must say which."""
    policy = await board.open("roles", default=default, rules=[{"then": "allow", "messages": ["report"]}])
    assert (await policy.judge(case(MARTIN, NURSE)) is not None) == refused


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"rules": [{"then": "allow"}]}, "default is missing: it takes one of allow, refuse."),
        ({"default": "allow"}, "rules are missing: one at least."),
        ({"default": "allow", "rules": [{}]}, "rules.1.then is missing: it takes one of allow, refuse."),
        (
            {"default": "allow", "rules": [{"then": "refuse"}, {"then": "allow"}]},
            "rules.2.then never counts: the rule before fits everything.",
        ),
        (
            {"default": "allow", "rules": [{"then": "refuse", "sender": {"professions": ["Médecin"]}}]},
            "rules.1.sender.professions is not a list of codes, such as 10 or SM04.",
        ),
        (
            {"default": "allow", "rules": [{"then": "refuse", "sender": {"specialties": []}}]},
            "rules.1.sender.specialties is not a list of codes, such as 10 or SM04.",
        ),
        (
            {"default": "allow", "rules": [{"then": "refuse", "recipient": {"mailboxes": ["PER"]}}]},
            "rules.1.recipient.mailboxes is not a list out of personal, practice, organisational,",
        ),
        (
            {"default": "allow", "rules": [{"then": "refuse", "reason": {"en": "no"}}]},
            "rules.1.reason.fr is missing: it takes a text.",
        ),
        (
            {"default": "allow", "rules": [{"then": "refuse", "kinds": ["report"]}]},
            "rules.1.kinds is not known here; known are messages, reason, recipient, sender, then.",
        ),
    ],
)
async def test_a_wrong_table_is_named(values: dict[str, Any], words: str, board: Board) -> None:
    """File and key, and what would be right; a rule that can never count is no rule."""
    with pytest.raises(ConfigError) as caught:
        await board.open("roles", **values)
    assert caught.value.words.en.startswith(f"{board.folder / 'hub.toml'}: policies.rule.{words}")


def _set(values: Any) -> Any:
    return st.frozensets(st.sampled_from(values), max_size=2)


SIDES = st.builds(
    Side,
    professions=_set(["10", "60"]),
    specialties=_set(["SM04", "SM54"]),
    mailboxes=_set(list(MailboxKind)),
)
RULES = st.builds(
    Rule,
    allow=st.booleans(),
    messages=_set(list(Kind)),
    sender=st.just(ANYBODY) | SIDES,
    recipient=st.just(ANYBODY) | SIDES,
)
PEOPLE = st.builds(
    lambda profession, specialties, mailbox: entry(
        "a@x.example",
        mailbox=mailbox,
        profession=Coded(profession, "") if profession else None,
        specialties=tuple(Coded(one, "") for one in sorted(specialties)),
    ),
    st.sampled_from(["", "10", "60"]),
    _set(["SM04", "SM54"]),
    st.sampled_from(MailboxKind),
)
CASES = st.builds(lambda one, other, kind: case(one, other, kind=kind), PEOPLE, PEOPLE, st.sampled_from(Kind))


@given(rules=st.lists(RULES, max_size=6).map(tuple), default=st.booleans(), of=CASES)
async def test_the_first_rule_that_fits_decides(rules: tuple[Rule, ...], default: bool, of: Case) -> None:  # noqa: FBT001
    """Whatever stands after it, and whatever before it does not fit."""
    otherwise = Rule(allow=default)
    answer = await Roles(Settings(rules=rules, default=otherwise)).judge(of)
    fitting = [one for one in rules if _fits(one, of)]
    assert (answer is None) == (fitting[0] if fitting else otherwise).allow
    # 1. Rules that don't fit may be left out; those after the first that fits, too.
    shorter = Settings(rules=tuple(fitting[:1]), default=otherwise)
    assert await Roles(shorter).judge(of) == answer
    # 2. A catch-all at the end is a default.
    ending = Settings(rules=(*rules, otherwise), default=Rule(allow=not default))
    assert await Roles(ending).judge(of) == answer


def _fits(rule: Rule, of: Case) -> bool:
    """Say it in other words than the rule does."""
    conditions = [
        not rule.messages or of.message.kind in rule.messages,
        *_side(rule.sender, of.sender_entry),
        *_side(rule.recipient, of.recipient_entry),
    ]
    return all(conditions)


def _side(side: Side, one: Entry) -> list[bool]:
    profession = {one.profession.code} if one.profession else set()
    return [
        not wanted or bool(wanted & had)
        for wanted, had in (
            (side.professions, profession),
            (side.specialties, {coded.code for coded in one.specialties}),
            (side.mailboxes, {one.mailbox}),
        )
    ]
