"""Every kind keeps the promises of every policy."""

from __future__ import annotations

from typing import Any

import pytest

import hub_policies
from hub.domain.message import Kind
from hub.plugin import Registry
from hub.plugin.days import Days
from hub.plugin.watched import Watched
from hub.testing.policy_contract import PolicyContract, PolicyRig, case
from hub_policies import care_team, opposition
from hub_policies.refusals import not_read
from tests.plugins.policies.board import CLAIRE, CORSE, MACHINE, MARTIN, NURSE, SORBIER, WARD, Board, patient


class TestCareTeam(PolicyContract):
    @pytest.fixture
    async def rig(self, board: Board) -> PolicyRig:
        """Return one team of two, and the same rule with nothing read yet."""
        board.write(f"patient,member\n{CLAIRE},{MARTIN.address}\n{CLAIRE},finess:750712184\n")
        settings = care_team.parse(board.table(files=["list.csv"]))
        unread: Watched[Any] = Watched(_missing, part="policies.rule", host=board.host, unavailable=not_read)
        return PolicyRig(
            policy=await board.open("care-team", files=["list.csv"]),
            allowed=(
                case(MARTIN, WARD, patient=CLAIRE),
                case(WARD, MARTIN, patient=CLAIRE),
                case(SORBIER, patient(), patient=CLAIRE),
                case(SORBIER, NURSE),
            ),
            refused=(
                case(MARTIN, SORBIER, patient=CLAIRE),
                case(SORBIER, MARTIN, patient=CLAIRE),
                case(MARTIN, WARD, patient=CORSE),
                case(MARTIN, patient(CORSE), patient=CLAIRE),
            ),
            unavailable=care_team.CareTeam(settings, unread, Days(board.clock, settings.source.zone)),
        )


class TestOpposition(PolicyContract):
    @pytest.fixture
    async def rig(self, board: Board) -> PolicyRig:
        """Return one who objects to all, one who objects to somebody, and nothing read yet."""
        board.write(f"patient,to\n{CLAIRE},\n{CORSE},{SORBIER.address}\n")
        settings = opposition.parse(board.table(files=["list.csv"]))
        unread: Watched[Any] = Watched(_missing, part="policies.rule", host=board.host, unavailable=not_read)
        return PolicyRig(
            policy=await board.open("opposition", files=["list.csv"]),
            allowed=(
                case(MARTIN, WARD),
                case(MARTIN, WARD, patient=CORSE),
                case(MARTIN, patient(), patient=CLAIRE),
            ),
            refused=(
                case(MARTIN, WARD, patient=CLAIRE),
                case(SORBIER, WARD, patient=CORSE),
                case(WARD, SORBIER, patient=CORSE),
                case(MARTIN, patient(CORSE), patient=CLAIRE),
            ),
            unavailable=opposition.Opposition(settings, unread, Days(board.clock, settings.source.zone)),
        )


class TestRoles(PolicyContract):
    @pytest.fixture
    async def rig(self, board: Board) -> PolicyRig:
        """Return: only physicians may send prescriptions."""
        return PolicyRig(
            policy=await board.open(
                "roles",
                default="allow",
                rules=[
                    {"then": "allow", "messages": ["prescription"], "sender": {"professions": ["10"]}},
                    {"then": "refuse", "messages": ["prescription"]},
                ],
            ),
            allowed=(
                case(MARTIN, NURSE, kind=Kind.PRESCRIPTION, patient=CLAIRE),
                case(NURSE, MARTIN, patient=CLAIRE),
            ),
            refused=(
                case(NURSE, MARTIN, kind=Kind.PRESCRIPTION, patient=CLAIRE),
                case(WARD, patient(), kind=Kind.PRESCRIPTION, patient=CLAIRE),
            ),
        )


class TestRecipients(PolicyContract):
    @pytest.fixture
    async def rig(self, board: Board) -> PolicyRig:
        """Return: two for everybody, three for machines, one for prescriptions."""
        return PolicyRig(
            policy=await board.open(
                "recipients", most=2, mailboxes={"application": 3}, messages={"prescription": 1}
            ),
            allowed=(
                case(MARTIN, NURSE, WARD),
                case(MACHINE, NURSE, WARD, MARTIN),
                case(MACHINE, NURSE, kind=Kind.PRESCRIPTION),
            ),
            refused=(
                case(MARTIN, NURSE, WARD, SORBIER),
                case(MACHINE, NURSE, WARD, MARTIN, SORBIER),
                case(MACHINE, patient(), NURSE, kind=Kind.PRESCRIPTION, patient=CLAIRE),
            ),
        )


def test_the_plugin_offers_the_kinds() -> None:
    """Under the names that the configuration uses."""
    registry = Registry("policies")
    hub_policies.hub_register_policies(registry)
    assert [(offer.type.value, offer.kind) for offer in registry.offers] == [
        ("policies", "care-team"),
        ("policies", "opposition"),
        ("policies", "roles"),
        ("policies", "recipients"),
    ]


def _missing(_seen: object) -> Any:
    raise OSError("never read")
