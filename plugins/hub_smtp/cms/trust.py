"""The authorities whose certificates count in mail, and certificate paths to them (RFC 5280, RFC 8550).

Checked: signatures, validity at a given moment, basic and name constraints, key usage, extended key
usage. Not checked here: revocation, and whether the subject is who the message says.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import Enum

from cryptography import x509

from hub_smtp.cms.verdict import Fault


class Purpose(Enum):
    """What a certificate is to be used for."""

    SIGN = "sign"
    ENCRYPT = "encrypt"


class Anchors:
    """A set of authorities. Safe from any thread; remembers the paths that it has found."""

    def __init__(self, certificates: Iterable[x509.Certificate]) -> None:
        """Trust these: authorities, or single end certificates that are pinned as they are."""
        self._certificates = tuple(certificates)

    def judge(
        self,
        certificate: x509.Certificate,
        others: Sequence[x509.Certificate],
        at: datetime,
        purpose: Purpose = Purpose.SIGN,
    ) -> Fault | None:
        """Return why `certificate` may not serve this purpose at this moment; None when it may.

        `others` are certificates that may lead to an authority, in any order.
        """
        raise NotImplementedError
