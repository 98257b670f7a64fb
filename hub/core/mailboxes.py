"""Who may write to whom, by the kinds of their mailboxes, and who answers for a mailbox.

| from / to | personal, practice, organisational | application | patient |
| --- | --- | --- | --- |
| a professional's, of any kind | yes | yes: no person will read it | yes |
| patient | only to answer | no | no |

A mailbox that several people read, or none, must have somebody who answers for it.
"""

from __future__ import annotations

from typing import Final

from hub.domain.outcome import Refused
from hub.errors import Words
from hub.ports.directory import Entry, MailboxKind

_SHARED: Final = frozenset({MailboxKind.PRACTICE, MailboxKind.ORGANISATIONAL, MailboxKind.APPLICATION})


def unanswered(entry: Entry, whom: str) -> Refused | None:
    """Refuse a shared mailbox for which neither a person nor a structure answers."""
    if entry.mailbox not in _SHARED or entry.answers_for or entry.structure or entry.identifiers:
        return None
    return Refused(
        code=f"{whom}.nobody-answers",
        reason=Words(
            en=f"{entry.address}: the directory names nobody who answers for this mailbox.",
            fr=f"{entry.address} : l'annuaire ne nomme aucun responsable de cette boîte.",
        ),
        source=entry.source,
    )


def only_answers(sender: Entry) -> bool:
    """Whether a sender may write only to who wrote to them before."""
    return sender.mailbox is MailboxKind.PATIENT


def barred_way(sender: Entry, recipient: Entry) -> Refused | None:
    """Refuse what a mailbox of one kind may never write to another."""
    if sender.mailbox is not MailboxKind.PATIENT:
        return None
    if recipient.mailbox is MailboxKind.PATIENT:
        return Refused(
            code="recipient.patient-to-patient",
            reason=Words(
                en=f"{recipient.address}: patients write to professionals, not to each other.",
                fr=f"{recipient.address} : les patients écrivent aux professionnels, non entre eux.",
            ),
        )
    if recipient.mailbox is MailboxKind.APPLICATION:
        return Refused(
            code="recipient.no-reader",
            reason=Words(
                en=f"{recipient.address} belongs to an application: no person would read your message.",
                fr=f"{recipient.address} est celle d'une application : personne ne lirait votre message.",
            ),
        )
    return None


def not_written_to(recipient: Entry) -> Refused:
    """Refuse a patient's message to a professional who has not written to them."""
    return Refused(
        code="recipient.patient-may-only-answer",
        reason=Words(
            en=f"{recipient.address}: you can answer a message of this professional, not write first.",
            fr=f"{recipient.address} : vous pouvez répondre à un message de ce professionnel, "
            "non lui écrire en premier.",
        ),
    )
