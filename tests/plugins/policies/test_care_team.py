"""Who cares for a patient together, on which days, and what the sender is told otherwise."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.message import Kind
from hub.domain.outcome import Refused
from hub.domain.party import INS_NIA, INS_NIR, INS_TEST, Identifier
from hub.errors import ConfigError
from hub.plugin.watched import Seen
from hub.ports.policy import Policy
from hub.testing.policy_contract import case
from hub_policies import teams
from hub_policies.settings import Source
from hub_policies.teams import Teams
from tests.plugins.policies.board import (
    CLAIRE,
    CORSE,
    MARTIN,
    NURSE,
    RPPS_MARTIN,
    SORBIER,
    WARD,
    Board,
    patient,
)

TEAM = f"""\
Matricule INS;Intervenant;Équipe;Depuis;Jusqu'au
{CLAIRE};{RPPS_MARTIN};ville;;
{CLAIRE};finess:750712184;hôpital;2026-08-20;2026-08-27
{CLAIRE};dr.sorbier@hautmont.example;hôpital;2026-08-20;
{CLAIRE};{NURSE.address};ville;01/09/2026;
"""


async def _code(policy: Policy, *of: Any, **more: Any) -> str | None:
    answer = await policy.judge(case(*of, **{"patient": CLAIRE, **more}))
    return answer.code if isinstance(answer, Refused) else None


async def test_a_team_has_days_and_a_name(board: Board) -> None:
    """Who is in another team of the same patient, or not yet, or no longer, is not in this one."""
    board.write(TEAM)
    policy = await board.open("care-team", files=["list.csv"])
    assert await _code(policy, WARD, SORBIER) is None
    assert await _code(policy, MARTIN, SORBIER) == "policy.care-team"
    assert await _code(policy, MARTIN, NURSE) == "policy.care-team"
    board.wait(timedelta(days=2))
    assert await _code(policy, WARD, SORBIER) == "policy.care-team"
    board.wait(timedelta(days=4))
    assert await _code(policy, MARTIN, NURSE) is None


@pytest.mark.parametrize(
    ("keys", "without", "unknown"),
    [
        ({}, None, "policy.no-team"),
        ({"without_patient": "refuse"}, "policy.no-patient", "policy.no-team"),
        ({"unknown_patient": "allow"}, None, None),
    ],
)
async def test_what_the_teams_say_nothing_of_is_configured(
    keys: dict[str, str], without: str | None, unknown: str | None, board: Board
) -> None:
    """A message about nobody, and one about a patient for whom there is no line."""
    board.write(TEAM)
    policy = await board.open("care-team", files=["list.csv"], **keys)
    assert await _code(policy, MARTIN, NURSE, patient=()) == without
    assert await _code(policy, MARTIN, NURSE, patient=CORSE) == unknown
    assert await _code(policy, MARTIN, NURSE) == "policy.care-team"


async def test_only_some_kinds_of_messages_are_meant(board: Board) -> None:
    """Acknowledgements and notices pass; `messages` says otherwise."""
    board.write(TEAM)
    policy = await board.open("care-team", files=["list.csv"])
    assert await _code(policy, MARTIN, NURSE, kind=Kind.ACKNOWLEDGEMENT) is None
    policy = await board.open("care-team", files=["list.csv"], messages=["prescription"])
    assert await _code(policy, MARTIN, NURSE, kind=Kind.REPORT) is None
    assert await _code(policy, MARTIN, NURSE, kind=Kind.PRESCRIPTION) == "policy.care-team"


@pytest.mark.parametrize(
    "number", [CLAIRE, CLAIRE[:13], "2 55 08 14 168 025 38", "2.55.08.14.168.025-38", f"{CLAIRE[:13]}99"]
)
@pytest.mark.parametrize("system", [INS_NIA, INS_TEST, INS_NIR.upper()])
async def test_any_spelling_of_the_number_is_the_patient(number: str, system: str, board: Board) -> None:
    """With or without key and separators, the key mistyped, whatever the OID and its capitals."""
    board.write(TEAM)
    policy = await board.open("care-team", files=["list.csv"])
    identifiers = (Identifier("urn:oid:2.999", "42"), Identifier(system, number))
    assert await _code(policy, WARD, SORBIER, patient=identifiers) is None
    assert await _code(policy, WARD, MARTIN, patient=identifiers) == "policy.care-team"


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ([(CLAIRE, RPPS_MARTIN), (CLAIRE, NURSE.address)], "policy.no-team"),
        ([(CLAIRE, RPPS_MARTIN), (CORSE, NURSE.address)], "policy.care-team"),
        ([(who, member) for who in (CLAIRE, CORSE) for member in (RPPS_MARTIN, NURSE.address)], None),
    ],
)
async def test_of_several_patients_the_team_of_each_is_asked(
    members: list[tuple[str, Any]], code: str | None, board: Board
) -> None:
    """One mail with two reports: that both care for one patient says nothing of the other."""
    board.write("\n".join(["patient;member", *(f"{who};{member}" for who, member in members)]))
    policy = await board.open("care-team", files=["list.csv"])
    both = (Identifier(INS_NIR, CLAIRE), Identifier(INS_NIR, CORSE))
    assert await _code(policy, MARTIN, NURSE, patient=both) == code


async def test_a_patient_is_sent_nothing_about_another_beside_their_own(board: Board) -> None:
    """Their own report does not carry somebody else's along."""
    board.write(TEAM)
    policy = await board.open("care-team", files=["list.csv"])
    both = (Identifier(INS_NIR, CORSE), Identifier(INS_NIR, CLAIRE))
    assert await _code(policy, MARTIN, patient(CORSE), patient=both) == "policy.care-team"


