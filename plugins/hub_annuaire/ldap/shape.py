"""Which attributes of an LDAP directory say what, and which of their values mean what."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Final

from hub.plugin import Table
from hub.ports.directory import MailboxKind, Standing

_ATTRIBUTE: Final = re.compile(r"(?:[A-Za-z][A-Za-z0-9-]*|[0-9]+(?:\.[0-9]+)+)(?:;[A-Za-z0-9-]+)*")
_STANDINGS: Final = {
    **{one.value: one for one in Standing},
    "true": Standing.ACTIVE, "1": Standing.ACTIVE, "actif": Standing.ACTIVE,
    "false": Standing.CEASED, "0": Standing.CEASED, "inactif": Standing.CEASED,
    "cessé": Standing.CEASED, "suspendu": Standing.SUSPENDED, "radié": Standing.STRUCK_OFF,
    "décédé": Standing.DECEASED,
}  # fmt: skip
_MAILBOXES: Final = {
    **{one.value: one for one in MailboxKind},
    "per": MailboxKind.PERSONAL, "cab": MailboxKind.PRACTICE,
    "org": MailboxKind.ORGANISATIONAL, "app": MailboxKind.APPLICATION,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Attributes:
    """Names of attributes (RFC 4512, 2.5). Those that are None are not asked for.

    mail         the mailbox's address; required in an entry.
    name         how people read the bearer's name; without it `common`, else given and family name.
    rpps         national identifier of a professional, with its type digit (8…) or as an RPPS of 11 digits.
    finess       national identifier of a structure, with its type digit or as a FINESS of 9 signs.
    certificate  certificates in DER; several values are several certificates.
    mailbox      type of mailbox; see `Meanings`.
    answers_for  who is responsible for a shared mailbox, in words.
    standing     whether the bearer may practise; None: only who may is listed at all.
    since        first day on which the standing holds: 2026-03-01, 20260301 or a GeneralizedTime.
    until        last day on which it holds, in the same forms.
    unlisted     TRUE for who is not to be shown (liste rouge).
    rank         the bearer's own order of mailboxes, 1 first.
    postcode     is only searched in.
    """

    mail: str = "mail"
    name: str = "displayName"
    common: str = "cn"
    family: str = "sn"
    given: str = "givenName"
    profession: str = "title"
    specialty: str = "description"
    structure: str = "o"
    service: str = "ou"
    town: str = "l"
    postcode: str = "postalCode"
    rpps: str = "employeeNumber"
    finess: str = "departmentNumber"
    certificate: str = "userCertificate;binary"
    mailbox: str = "businessCategory"
    answers_for: str | None = None
    standing: str | None = None
    since: str | None = None
    until: str | None = None
    unlisted: str | None = None
    rank: str | None = None

    @property
    def wanted(self) -> tuple[str, ...]:
        """What is asked for of every entry, with the time of its last change (RFC 4512, 3.4.4)."""
        named = (getattr(self, one.name) for one in fields(self))
        return (*dict.fromkeys(one for one in named if one), "modifyTimestamp")

    @property
    def searched(self) -> tuple[str, ...]:
        """Where the words of a search are looked for."""
        return tuple(
            dict.fromkeys((
                self.common, self.family, self.given, self.name, self.mail, self.profession,
                self.specialty, self.structure, self.service, self.town, self.postcode,
            ))
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Meanings:
    """What values mean, in lower case. A standing that is not there is unknown, a mailbox personal."""

    standings: Mapping[str, Standing] = field(default_factory=lambda: _STANDINGS)
    mailboxes: Mapping[str, MailboxKind] = field(default_factory=lambda: _MAILBOXES)


def parse_attributes(table: Table) -> Attributes:
    """Read `[directories.<name>.attributes]`. Raises ConfigError."""
    known = {one.name for one in fields(Attributes)}
    given = {name: table.text(name) for name in table.names() if name in known}
    table.finish()
    for key, name in given.items():
        if not _ATTRIBUTE.fullmatch(name):
            raise table.wrong(key, "is not the name of an attribute", "n'est pas un nom d'attribut")
    return Attributes(**given)


def parse_meanings(standings: Table, mailboxes: Table) -> Meanings:
    """Read `[directories.<name>.standings]` and `.mailboxes`: value = "word of the hub's"."""
    return Meanings(
        standings=_STANDINGS
        | {
            name.casefold(): Standing(standings.choice(name, [one.value for one in Standing]))
            for name in standings.names()
        },
        mailboxes=_MAILBOXES
        | {
            name.casefold(): MailboxKind(mailboxes.choice(name, [one.value for one in MailboxKind]))
            for name in mailboxes.names()
        },
    )
