"""Rules of an establishment or an operator about who may write what to whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from hub.domain.message import Message
from hub.domain.outcome import Refused
from hub.domain.party import Party
from hub.ports.directory import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One message to one recipient, with what the directory says of both today."""

    message: Message
    recipient: Party
    sender_entry: Entry
    recipient_entry: Entry


class Policy(Protocol):
    """Judges a message before it is accepted."""

    async def judge(self, case: Case) -> Refused | None:
        """Refuse this recipient with a reason that reaches the sender, or return None to allow.

        Raises PeerError when it can't tell now: the submission is answered 'try again'.
        """
        ...