async def test_the_patient_and_who_cares_for_them_may_write(board: Board) -> None:
    """Both ways; not to another patient, whose mailbox is not shown either."""
    board.write(TEAM)
    policy = await board.open("care-team", files=["list.csv"], without_patient="refuse")
    assert await _code(policy, MARTIN, patient(CLAIRE)) is None
    assert await _code(policy, patient(CLAIRE), MARTIN, patient=()) is None
    answer = await policy.judge(case(MARTIN, patient(CORSE), patient=CLAIRE))
    assert answer is not None
    assert answer.reason.en.startswith("1…@patient.mssante.example: you and this recipient are not in")


async def test_the_edition_that_decided_is_named(board: Board) -> None:
    """The evidence of a refusal says which content of the files it was."""
    board.write(TEAM)
    policy = await board.open("care-team", files=["list.csv"])
    told = []
    for text in (TEAM, TEAM + "\n", TEAM):
        board.write(text)
        answer = await policy.judge(case(MARTIN, NURSE, patient=CLAIRE))
        assert answer is not None
        assert answer.source is not None
        told.append(answer.source)
    assert all(re.fullmatch(r"care-team \d{4}-\d\d-\d\dT\d\d:\d\d [0-9a-f]{8}", one) for one in told)
    assert told[0][-8:] == told[2][-8:] != told[1][-8:]


async def test_a_changed_file_counts_and_a_broken_one_does_not(board: Board) -> None:
    """The old teams go on; the log names file and line, and no number."""
    board.write(TEAM)
    policy = await board.open("care-team", files=["list.csv"])
    board.write(TEAM + f"{CLAIRE};{SORBIER.address};ville;;\n")
    assert await _code(policy, MARTIN, SORBIER) is None
    board.write(TEAM.replace(CLAIRE, CLAIRE[:-1] + "9"))
    assert await _code(policy, MARTIN, SORBIER) is None
    assert board.log.lines[-1] == (
        "warning",
        "sheet.broken",
        {
            "part": "policies.rule",
            "code": "sheet.value",
            "reason": (
                "list.csv, line 2, “Matricule INS”: This INS matricule is mistyped: "
                "its key does not fit the number."
            ),
        },
    )


