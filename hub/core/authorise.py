"""Whether a peer may send as an address, and its bearer has the right to practise today."""

from __future__ import annotations

from dataclasses import dataclass

from hub.core import mailboxes, people, standing
from hub.core.register import Register
from hub.core.trust import Outside, outside
from hub.domain.outcome import Refused
from hub.domain.party import Party
from hub.errors import TrustError, Words
from hub.ports.directory import Entry
from hub.ports.intake import Submission
from hub.ports.trust import Admission


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who sends, as the directory knows them, and what the space of trust says of their domain."""

    party: Party
    entry: Entry
    admission: Admission | None


async def authorise(submission: Submission, register: Register) -> Sender:
    """Return the sender as the directory knows them.

    Raises TrustError with `sender.not_yours`, `sender.outside`, `sender.unknown`, `sender.struck-off`,
    `sender.other_signer` …, DirectoryUnavailableError and TrustUnavailableError.
    """
    address = submission.sender
    # 1. The peer's certificate or token allows this address.
    if not submission.peer.may_send_as(address):
        raise TrustError(
            "sender.not_yours",
            Words(
                en=f"You may not send as {address}.",
                fr=f"Vous ne pouvez pas envoyer au nom de {address}.",
            ),
            peer=submission.peer.name,
        )
    # 2. The space of trust admits the domain.
    try:
        admission = register.trust.admission(address.domain)
    except Outside as error:
        raise _refused(outside(address, "sender", error.version), submission) from None
    # 3. The bearer is in the directory, with the right to practise; a shared mailbox is answered for.
    entry = await register.directory.by_address(address)
    if entry is None:
        raise _refused(standing.unknown(address, "sender"), submission)
    if (why := standing.barred(entry, "sender") or mailboxes.unanswered(entry, "sender")) is not None:
        raise _refused(why, submission)
    # 4. Who signed, if anybody did, is that bearer.
    if not set(submission.signer_identifiers) <= set(entry.identifiers):
        raise TrustError(
            "sender.other_signer",
            Words(
                en=f"The signing certificate is not that of the professional listed for {address}.",
                fr=f"Le certificat signataire n'est pas celui du professionnel listé pour {address}.",
            ),
            peer=submission.peer.name,
        )
    operator = register.operators.serving(address)
    party = people.party(entry, operator.name if operator else None)
    return Sender(party=party, entry=entry, admission=admission)


def _refused(why: Refused, submission: Submission) -> TrustError:
    return TrustError(why.code, why.reason, peer=submission.peer.name)
