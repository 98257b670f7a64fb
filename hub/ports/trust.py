"""The space of trust: which operators and domains are admitted to exchange."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from hub.errors import PeerError
from hub.ports.filling import Held


class TrustUnavailableError(PeerError):
    """The space of trust can't be asked now. Never read as 'not admitted': what depends on it waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """A domain that is admitted, and what is known of the operator that serves it.

    `member` is the operator's name in the space. `pins` are names of TLS certificates as `peers` has
    them (`sha256:` of the certificate, `spki:` the SHA-256 of its SubjectPublicKeyInfo, `dns:`): a
    server or client that speaks for the domain must have one of them; empty: any certificate of the
    configured authorities. `source` names list and version, for the evidence of what decided.
    """

    domain: str
    member: str
    source: str
    pins: frozenset[str] = frozenset()


class TrustSpace(Protocol):
    """Answers from one verified version of its list, from memory."""

    def admission(self, domain: str) -> Admission | None:
        """Return what the list says of a domain (lower case, IDNA), None when it is not admitted.

        Takes microseconds. Raises TrustUnavailableError.
        """
        ...

    def held(self) -> Held:
        """Return which version is held. Raises TrustUnavailableError."""
        ...
