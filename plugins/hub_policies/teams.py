"""Who cares for whom, from files; a hundred thousand patients in some tens of megabytes.

Patients are kept as keyed hashes, their teams packed: 16 bytes for each member of each team.
"""

from __future__ import annotations

import secrets
import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Final

from hub.domain import target
from hub.plugin import sheet
from hub.plugin.edition import Edition
from hub.plugin.row import Column, Form
from hub.plugin.watched import Seen
from hub_policies import who
from hub_policies.settings import Source

FORM: Final = Form(
    table="member",
    columns=(
        Column(key="patient", names=("ins", "matricule INS"), required=True),
        Column(key="member", names=("intervenant", "membre", "professionnel"), required=True),
        Column(key="team", names=("équipe",)),
        Column(key="since", names=("from", "depuis", "du")),
        Column(key="until", names=("jusqu'au", "au")),
    ),
)

_MEMBER: Final = struct.Struct("<IIII")
"""Team, member, first and last day (proleptic Gregorian ordinals)."""
_NEVER: Final = 2**32 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Teams:
    """One version of the teams. `version` names it."""

    version: str
    secret: bytes = field(repr=False)
    members: dict[str, int] = field(repr=False)
    by_patient: dict[bytes, bytes] = field(repr=False)

    def of(self, patient: str) -> bytes | None:
        """Return everything that is known of a patient's teams, past ones too; None: no team was ever."""
        return self.by_patient.get(who.digest(self.secret, patient))

    def share(self, packed: bytes, one: Iterable[str], other: Iterable[str], day: date) -> bool:
        """Whether two, each by its `names`, are in one team of a patient's on a day."""
        ordinal = day.toordinal()
        first = {number for name in one if (number := self.members.get(name)) is not None}
        second = {number for name in other if (number := self.members.get(name)) is not None}
        if not first or not second:
            return False
        teams: set[int] = set()
        others: set[int] = set()
        for team, member, since, until in _MEMBER.iter_unpack(packed):
            if since <= ordinal <= until:
                if member in first:
                    teams.add(team)
                if member in second:
                    others.add(team)
        return not teams.isdisjoint(others)


def read(source: Source, seen: Seen) -> Teams:
    """Read every file. Raises MalformedError and LimitError."""
    secret = secrets.token_bytes(32)
    members: dict[str, int] = {}
    teams: dict[str, int] = {"": 0}
    by_patient: dict[bytes, bytes] = {}
    edition = Edition()
    patient_of = lru_cache(1024)(lambda text: who.digest(secret, target.ins(text).value))
    member_of = lru_cache(1 << 14)(who.read)
    for path in source.paths(seen):
        for row in sheet.read(path, FORM, source.encoding):
            since, until = row.period("since", "until")
            member = members.setdefault(row.parsed("member", member_of), len(members))
            packed = _MEMBER.pack(
                teams.setdefault(row.text("team", ""), len(teams)),
                member,
                since.toordinal() if since else 0,
                until.toordinal() if until else _NEVER,
            )
            patient = row.parsed("patient", patient_of)
            by_patient[patient] = by_patient.get(patient, b"") + packed
        edition.add(path)
    return Teams(version=edition.name, secret=secret, members=members, by_patient=by_patient)