async def test_a_folder_of_files_is_read_whole(board: Board) -> None:
    """A ward's export of its own comes and goes; an empty folder is not 'no teams'."""
    folder = board.folder / "teams.d"
    folder.mkdir()
    first = f"patient,member\n{CLAIRE},{MARTIN.address}\n"
    (folder / "a.csv").write_text(first)
    (folder / "b.toml").write_text(f'[[member]]\npatient = "{CLAIRE}"\nmember = "{NURSE.address}"\n')
    (folder / ".c.csv").write_text("being written")
    (folder / "notes.txt").write_text("not a list")
    policy = await board.open("care-team", folder="teams.d")
    assert await _code(policy, MARTIN, NURSE) is None
    (folder / "b.toml").unlink()
    board.wait()
    assert await _code(policy, MARTIN, NURSE) == "policy.care-team"
    (folder / "d.csv").write_text(f"patient,member\n{CLAIRE},{NURSE.address}\n")
    board.wait()
    assert await _code(policy, MARTIN, NURSE) is None
    for path in folder.glob("?.csv"):
        path.unlink()
    board.wait()
    assert await _code(policy, MARTIN, NURSE) is None
    assert board.log.lines[-1][2]["code"] == "sheet.none"


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        (None, "sheet.unreadable", "list.csv: can't be read (there is no such file or folder)."),
        ("member\nx@y.example\n", "sheet.header", "list.csv, line 1: the column “patient” is missing."),
        (f"ins;member\n{CLAIRE};Dr Martin\n", "sheet.value", "list.csv, line 2, “member”: is none of an"),
        (
            f"ins;member\n{CLAIRE};10001234566\n",
            "sheet.value",
            "list.csv, line 2, “member”: This RPPS number",
        ),
        (f"ins;member\n{CLAIRE};\n", "sheet.value", "list.csv, line 2, “member”: is missing"),
        ("ins;member\n;x@y.example\n", "sheet.value", "list.csv, line 2, “ins”: is missing"),
    ],
)
async def test_files_that_cannot_be_read_at_the_start_are_an_error(
    text: str | None, code: str, words: str, board: Board
) -> None:
    """The rule is not opened, so nothing passes without it; the error names file, line and column."""
    if text is not None:
        board.write(text)
    with pytest.raises(ConfigError) as caught:
        await board.open("care-team", files=["list.csv"])
    assert caught.value.code == code
    assert caught.value.words.en.startswith(words)
    assert CLAIRE not in str(caught.value)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "files or “folder” must be there, one of them."),
        ({"files": ["a"], "folder": "b"}, "files or “folder” must be there, one of them."),
        ({"files": []}, "files names no file."),
        ({"files": ["a"], "unknown_patient": "maybe"}, "unknown_patient is not one of allow, refuse."),
        (
            {"files": ["a"], "messages": ["letter"]},
            "messages is not a list out of message, report, prescription, acknowledgement, notice.",
        ),
        ({"files": ["a"], "messages": []}, "messages is not a list out of message, report,"),
        ({"files": ["a"], "colour": 1}, "colour is not known here; known are encoding, files, folder,"),
    ],
)
async def test_a_wrong_table_is_named(values: dict[str, Any], words: str, board: Board) -> None:
    """File and key, and what would be right."""
    with pytest.raises(ConfigError) as caught:
        await board.open("care-team", **values)
    assert caught.value.words.en.startswith(f"{board.folder / 'hub.toml'}: policies.rule.{words}")


def test_nothing_in_memory_shows_a_patient(board: Board) -> None:
    """Numbers are held as keyed hashes, with a key that is new at each reading."""
    board.write(TEAM)
    one, other = (_teams(board.folder / "list.csv") for _ in range(2))
    assert CLAIRE not in repr(one.by_patient) + repr(one)
    assert one.by_patient.keys().isdisjoint(other.by_patient)


DAYS = st.dates(date(1990, 1, 1), date(2100, 1, 1))
LINES = st.lists(
    st.tuples(
        st.sampled_from([CLAIRE, CORSE]),
        st.sampled_from(["a@x.example", "b@x.example", "c@x.example"]),
        st.sampled_from(["", "ville", "hôpital"]),
        st.none() | DAYS,
        st.none() | DAYS,
    ).filter(lambda line: line[3] is None or line[4] is None or line[3] <= line[4]),
    max_size=12,
)


@given(lines=LINES, day=DAYS)
def test_two_share_a_team_exactly_when_both_are_in_it_that_day(
    lines: list[tuple[str, str, str, date | None, date | None]],
    day: date,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """The packed teams answer as the lines read."""
    path = tmp_path_factory.mktemp("teams") / "list.csv"
    text = "".join(f"{p};{m};{t};{s or ''};{u or ''}\n" for p, m, t, s, u in lines)
    path.write_text("patient;member;team;since;until\n" + text)
    known = _teams(path)
    holding = [(p, m, t) for p, m, t, s, u in lines if (s is None or s <= day) and (u is None or day <= u)]
    for number in (CLAIRE, CORSE):
        packed = known.of(number)
        assert (packed is None) == (number not in {line[0] for line in lines})
        for one, other in [("a@x.example", "b@x.example"), ("b@x.example", "c@x.example")]:
            expected = any((number, other, t) in holding for p, m, t in holding if (p, m) == (number, one))
            assert (packed is not None and known.share(packed, [one], [other], day)) == expected


def _source(path: Path) -> Source:
    return Source(files=(path,), folder=None, encoding="utf-8", zone=ZoneInfo("Europe/Paris"))


def _teams(path: Path) -> Teams:
    return teams.read(_source(path), Seen())
