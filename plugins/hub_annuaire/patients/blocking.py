"""Who is not to be written to: patients who closed their mailbox, or object to being written to.

Numbers rest in memory as keyed digests. A digest under a secret is no protection from who has the
secret: there are few enough numbers to try them all.
"""

from __future__ import annotations

import hmac
import re
import secrets
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from hub.domain import target
from hub.plugin import sheet
from hub.plugin.edition import Edition
from hub.plugin.row import Column, Form, Row, Spot
from hub.plugin.watched import Seen
from hub_annuaire.patients.settings import Settings

FORM: Final = Form(
    table="blocked",
    columns=(
        Column(key="patient", names=("ins", "matricule INS")),
        Column(key="digest", names=("empreinte", "condensat")),
        Column(key="since", names=("depuis", "du")),
        Column(key="until", names=("jusqu'au", "au")),
    ),
)

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_Days = tuple[date | None, date | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked:
    """One version of the list. `version` is empty, and `at` None, without one."""

    version: str
    at: datetime | None
    salt: bytes = field(repr=False)
    periods: dict[bytes, tuple[_Days, ...]] = field(repr=False)

    def on(self, ins: str, day: date) -> _Days | None:
        """Return the period for which a number is blocked on a day, None when it is not."""
        for since, until in self.periods.get(digest(self.salt, ins), ()):
            if (since is None or since <= day) and (until is None or day <= until):
                return since, until
        return None


def digest(salt: bytes, ins: str) -> bytes:
    """Return the HMAC-SHA-256 of a number of 15 signs (RFC 2104)."""
    return hmac.digest(salt, ins.encode(), "sha256")


def read(settings: Settings, seen: Seen) -> Blocked:
    """Read the list. Raises MalformedError and LimitError."""
    salt = settings.salt or secrets.token_bytes(32)
    found: dict[bytes, tuple[_Days, ...]] = {}
    spots: dict[tuple[bytes, _Days], Spot] = {}
    edition = Edition()
    for path in settings.blocked:
        seen.note(path)
        for row in sheet.read(path, FORM, settings.encoding):
            key, who = _who(row, settings, salt)
            days = row.period("since", "until")
            if (first := spots.get((who, days))) is not None:
                raise row.twice(key, first)
            found[who] = (*found.get(who, ()), days)
            spots[who, days] = row.spot
        edition.add(path)
    return Blocked(version=edition.name, at=edition.oldest, salt=salt, periods=found)


def _who(row: Row, settings: Settings, salt: bytes) -> tuple[str, bytes]:
    if row.has("digest"):
        if row.has("patient"):
            raise row.wrong("digest", "stands beside the number; one is enough", "double le matricule")
        if settings.salt is None:
            raise row.wrong(
                "digest",
                "can't be compared without the key “salt” of the configuration",
                "ne peut être comparé sans la clé « salt » de la configuration",
            )
        text = row.text("digest").lower()
        if not _DIGEST.fullmatch(text):
            raise row.wrong(
                "digest",
                "is not an HMAC-SHA-256 in 64 hexadecimal signs",
                "n'est pas un HMAC-SHA-256 en 64 signes hexadécimaux",
            )
        return "digest", bytes.fromhex(text)
    return "patient", digest(salt, row.parsed("patient", target.ins).value)
