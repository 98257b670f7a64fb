"""What an authority says of one certificate, and the words for a revocation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509

from hub.errors import Words

SKEW: Final = timedelta(minutes=5)
"""How far another's clock may be ahead of ours."""

_UNSPECIFIED: Final = ("no reason given", "motif non précisé")
_REASONS: Final = {
    x509.ReasonFlags.key_compromise: ("its key was compromised", "clé compromise"),
    x509.ReasonFlags.ca_compromise: ("its authority was compromised", "autorité compromise"),
    x509.ReasonFlags.aa_compromise: ("its authority was compromised", "autorité compromise"),
    x509.ReasonFlags.affiliation_changed: ("its bearer's affiliation changed", "changement d'affiliation"),
    x509.ReasonFlags.superseded: ("it was replaced by another", "remplacé par un autre"),
    x509.ReasonFlags.cessation_of_operation: ("it is no longer needed", "cessation d'activité"),
    x509.ReasonFlags.privilege_withdrawn: ("its bearer's right was withdrawn", "droit retiré"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer that counts. `revoked_at` None says that the certificate is not revoked.

    `said_at` and `until` are thisUpdate and nextUpdate; `reason` None stands for an unspecified one.
    """

    said_at: datetime
    until: datetime
    revoked_at: datetime | None = None
    reason: x509.ReasonFlags | None = None

    @property
    def words(self) -> Words:
        """Say when and why it was revoked."""
        day = "" if self.revoked_at is None else f"{self.revoked_at:%Y-%m-%d}"
        if self.reason is x509.ReasonFlags.certificate_hold:
            return Words(
                en=f"The certificate was suspended on {day} (put on hold by its authority).",
                fr=f"Le certificat a été suspendu le {day} (mis en attente par son autorité).",
            )
        en, fr = _UNSPECIFIED if self.reason is None else _REASONS.get(self.reason, _UNSPECIFIED)
        return Words(
            en=f"The certificate was revoked on {day} ({en}).",
            fr=f"Le certificat a été révoqué le {day} ({fr}).",
        )
