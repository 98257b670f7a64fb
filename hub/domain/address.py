"""Secure mail addresses: one strict parser for the whole hub.

Python's own `parseaddr` answers differently from release to release, so nothing here uses it.
Display names, comments, groups, quoted local parts and address literals are not addresses to us:
no directory of professionals holds one.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from hub.errors import MalformedError, Words

MAX_LOCAL = 64
"""Octets in the local part (RFC 5321, 4.5.3.1.1)."""
MAX_ADDRESS = 254
"""Octets in an address: a path of 256 less its angle brackets (RFC 5321, 4.5.3.1.3)."""

_ATEXT = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u0080-\U0010FFFF-]"
_LOCAL = re.compile(rf"{_ATEXT}+(?:\.{_ATEXT}+)*")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Address:
    """One mailbox. `local` keeps its spelling; `domain` is in lower case, with A-labels."""

    local: str
    domain: str

    @classmethod
    def parse(cls, text: str) -> Address:
        """Read `local@domain` (RFC 5321 dot-string, RFC 6531 for letters beyond ASCII).

        Raises MalformedError for everything else.
        """
        local, at, domain = text.rpartition("@")
        if not at or not _LOCAL.fullmatch(local) or _has_controls(local):
            raise _malformed()
        local = unicodedata.normalize("NFC", local)
        domain = _normal_domain(domain)
        if (
            not domain
            or len(local.encode()) > MAX_LOCAL
            or len(local.encode()) + len(domain) + 1 > MAX_ADDRESS
        ):
            raise _malformed()
        return cls(local, domain)

    @property
    def key(self) -> str:
        """The form in which two spellings of one mailbox are equal; directories index by it.

        Upper and lower case are the same, and nothing else is: `groß` is not `gross`.
        """
        return f"{self.local.lower()}@{self.domain}"

    @property
    def masked(self) -> str:
        """A form for people who may not know the bearer, such as a patient's INS in a mailbox."""
        return f"{self.local[:1]}…@{self.domain}"

    def __str__(self) -> str:
        return f"{self.local}@{self.domain}"


def parse_domain(text: str) -> str:
    """Return the normal form of a domain name, or raise MalformedError."""
    if domain := _normal_domain(text):
        return domain
    raise MalformedError(
        "address.domain",
        Words(
            en="A domain is written like cabinet.example: letters, digits and hyphens, and a dot at least.",
            fr="Un domaine s'écrit comme cabinet.example : lettres, chiffres, tirets, et un point au moins.",
        ),
    )


def _normal_domain(text: str) -> str:
    """Return the normal form of a domain name, nothing for what is none."""
    domain = text.lower()
    if not domain.isascii():
        said = unicodedata.normalize("NFC", domain)
        try:
            encoded = said.encode("idna")
            # What this encoding would turn into another name (ß into ss, full width into ASCII) is refused.
            if encoded.decode("idna") != said:
                return ""
        except UnicodeError:
            return ""
        domain = encoded.decode("ascii")
    labels = domain.split(".")
    if len(domain) > 253 or len(labels) < 2 or not all(_LABEL.fullmatch(label) for label in labels):  # noqa: PLR2004 - RFC 1035, 2.3.4
        return ""
    return domain


def _has_controls(local: str) -> bool:
    # Of ASCII, the form of a local part allows none.
    return not local.isascii() and any(
        unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp", "Zs"} for character in local
    )


def _malformed() -> MalformedError:
    return MalformedError(
        "address.malformed",
        Words(
            en="An address is written name@domain, with no spaces, quotes or comments.",
            fr="Une adresse s'écrit nom@domaine, sans espace, guillemet ni commentaire.",
        ),
    )
