"""Who may speak to the double: an access token stands for a role and a national identifier."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from hmac import compare_digest


class Role(StrEnum):
    """What a token's holder is. The values are the professionOIDs of gematik's tokens (gemSpec_OID)."""

    PRESCRIBER = "1.2.276.0.76.4.50"
    PHARMACY = "1.2.276.0.76.4.54"
    PATIENT = "1.2.276.0.76.4.49"


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """One token. `identifier` is a telematik id; of a patient, the insurance number (KVNR)."""

    token: str = field(repr=False)
    role: Role
    identifier: str
    name: str = ""


class Accesses:
    """All tokens that the double takes."""

    def __init__(self, held: Iterable[Access] = ()) -> None:
        self._held = list(held)

    def add(self, access: Access) -> None:
        """Take one more."""
        self._held.append(access)

    def of(self, header: str | None) -> Access | None:
        """Return whose token an `Authorization` header holds; None for nobody's (RFC 6750, 2.1)."""
        scheme, _, token = (header or "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        given = token.strip().encode()
        return next((one for one in self._held if compare_digest(one.token.encode(), given)), None)
