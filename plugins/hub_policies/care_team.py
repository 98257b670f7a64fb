"""The kind `care-team`: who writes about a patient, and who is written to, care for that patient together.

Ground: art. L.1110-4 (exchange within the care team) and L.1110-12 (who belongs to one) of the French
public health code. What passes between the patient and who cares for them is no exchange among others.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from hub.domain.message import Kind
from hub.domain.outcome import Refused
from hub.plugin import Table, sheet
from hub.plugin.days import Days
from hub.plugin.watched import Watched
from hub.ports.host import Host
from hub.ports.policy import Case
from hub_policies import settings as common
from hub_policies import teams, who
from hub_policies.refusals import no_patient, not_read, refused
from hub_policies.settings import Source
from hub_policies.teams import Teams


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where the teams are, and what happens to messages that they say nothing of.

    The rule is for `messages`. One without patient passes when `without_patient`, one about a patient
    for whom there is no line at all when `unknown_patient`.
    """

    source: Source
    messages: frozenset[Kind]
    without_patient: bool
    unknown_patient: bool


def parse(table: Table) -> Settings:
    """Read the table. Raises ConfigError, which names file, line and key."""
    settings = Settings(
        source=common.source(table),
        messages=common.messages(table, common.ABOUT_PATIENTS),
        without_patient=table.choice("without_patient", common.ANSWERS, "allow") == "allow",
        unknown_patient=table.choice("unknown_patient", common.ANSWERS, "refuse") == "allow",
    )
    table.finish()
    return settings


class CareTeam:
    """`Policy` over the teams of `Settings.source`."""

    def __init__(self, settings: Settings, watched: Watched[Teams], days: Days) -> None:
        self._settings = settings
        self._watched = watched
        self._days = days

    async def judge(self, case: Case) -> Refused | None:
        """Refuse who does not share the patient's care team with the sender. Raises PeerError."""
        settings, message = self._settings, case.message
        if message.kind not in settings.messages:
            return None
        known = await self._watched.current()
        patients = who.others(case, who.patients(message))
        if patients is None:
            return None
        if not patients:
            return None if settings.without_patient else no_patient(case)
        source = f"care-team {known.version}"
        teams = [known.of(one) for one in patients]
        if None in teams and not settings.unknown_patient:
            return _no_team(case, source)
        day = self._days.today()
        sender, recipient = tuple(who.names(case.sender_entry)), tuple(who.names(case.recipient_entry))
        # of several patients each one's team must be theirs: what is said of one is said with the others
        if all(known.share(one, sender, recipient, day) for one in teams if one is not None):
            return None
        return _not_shared(case, source)


@asynccontextmanager
async def open_policy(settings: Settings, host: Host) -> AsyncIterator[CareTeam]:
    """Read the files and watch them. Raises ConfigError when they can't be read."""
    watched: Watched[Teams] = Watched(
        lambda seen: teams.read(settings.source, seen),
        part=f"policies.{host.name}",
        host=host,
        unavailable=not_read,
    )
    await watched.load()
    if watched.error is not None:
        raise sheet.misconfigured(watched.error)
    try:
        yield CareTeam(settings, watched, Days(host.clock, settings.source.zone))
    finally:
        await watched.close()


def _not_shared(case: Case, source: str) -> Refused:
    return refused(
        "care-team",
        case,
        "you and this recipient are not in the patient's care team together, "
        "and may not exchange about them without their consent (art. L.1110-4 CSP)",
        "vous et ce destinataire ne faites pas partie d'une même équipe de soins du patient, "
        "et ne pouvez échanger à son sujet sans son consentement (art. L.1110-4 CSP)",
        source=source,
    )


def _no_team(case: Case, source: str) -> Refused:
    return refused(
        "no-team",
        case,
        "the establishment knows no care team of this message's patient",
        "l'établissement ne connaît aucune équipe de soins du patient de ce message",
        source=source,
    )
