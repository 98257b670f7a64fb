"""Whether a peer may send as an address, and its bearer has the right to practise today."""

from __future__ import annotations

from hub.core import people
from hub.core.operators import Operators
from hub.domain.outcome import Refused
from hub.domain.party import Party
from hub.errors import TrustError, Words
from hub.ports.directory import Directory
from hub.ports.intake import Submission


async def authorise(submission: Submission, directory: Directory, operators: Operators) -> Party:
    """Return the sender as the directory knows them.

    Raises TrustError with `sender.not_yours`, `sender.unknown`, `sender.struck-off`,
    `sender.other_signer` …, and DirectoryUnavailableError.
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
    # 2. The bearer is in the directory, with the right to practise.
    entry = await directory.by_address(address)
    if entry is None:
        raise _refused(people.unknown(address, "sender"), submission)
    if (why := people.barred(entry, "sender")) is not None:
        raise _refused(why, submission)
    # 3. Who signed, if anybody did, is that bearer.
    if not set(submission.signer_identifiers) <= set(entry.identifiers):
        raise TrustError(
            "sender.other_signer",
            Words(
                en=f"The signing certificate is not that of the professional listed for {address}.",
                fr=f"Le certificat signataire n'est pas celui du professionnel listé pour {address}.",
            ),
            peer=submission.peer.name,
        )
    operator = operators.serving(address)
    return people.party(entry, operator.name if operator else None)


def _refused(why: Refused, submission: Submission) -> TrustError:
    return TrustError(why.code, why.reason, peer=submission.peer.name)
