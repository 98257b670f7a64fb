"""What a patient objects to, with whom, on which days."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.message import Kind
from hub.domain.party import INS_NIR, Identifier
from hub.errors import ConfigError
from hub.plugin.watched import Seen
from hub.ports.policy import Policy
from hub.testing.policy_contract import case
from hub_policies import opposition
from hub_policies.settings import Source
from tests.plugins.policies.board import (
    CLAIRE,
    CORSE,
    MARTIN,
    RPPS_MARTIN,
    SORBIER,
    WARD,
    Board,
    patient,
)


async def _refused(policy: Policy, *of: Any, **more: Any) -> bool:
    answer = await policy.judge(case(*of, **{"patient": CLAIRE, **more}))
    assert answer is None or answer.code == "policy.opposition"
    return answer is not None


async def test_an_objection_to_all_stops_everything_about_the_patient(board: Board) -> None:
    """Nobody exchanges about them but with them; others' messages and bare ones pass."""
    board.write(f"INS\n{CLAIRE}\n")
    policy = await board.open("opposition", files=["list.csv"])
    assert await _refused(policy, MARTIN, WARD)
    assert not await _refused(policy, MARTIN, WARD, patient=CORSE)
    assert not await _refused(policy, MARTIN, WARD, patient=())
    assert not await _refused(policy, MARTIN, WARD, kind=Kind.ACKNOWLEDGEMENT)
    assert not await _refused(policy, MARTIN, patient())
    assert not await _refused(policy, patient(), MARTIN)
    assert await _refused(policy, MARTIN, patient(CORSE))


@pytest.mark.parametrize(
    "to",
    [
        RPPS_MARTIN,
        f"rpps:{RPPS_MARTIN}",
        f"urn:oid:1.2.250.1.71.4.2.1 8{RPPS_MARTIN}",
        "Dr.Martin@valbrume.example",
    ],
)
async def test_an_objection_to_somebody_is_to_them_alone(to: str, board: Board) -> None:
    """Whether they write or are written to, and by whatever they are named."""
    board.write(f"patient;intervenant\n{CLAIRE};{to}\n")
    policy = await board.open("opposition", files=["list.csv"])
    assert await _refused(policy, MARTIN, WARD)
    assert await _refused(policy, WARD, MARTIN)
    assert not await _refused(policy, WARD, SORBIER)


async def test_a_patient_s_own_report_carries_no_other_s_along(board: Board) -> None:
    """Who objects is asked about whoever else the message is about too."""
    board.write(f"INS\n{CLAIRE}\n")
    policy = await board.open("opposition", files=["list.csv"])
    both = (Identifier(INS_NIR, CORSE), Identifier(INS_NIR, CLAIRE))
    assert await _refused(policy, MARTIN, patient(CORSE), patient=both)
    assert await _refused(policy, MARTIN, WARD, patient=(Identifier("URN:OID:1.2.250.1.213.1.4.8", CLAIRE),))


async def test_a_message_must_say_whom_it_is_about_where_that_is_asked(board: Board) -> None:
    """Otherwise nobody could tell that a patient objects; patients themselves need not."""
    board.write("patient\n")
    policy = await board.open("opposition", files=["list.csv"], without_patient="refuse")
    answer = await policy.judge(case(MARTIN, WARD))
    assert answer is not None
    assert answer.code == "policy.no-patient"
    assert await policy.judge(case(MARTIN, WARD, patient=CLAIRE)) is None
    assert await policy.judge(case(patient(), MARTIN)) is None


@pytest.mark.parametrize("to", ["750712184", "finess:750712184"])
async def test_an_objection_to_a_structure_is_to_its_mailboxes(to: str, board: Board) -> None:
    """By its FINESS number."""
    board.write(f"patient;to\n{CLAIRE};{to}\n")
    policy = await board.open("opposition", files=["list.csv"])
    assert await _refused(policy, MARTIN, WARD)
    assert not await _refused(policy, MARTIN, SORBIER)


async def test_an_objection_is_written_and_withdrawn(board: Board) -> None:
    """Either counts within a second; a broken file withdraws nothing."""
    board.write("patient\n")
    policy = await board.open("opposition", files=["list.csv"])
    assert not await _refused(policy, MARTIN, WARD)
    board.write(f"patient\n{CLAIRE}\n")
    assert await _refused(policy, MARTIN, WARD)
    board.write("patient\nnobody\n")
    assert await _refused(policy, MARTIN, WARD)
    (board.folder / "list.csv").unlink()
    board.wait()
    assert await _refused(policy, MARTIN, WARD)
    board.write("patient\n")
    assert not await _refused(policy, MARTIN, WARD)


async def test_an_objection_has_days(board: Board) -> None:
    """From the first to the last, both counted."""
    board.write(f"patient;depuis;jusqu'au\n{CLAIRE};2026-08-27;2026-08-28\n")
    policy = await board.open("opposition", files=["list.csv"])
    told = []
    for _ in range(4):
        told.append(await _refused(policy, MARTIN, WARD))
        board.wait(timedelta(days=1))
    assert told == [False, True, True, False]


async def test_a_file_that_cannot_be_read_at_the_start_is_an_error(board: Board) -> None:
    """The rule is not opened, so nothing passes without it."""
    with pytest.raises(ConfigError, match=r"list\.csv: can't be read"):
        await board.open("opposition", files=["list.csv"])


DAYS = st.dates(date(1990, 1, 1), date(2100, 1, 1))


@given(
    lines=st.lists(
        st.tuples(
            st.sampled_from([None, "a@x.example", "b@x.example"]), st.none() | DAYS, st.none() | DAYS
        ).filter(lambda line: line[1] is None or line[2] is None or line[1] <= line[2]),
        max_size=8,
    ),
    day=DAYS,
)
def test_an_objection_holds_exactly_on_its_days(
    lines: list[tuple[str | None, date | None, date | None]],
    day: date,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """What is held in memory answers as the lines read."""
    path = tmp_path_factory.mktemp("list") / "list.csv"
    path.write_text(
        "patient;to;since;until\n" + "".join(f"{CLAIRE};{t or ''};{s or ''};{u or ''}\n" for t, s, u in lines)
    )
    source = Source(files=(path,), folder=None, encoding="utf-8", zone=ZoneInfo("Europe/Paris"))
    known = opposition.read(source, Seen())
    assert known.of([CORSE]) == []
    assert [one.to for one in known.of([CLAIRE]) if one.holds(day)] == [
        t for t, s, u in lines if (s is None or s <= day) and (u is None or day <= u)
    ]
    assert CLAIRE not in repr(known) + repr(known.by_patient)
