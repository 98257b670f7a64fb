"""What every e-prescription service's table says, whatever its kind."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from hub.domain.address import Address
from hub.plugin import Table
from hub.ports.prescription import Signing

PRESCRIBERS: Final = ("10", "40", "50")
"""Physicians, dentists and midwives (TRE_G15)."""
_CODE: Final = re.compile(r"[A-Z0-9]{1,8}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Common:
    """`mailbox` is the service's own at this hub, `title` its name there, `answers_for` who is responsible.

    `professions` are those who may prescribe; `poll` is how often the service is asked what happened,
    None for never; `language` is that of mails to prescribers who named none.
    """

    mailbox: Address
    title: str
    answers_for: str
    professions: frozenset[str]
    signing: Signing
    poll: timedelta | None
    language: str


def parse_common(table: Table, signings: tuple[Signing, ...]) -> Common:
    """Read the keys that all kinds share. `signings` are those that the kind can do, the usual first."""
    professions = table.texts("professions", list(PRESCRIBERS))
    if not professions or not all(_CODE.fullmatch(one) for one in professions):
        raise table.wrong(
            "professions",
            "is not a list of codes of professions (TRE_G15), such as 10 or 40",
            "n'est pas une liste de codes de professions (TRE_G15), tels que 10 ou 40",
        )
    poll = table.duration("poll", "5m")
    return Common(
        mailbox=table.parsed("mailbox", Address.parse),
        title=table.text("title", "E-prescription"),
        answers_for=table.text("answers_for"),
        professions=frozenset(professions),
        signing=Signing(table.choice("signing", tuple(one.value for one in signings), signings[0].value)),
        poll=poll or None,
        language=table.choice("language", ("fr", "en"), "fr"),
    )
