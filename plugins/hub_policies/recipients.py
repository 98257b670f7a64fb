"""The kind `recipients`: how many one message may have, by its kind and by the sender's mailbox."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from hub.domain.message import Kind
from hub.domain.outcome import Refused
from hub.plugin import Table
from hub.ports.directory import MailboxKind
from hub.ports.host import Host
from hub.ports.policy import Case
from hub_policies.refusals import refused

E = TypeVar("E", bound=StrEnum)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """`most` for everybody; `mailboxes` says another number for senders of a kind.

    `messages` bounds messages of a kind, whoever sends them.
    """

    most: int
    mailboxes: Mapping[MailboxKind, int]
    messages: Mapping[Kind, int]


def parse(table: Table) -> Settings:
    """Read the table. Raises ConfigError, which names file, line and key."""
    settings = Settings(
        most=table.integer("most", least=1),
        mailboxes=_numbers(table.table("mailboxes"), MailboxKind),
        messages=_numbers(table.table("messages"), Kind),
    )
    table.finish()
    return settings


class Recipients:
    """`Policy` that counts. Recipients who were refused before are not counted."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def judge(self, case: Case) -> Refused | None:
        """Refuse every recipient of a message that has too many."""
        settings, message = self._settings, case.message
        most = settings.mailboxes.get(case.sender_entry.mailbox, settings.most)
        most = min(most, settings.messages.get(message.kind, most))
        count = len(message.recipients)
        if count <= most:
            return None
        return refused(
            "recipients",
            case,
            f"such a message may have {most} recipient{'s' * (most > 1)} at most, and this one has {count}; "
            "write to fewer at a time",
            f"un tel message peut avoir au plus {most} destinataire{'s' * (most > 1)}, "
            f"et celui-ci en a {count} ; écrivez à moins de destinataires à la fois",
        )


@asynccontextmanager
async def open_policy(settings: Settings, host: Host) -> AsyncIterator[Recipients]:
    """Yield the rule; there is nothing to open."""
    del host
    yield Recipients(settings)


def _numbers(table: Table, kind: type[E]) -> dict[E, int]:
    found = {one: table.integer(one.value, least=1) for one in kind if one.value in table.names()}
    for key in table.names():
        listed = ", ".join(kind)
        raise table.wrong(key, f"is none of {listed}", f"n'est aucun de {listed}")
    return found
