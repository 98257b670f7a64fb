"""Names as people read them: `Dr Camille MARTIN`, `Centre hospitalier de Hautmont (Chirurgie)`."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_TIDY: Final = re.compile(r"(?:[!-~]+(?: [!-~]+)*)?")
"""What `clean` would leave as it is, for nearly every text."""
_LAST_LINE: Final = re.compile(r"([0-9AB]{5})? ?(.*?)(?: CEDEX(?: [0-9]{1,2})?)?", re.IGNORECASE)
_TITLES: Final = {
    "": "",
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
    if _TIDY.fullmatch(text):
        return text
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
    return readable(parts(title, given, family))


def parts(title: str, given: str, family: str) -> str:
    """Return the three, as they are read and held apart: `Dr|Camille|MARTIN`."""
    given = clean(given)
    if given.isupper():
        given = given.title()
    return f"{_title(title)}|{given}|{clean(family).upper()}"


def readable(held: str) -> str:
    """Return what `parts` made as one reads it."""
    return clean(held.replace("|", " "))


def same_person(one: str, other: str) -> bool:
    """Whether two that `parts` made may name one person: a given or a family name is the same.

    Somebody who marries keeps the given name; who writes it otherwise keeps the family name.
    """
    _, given, family = one.split("|")
    _, other_given, other_family = other.split("|")
    return _shared(given, other_given) or _shared(family, other_family)


def _shared(one: str, other: str) -> bool:
    if not one or not other:
        return True
    return not _words(one).isdisjoint(_words(other))


def _words(name: str) -> set[str]:
    bare = "".join(
        sign if sign.isalnum() else " "
        for sign in unicodedata.normalize("NFKD", name.casefold())
        if not unicodedata.combining(sign)
    )
    return set(bare.split())


def _title(title: str) -> str:
    if title in _TITLES:
        return _TITLES[title]
    title = clean(title)
    return _TITLES.get(title.upper(), title)


def of_structure(legal: str, sign: str) -> str:
    """Return the legal name, or the name on the sign when there is no other."""
    return clean(legal) or clean(sign)


def with_service(name: str, service: str) -> str:
    """Add the service that a mailbox belongs to."""
    return f"{name} ({service})" if name and service else name or service


def town(last_line: str) -> tuple[str, str]:
    """Return the postcode, if any, and the town of an address's last line, without its CEDEX."""
    found = _LAST_LINE.fullmatch(clean(last_line))
    return (found[1] or "", found[2]) if found else ("", "")
