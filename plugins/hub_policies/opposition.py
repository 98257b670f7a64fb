"""The kind `opposition`: a patient objects to exchange about them, at all or with somebody.

Ground: art. L.1110-4 of the French public health code: the patient may object at any time. What passes
between the patient and who cares for them is no exchange among others.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from hub.domain import target
from hub.domain.message import Kind
from hub.domain.outcome import Refused
from hub.plugin import Table, sheet
from hub.plugin.days import Days
from hub.plugin.edition import Edition
from hub.plugin.row import Column, Form
from hub.plugin.watched import Seen, Watched
from hub.ports.host import Host
from hub.ports.policy import Case
from hub_policies import settings as common
from hub_policies import who
from hub_policies.refusals import no_patient, not_read, refused
from hub_policies.settings import Source

FORM: Final = Form(
    table="opposition",
    columns=(
        Column(key="patient", names=("ins", "matricule INS"), required=True),
        Column(key="to", names=("intervenant", "professionnel", "à", "envers")),
        Column(key="since", names=("from", "depuis", "du")),
        Column(key="until", names=("jusqu'au", "au")),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where the objections are, and the `messages` that they are against.

    One without patient passes when `without_patient`.
    """

    source: Source
    messages: frozenset[Kind]
    without_patient: bool


@dataclass(frozen=True, slots=True)
class Objection:
    """One line. `to` is one of somebody's `names`, None for everybody."""

    to: str | None
    since: date | None
    until: date | None

    def holds(self, day: date) -> bool:
        """Whether it holds on a day."""
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Objections:
    """One version of the list, named by `version`; patients are kept as keyed hashes."""

    version: str
    secret: bytes = field(repr=False)
    by_patient: dict[bytes, tuple[Objection, ...]] = field(repr=False)

    def of(self, patients: Iterable[str]) -> list[Objection]:
        """Return what patients object to, whatever the day."""
        return [
            one for patient in patients for one in self.by_patient.get(who.digest(self.secret, patient), ())
        ]


def parse(table: Table) -> Settings:
    """Read the table. Raises ConfigError, which names file, line and key."""
    settings = Settings(
        source=common.source(table),
        messages=common.messages(table, common.ABOUT_PATIENTS),
        without_patient=table.choice("without_patient", common.ANSWERS, "allow") == "allow",
    )
    table.finish()
    return settings


def read(source: Source, seen: Seen) -> Objections:
    """Read every file. Raises MalformedError and LimitError."""
    secret = secrets.token_bytes(32)
    found: dict[bytes, tuple[Objection, ...]] = {}
    same: dict[Objection, Objection] = {}
    edition = Edition()
    for path in source.paths(seen):
        for row in sheet.read(path, FORM, source.encoding):
            patient = who.digest(secret, row.parsed("patient", target.ins).value)
            to = row.parsed("to", who.read) if row.has("to") else None
            one = Objection(to, *row.period("since", "until"))
            found[patient] = (*found.get(patient, ()), same.setdefault(one, one))
        edition.add(path)
    return Objections(version=edition.name, secret=secret, by_patient=found)


class Opposition:
    """`Policy` over the objections of `Settings.source`."""

    def __init__(self, settings: Settings, watched: Watched[Objections], days: Days) -> None:
        self._settings = settings
        self._watched = watched
        self._days = days

    async def judge(self, case: Case) -> Refused | None:
        """Refuse what the patient objects to: an exchange with the sender or with the recipient.

        Raises PeerError.
        """
        if case.message.kind not in self._settings.messages:
            return None
        known = await self._watched.current()
        patients = who.others(case, who.patients(case.message))
        if patients is None:
            return None
        if not patients and not self._settings.without_patient:
            return no_patient(case)
        objections = known.of(patients)
        if not objections:
            return None
        day = self._days.today()
        names = {*who.names(case.sender_entry), *who.names(case.recipient_entry)}
        if any(one.holds(day) and (one.to is None or one.to in names) for one in objections):
            return refused(
                "opposition",
                case,
                "the patient of this message objects to this exchange (art. L.1110-4 CSP)",
                "le patient concerné s'oppose à cet échange (art. L.1110-4 CSP)",
                source=f"opposition {known.version}",
            )
        return None


@asynccontextmanager
async def open_policy(settings: Settings, host: Host) -> AsyncIterator[Opposition]:
    """Read the files and watch them. Raises ConfigError when they can't be read."""
    watched: Watched[Objections] = Watched(
        lambda seen: read(settings.source, seen),
        part=f"policies.{host.name}",
        host=host,
        unavailable=not_read,
    )
    await watched.load()
    if watched.error is not None:
        raise sheet.misconfigured(watched.error)
    try:
        yield Opposition(settings, watched, Days(host.clock, settings.source.zone))
    finally:
        await watched.close()
