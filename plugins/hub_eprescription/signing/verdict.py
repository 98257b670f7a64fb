"""What verifying a signature gave: who signed what, and every doubt that there is about it.

A signature whose arithmetic does not hold never becomes a verdict: it raises TrustError.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from hub.domain.party import Identifier, Party
from hub.errors import TrustError, Words
from hub.ports.directory import Entry


class Doubt(StrEnum):
    """What speaks against a signature that holds."""

    UNKNOWN_AUTHORITY = "unknown-authority"
    NOT_YET_VALID = "not-yet-valid"
    EXPIRED = "expired"
    REVOKED = "revoked"
    USAGE = "usage"
    WEAK_KEY = "weak-key"
    WEAK_PATH = "weak-path"
    WEAK_HASH = "weak-hash"
    FUTURE = "future"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """A signature that holds over `content`.

    `content` is what was signed, exactly: read that, nothing else of what came. `certificate` is the
    signer's (DER), `signer` the name in it, `identifiers` the national ones in it, `addresses` its
    mail addresses. `signed_at` is the
    signer's own word, None when they gave none. `trusted` says that the certificate comes from one of the
    authorities that were asked for and allowed signing then; `doubts` says what speaks against it.
    A weak hash that the authorities were told to accept is a doubt, but does not take trust away.
    `confirmed` says that an embedded OCSP answer calls the certificate good.
    """

    content: bytes = field(repr=False)
    certificate: bytes = field(repr=False)
    signer: str = field(repr=False)
    signed_at: datetime | None
    trusted: bool
    identifiers: tuple[Identifier, ...] = field(default=(), repr=False)
    addresses: frozenset[str] = field(default=frozenset(), repr=False)
    doubts: tuple[Doubt, ...] = ()
    confirmed: bool = False

    @property
    def words(self) -> Words:
        """Say in words what came of it."""
        if not self.doubts:
            return _HOLDS
        en = "; ".join(_DOUBTS[one].en for one in self.doubts)
        fr = " ; ".join(_DOUBTS[one].fr for one in self.doubts)
        return Words(en=f"{en[:1].upper()}{en[1:]}.", fr=f"{fr[:1].upper()}{fr[1:]}.")

    def is_of(self, prescriber: Party, entry: Entry | None = None) -> bool:
        """Whether the certificate names this prescriber: by an identifier, an address, or as the directory's.

        False too when it names nobody whom the directory could know.
        """
        known = {*prescriber.identifiers, *(entry.identifiers if entry else ())}
        return (
            not known.isdisjoint(self.identifiers)
            or str(prescriber.address).lower() in self.addresses
            or (entry is not None and self.certificate in entry.certificates)
        )

    def require(self) -> Verified:
        """Return it when it is trusted. Raises TrustError `prescription.signer_untrusted`."""
        if not self.trusted:
            raise TrustError("prescription.signer_untrusted", self.words, doubts=list(self.doubts))
        return self


_HOLDS: Final = Words(en="The signature holds.", fr="La signature est valable.")
_DOUBTS: Final = {
    Doubt.UNKNOWN_AUTHORITY: Words(
        en="the signer's certificate comes from none of the authorities in “trust”",
        fr="le certificat du signataire ne vient d'aucune autorité de « trust »",
    ),
    Doubt.NOT_YET_VALID: Words(
        en="the signer's certificate, or one above it, was not valid yet when it signed",
        fr="le certificat du signataire, ou un autre au-dessus, n'était pas encore valable à la signature",
    ),
    Doubt.EXPIRED: Words(
        en="the signer's certificate, or one above it, had expired when it signed",
        fr="le certificat du signataire, ou un autre au-dessus, avait expiré à la signature",
    ),
    Doubt.REVOKED: Words(
        en="the signer's certificate is revoked", fr="le certificat du signataire est révoqué"
    ),
    Doubt.USAGE: Words(
        en="the signer's certificate is not for signing documents (key usage)",
        fr="le certificat du signataire ne permet pas de signer des documents (usage de clé)",
    ),
    Doubt.WEAK_KEY: Words(
        en="the signer's key is too short: RSA needs 2048 bits, elliptic curves 256",
        fr="la clé du signataire est trop courte : il faut 2048 bits en RSA, 256 en courbe elliptique",
    ),
    Doubt.WEAK_PATH: Words(
        en="a key or a hash above the signer's certificate is too weak",
        fr="une clé ou une empreinte au-dessus du certificat du signataire est trop faible",
    ),
    Doubt.WEAK_HASH: Words(
        en="the signature uses SHA-1, which is too weak",
        fr="la signature utilise SHA-1, trop faible",
    ),
    Doubt.FUTURE: Words(
        en="the signature bears a time that is yet to come",
        fr="la signature porte une heure à venir",
    ),
}
