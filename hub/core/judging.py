"""What is judged of a message once its people are known: kinds of mailboxes, then the policies."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from hub.core import mailboxes, prescribers
from hub.core.authorise import Sender
from hub.core.resolve import Resolved
from hub.domain.address import Address
from hub.domain.message import Kind, Message
from hub.domain.outcome import Refused
from hub.errors import HubError, PeerError, Words
from hub.ports.intake import Submission
from hub.ports.policy import Case, Policy
from hub.ports.prescribing import Prescribes
from hub.ports.queue import Queue

LOOKED_BACK: Final = 20
"""Messages named as earlier ones that are looked up, the latest first."""
PATIENCE: Final = 30.0
"""Seconds that a policy has to judge one recipient."""
_OURS: Final = re.compile(r"<([0-9a-f-]{36})@[^@>]+>")
"""The Message-ID that a hub makes of an envelope's id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """Says who of the recipients may be written this message."""

    queue: Queue
    policies: Sequence[Policy]

    async def kinds(self, submission: Submission, sender: Sender, one: Resolved) -> Refused | None:
        """Hold a recipient against the rules of mailboxes' kinds, a prescription against its service's.

        Raises StoreError, and of a prescription InputError and TrustError with what its prescriber can do.
        """
        if (why := mailboxes.barred_way(sender.entry, one.entry)) is not None:
            return why
        service: object = one.operator.connector
        if submission.kind is Kind.PRESCRIPTION and isinstance(service, Prescribes):
            await prescribers.check(submission, sender, service)
        if mailboxes.only_answers(sender.entry) and not await self._wrote(submission, one.entry.address):
            return mailboxes.not_written_to(one.entry)
        return None

    async def rules(self, message: Message, sender: Sender, one: Resolved) -> Refused | None:
        """Hold a recipient against the policies, in their order; the first that refuses decides.

        Raises PeerError when one can't be asked, or says nothing for `PATIENCE` seconds: a rule that
        can't be asked allows nothing.
        """
        case = Case(
            message=message, recipient=one.party, sender_entry=sender.entry, recipient_entry=one.entry
        )
        for policy in self.policies:
            try:
                async with asyncio.timeout(PATIENCE):
                    why: object = await policy.judge(case)
                if isinstance(why, Refused):
                    return why
                if why is not None:
                    raise TypeError("a policy answers with a refusal or None")
            except HubError:
                raise
            except Exception as error:
                raise PeerError(
                    "policy.failed",
                    Words(
                        en="A rule of this hub can't be applied now; try again later.",
                        fr="Une règle de ce hub ne peut être appliquée pour l'instant ; réessayez plus tard.",
                    ),
                    error=type(error).__name__,
                ) from error
        return None

    async def _wrote(self, submission: Submission, who: Address) -> bool:
        """Whether `who` wrote one of the messages that this one answers, to its sender."""
        named = [submission.in_reply_to, *reversed(submission.references)]
        for name in list(dict.fromkeys(one for one in named if one))[:LOOKED_BACK]:
            ours = _OURS.fullmatch(name)
            for correlation in (name, ours[1]) if ours else (name,):
                found = await self.queue.find(correlation=correlation, recipient=submission.sender.key)
                if found is not None and found.sealed.envelope.message.sender.address.key == who.key:
                    return True
        return False
