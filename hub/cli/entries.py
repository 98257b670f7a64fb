"""How people of the directory are shown on a terminal: one in full, several in a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from hub.cli import screen
from hub.cli.language import told
from hub.cli.screen import Cell
from hub.domain.party import FINESS, INS_NIA, INS_NIR, RPPS, Identifier
from hub.errors import Words

if TYPE_CHECKING:
    from datetime import date

    from hub.domain.target import Target
    from hub.ports.directory import Entry

_MAILBOXES: Final = {
    "personal": Words(en="personal", fr="personnelle"),
    "practice": Words(en="of a practice", fr="de cabinet"),
    "organisational": Words(en="of an organisation", fr="organisationnelle"),
    "application": Words(en="of an application", fr="applicative"),
    "patient": Words(en="of a patient", fr="de patient"),
}
STANDINGS: Final = {
    "active": Words(en="active", fr="en exercice"),
    "ceased": Words(en="ceased", fr="a cessé"),
    "suspended": Words(en="suspended", fr="suspendu"),
    "struck-off": Words(en="struck off", fr="radié"),
    "deceased": Words(en="deceased", fr="décédé"),
    "unknown": Words(en="not known", fr="non connu"),
}
_SHORT: Final = {RPPS: ("rpps", "8"), FINESS: ("finess", "1"), INS_NIR: ("ins", ""), INS_NIA: ("ins", "")}
"""How a command line names a system, and the type digit of its values."""


def mailbox(one: Entry) -> str:
    """Return whose a mailbox is; an unlisted one is called so."""
    kind = told(_MAILBOXES[one.mailbox.value])
    return f"{kind}, {told(_UNLISTED)}" if one.unlisted else kind


def standing(name: str, since: date | None = None, until: date | None = None) -> Words:
    """Return a standing, with the days on which it holds."""
    words, days = STANDINGS[name], _days(since, until)
    return Words(en=words.en + days.en, fr=words.fr + days.fr)


def spelt(target: Target) -> str:
    """Return a target as one would type it; an identifier of another system as system and value."""
    return _spelt(target) if isinstance(target, Identifier) else str(target)


def short(one: Identifier) -> tuple[str, str]:
    """Return `rpps`, `finess` or `ins` and the number as people write it; nothing for other systems."""
    scheme, digit = _SHORT.get(one.system, ("", ""))
    return (scheme, one.value.removeprefix(digit)) if one.value.startswith(digit) else ("", "")


def works_as(one: Entry) -> str:
    """Return the shortest that tells two bearers of one name apart."""
    if one.specialties:
        return one.specialties[0].label
    known = (one.profession.label if one.profession else "") or one.service or one.structure
    return known if known != one.name else ""


def table(entries: Sequence[Entry]) -> None:
    """Print a line for each."""
    screen.table(
        _COLUMNS,
        [
            [
                Cell(one.name, "bold"),
                Cell(works_as(one)),
                Cell(one.town),
                Cell(str(one.address), whole=True),
                Cell(mailbox(one)),
            ]
            for one in entries
        ],
    )


def whole(one: Entry) -> None:
    """Print all that is known of one mailbox."""
    screen.mark("✓" if one.standing.value == "active" else "✗", f"{one.address} – {one.name}")
    screen.rows([[Cell(f"  {told(name)}"), Cell(value)] for name, value in _known(one) if value])


def _known(one: Entry) -> Iterator[tuple[Words, str]]:
    yield Words(en="mailbox", fr="boîte"), mailbox(one)
    yield Words(en="answered for by", fr="responsable"), one.answers_for
    yield Words(en="standing", fr="situation"), told(standing(one.standing.value, one.since, one.until))
    yield Words(en="identifiers", fr="identifiants"), ", ".join(map(_spelt, one.identifiers))
    yield Words(en="profession", fr="profession"), one.profession.label if one.profession else ""
    yield Words(en="specialties", fr="spécialités"), ", ".join(each.label for each in one.specialties)
    yield Words(en="structure", fr="structure"), one.structure
    yield Words(en="service", fr="service"), one.service
    yield Words(en="town", fr="ville"), one.town
    yield Words(en="certificates", fr="certificats"), str(len(one.certificates))
    yield Words(en="source", fr="source"), one.source


def _days(since: date | None, until: date | None) -> Words:
    if since and until:
        return Words(en=f" from {since} to {until}", fr=f" du {since} au {until}")
    if since:
        return Words(en=f" since {since}", fr=f" depuis le {since}")
    return Words(en=f" until {until}", fr=f" jusqu'au {until}") if until else Words(en="", fr="")


def _spelt(one: Identifier) -> str:
    scheme, number = short(one)
    return f"{scheme}:{number}" if scheme else f"{one.system} {one.value}"


_UNLISTED: Final = Words(en="unlisted", fr="liste rouge")
_COLUMNS: Final = (
    Words(en="name", fr="nom"),
    Words(en="works as", fr="exerce comme"),
    Words(en="town", fr="ville"),
    Words(en="address", fr="adresse"),
    Words(en="mailbox", fr="boîte"),
)
