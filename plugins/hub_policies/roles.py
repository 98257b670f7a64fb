"""The kind `roles`: ordered rules by profession, specialty, kind of mailbox and kind of message.

The first rule that fits decides. Codes are those of the nomenclatures that the directory gives; who
has none there fits no condition on them.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from hub.domain.message import Kind
from hub.domain.outcome import Refused
from hub.errors import Words
from hub.plugin import Table
from hub.ports.directory import Entry, MailboxKind
from hub.ports.host import Host
from hub.ports.policy import Case
from hub_policies import settings as common
from hub_policies.refusals import refused

_CODE: Final = re.compile(r"[A-Z0-9]{1,8}")
_STANDARD: Final = Words(
    en="the rules of this hub do not let you send such a message to such a recipient",
    fr="les règles de ce hub ne vous permettent pas d'envoyer ce type de message à ce destinataire",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """What a sender or a recipient must be. Each set that is not empty must have one that fits."""

    professions: frozenset[str] = frozenset()
    specialties: frozenset[str] = frozenset()
    mailboxes: frozenset[MailboxKind] = frozenset()

    def fits(self, entry: Entry) -> bool:
        """Whether somebody is that."""
        if self.mailboxes and entry.mailbox not in self.mailboxes:
            return False
        if self.professions and (entry.profession is None or entry.profession.code not in self.professions):
            return False
        return not self.specialties or any(one.code in self.specialties for one in entry.specialties)


ANYBODY: Final = Side()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule; with nothing said it fits everything. `reason` is what the sender is told."""

    allow: bool
    messages: frozenset[Kind] = frozenset()
    sender: Side = ANYBODY
    recipient: Side = ANYBODY
    reason: Words = _STANDARD

    def fits(self, case: Case) -> bool:
        """Whether it is for this message, sender and recipient."""
        return (
            (not self.messages or case.message.kind in self.messages)
            and self.sender.fits(case.sender_entry)
            and self.recipient.fits(case.recipient_entry)
        )

    @property
    def fits_all(self) -> bool:
        """Whether no rule after it can ever count."""
        return not self.messages and self.sender == ANYBODY and self.recipient == ANYBODY


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The `rules` in their order, and the one for what none of them fits."""

    rules: tuple[Rule, ...]
    default: Rule


def parse(table: Table) -> Settings:
    """Read the table. Raises ConfigError, which names file, line and key."""
    default = table.choice("default", common.ANSWERS)
    rules: list[Rule] = []
    for one in table.listed("rules"):
        if rules and rules[-1].fits_all:
            raise one.wrong(
                "then",
                "never counts: the rule before fits everything",
                "ne sert jamais : la règle qui précède convient à tout",
            )
        rules.append(_rule(one))
    if not rules:
        raise table.wrong("rules", "are missing: one at least", "sont absentes : il en faut une au moins")
    table.finish()
    return Settings(rules=tuple(rules), default=Rule(allow=default == "allow"))


class Roles:
    """`Policy` of ordered rules."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def judge(self, case: Case) -> Refused | None:
        """Answer as the first rule that fits says."""
        settings = self._settings
        rule = next((one for one in settings.rules if one.fits(case)), settings.default)
        return None if rule.allow else refused("roles", case, rule.reason.en, rule.reason.fr)


@asynccontextmanager
async def open_policy(settings: Settings, host: Host) -> AsyncIterator[Roles]:
    """Yield the rules; there is nothing to open."""
    del host
    yield Roles(settings)


def _rule(table: Table) -> Rule:
    rule = Rule(
        allow=table.choice("then", common.ANSWERS) == "allow",
        messages=common.choices(table, "messages", Kind),
        sender=_side(table.table("sender")),
        recipient=_side(table.table("recipient")),
        reason=_reason(table),
    )
    table.finish()
    return rule


def _side(table: Table) -> Side:
    side = Side(
        professions=_codes(table, "professions"),
        specialties=_codes(table, "specialties"),
        mailboxes=common.choices(table, "mailboxes", MailboxKind),
    )
    table.finish()
    return side


def _codes(table: Table, key: str) -> frozenset[str]:
    given = key in table.names()
    codes = table.texts(key, [])
    if (given and not codes) or not all(_CODE.fullmatch(one) for one in codes):
        raise table.wrong(
            key,
            "is not a list of codes, such as 10 or SM04",
            "n'est pas une liste de codes, tels que 10 ou SM04",
        )
    return frozenset(codes)


def _reason(table: Table) -> Words:
    given = "reason" in table.names()
    own = table.table("reason")
    if not given:
        return _STANDARD
    words = Words(en=own.text("en").removesuffix("."), fr=own.text("fr").removesuffix("."))
    own.finish()
    return words
