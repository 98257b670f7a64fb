"""What senders are told. A patient's own mailbox is shown masked: its address is who they are."""

from __future__ import annotations

from hub.domain.outcome import Refused
from hub.errors import HubError, PeerError, Words
from hub.ports.directory import MailboxKind
from hub.ports.policy import Case


def refused(code: str, case: Case, en: str, fr: str, source: str | None = None) -> Refused:
    """Refuse a recipient; the words continue a sentence that begins with their address.

    `source` names the edition of the files that decided, for the evidence.
    """
    entry = case.recipient_entry
    shown = entry.address.masked if entry.mailbox is MailboxKind.PATIENT else str(entry.address)
    reason = Words(en=f"{shown}: {en}.", fr=f"{shown} : {fr}.")
    return Refused(code=f"policy.{code}", reason=reason, source=source)


def no_patient(case: Case) -> Refused:
    """Refuse a message that a rule about patients can't be applied to."""
    return refused(
        "no-patient",
        case,
        "the message must say by INS which patient it is about",
        "le message doit indiquer par son INS le patient concerné",
    )


def not_read(error: HubError) -> PeerError:
    """Say that a rule can't be applied because its files were never read."""
    return PeerError(
        "policy.not_read",
        Words(
            en="A rule of this hub can't be applied now; try again later.",
            fr="Une règle de ce hub ne peut être appliquée pour l'instant ; réessayez plus tard.",
        ),
        reason=error.code,
    )
