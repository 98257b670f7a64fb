"""What a status means for a signature and for a recipient, in words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from cryptography import x509

from hub.errors import PeerError, Words
from hub_smtp.cms import verdict
from hub_smtp.cms.verdict import Fault
from hub_smtp.revocation.checker import Revocation, State, Status
from hub_smtp.revocation.settings import OnNoAnswer

_ORDERLY: Final = frozenset(
    {
        x509.ReasonFlags.superseded,
        x509.ReasonFlags.affiliation_changed,
        x509.ReasonFlags.cessation_of_operation,
    }
)
"""Reasons for which a signature made before still counts. With any other, nobody can believe the time
that the signature states: whoever has the key may write an earlier one."""


async def signature(
    revocation: Revocation, path: Sequence[x509.Certificate], signed_at: datetime | None, at: datetime
) -> Fault | None:
    """Return the fault of a signature whose certificate was revoked; None when it counts.

    Raises PeerError when nobody answers and the policy says to wait.
    """
    status = await revocation.check(path)
    if status.state is State.REVOKED:
        return revoked(status, path[0]) if _in_time(status, path[0], signed_at, at) else None
    if status.state is State.UNANSWERED and revocation.settings.policy is OnNoAnswer.REQUIRE:
        why = status.reason.words
        raise PeerError(
            "smime.revocation.unanswered",
            Words(
                en="Whether the signer's certificate is revoked can't be known now"
                f" ({why.en}); send the mail again later.",
                fr="On ne peut savoir maintenant si le certificat du signataire est révoqué"
                f" ({why.fr}) ; renvoyez le courrier plus tard.",
            ),
            reason=status.reason.code,
        )
    return None


def revoked(status: Status, certificate: x509.Certificate) -> Fault:
    """Return the fault of a path in which a certificate is revoked."""
    assert status.answer is not None  # noqa: S101 - that is what REVOKED means
    words = status.answer.words
    if status.certificate != certificate:
        words = Words(
            en=f"An authority that the certificate comes from does not count any more: {words.en}",
            fr=f"Une autorité dont vient le certificat ne compte plus : {words.fr}",
        )
    return verdict.revoked(words)


def _in_time(status: Status, certificate: x509.Certificate, signed_at: datetime | None, at: datetime) -> bool:
    """Whether the revocation comes before the moment that counts for the signature."""
    answer = status.answer
    if answer is None or answer.revoked_at is None:
        return False
    if status.certificate != certificate or answer.reason not in _ORDERLY or signed_at is None:
        return True
    return answer.revoked_at <= min(signed_at, at)
