"""Names as people read them: `Dr Camille MARTIN`, `Centre hospitalier de Hautmont (Chirurgie)`."""

from __future__ import annotations

import unicodedata
from typing import Final

_TITLES: Final = {
    "DR": "Dr",
    "DOCTEUR": "Dr",
    "PR": "Pr",
    "PROFESSEUR": "Pr",
    "M": "M.",
    "M.": "M.",
    "MONSIEUR": "M.",
    "MME": "Mme",
    "MADAME": "Mme",
    "MLLE": "Mme",
    "MADEMOISELLE": "Mme",
}


def clean(text: str) -> str:
    """Return a text in normal form C, on one line, without signs that can't be seen."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    if not text.isprintable():
        text = "".join(
            one if one.isprintable() else " " if one.isspace() else ""
            for one in text
            if unicodedata.category(one) != "Cs"
        )
    return " ".join(text.split())


def of_person(title: str, given: str, family: str) -> str:
    """Return title, given name and family name in capitals."""
    title, given, family = clean(title), clean(given), clean(family)
    if given.isupper():
        given = given.title()
    return clean(f"{_TITLES.get(title.upper(), title)} {given} {family.upper()}")


def of_structure(legal: str, sign: str) -> str:
    """Return the legal name, or the name on the sign when there is no other."""
    return clean(legal) or clean(sign)


def with_service(name: str, service: str) -> str:
    """Add the service that a mailbox belongs to."""
    return f"{name} ({service})" if name and service else name or service
