"""What `docs/how-to/set-rules-for-messages.md` shows can be used as it stands."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Final

from hub.domain.message import Kind
from hub.testing.policy_contract import case
from tests.plugins.policies.board import CLAIRE, MARTIN, NURSE, SORBIER, WARD, Board

PAGE: Final = Path(__file__).parents[3] / "docs" / "how-to" / "set-rules-for-messages.md"


async def test_the_rules_are_taken_and_do_what_is_said(board: Board) -> None:
    """Every table and every file of the page."""
    text = PAGE.read_text()
    tables = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    teams, objections = re.findall(r"```\n(patient;.*?)```", text, re.DOTALL)
    (board.folder / "rules").mkdir()
    (board.folder / "rules" / "teams.csv").write_text(teams.replace("2026-11-20", "2026-08-01"))
    (board.folder / "rules" / "oppositions.csv").write_text(objections.replace("2026-11-01", "2026-08-01"))
    policies = {}
    for one in tables:
        for name, values in tomllib.loads(one)["policies"].items():
            policies[name] = await board.open(values.pop("kind"), **values)
    assert set(policies) == {"team", "opposition", "prescriptions", "recipients"}
    about = case(MARTIN, WARD, patient=CLAIRE)
    assert await policies["team"].judge(about) is None
    assert await policies["team"].judge(case(MARTIN, SORBIER, patient=CLAIRE)) is not None
    assert await policies["opposition"].judge(about) is not None
    prescription = case(NURSE, MARTIN, kind=Kind.PRESCRIPTION)
    assert await policies["prescriptions"].judge(prescription) is not None
    assert await policies["recipients"].judge(prescription) is None
