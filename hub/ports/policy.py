"""Rules of an establishment or an operator about who may write what to whom."""

from __future__ import annotations

from typing import Protocol

from hub.domain.message import Message
from hub.domain.outcome import Refused
from hub.domain.party import Party


class Policy(Protocol):
    """Judges a message before it is accepted."""

    async def judge(self, message: Message, recipient: Party) -> Refused | None:
        """Refuse this recipient with a reason that reaches the sender, or return None to allow.

        Raises PeerError when it can't tell now: the submission is answered 'try again'.
        """
        ...
