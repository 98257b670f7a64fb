"""Lines of an `Etat_Exercice` file: what an Order or an establishment says of somebody's standing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from hub.ports.directory import Standing
from hub_annuaire import identifiers
from hub_annuaire.formats import Header
from hub_annuaire.lines import Lines

_STATES: Final = {
    "actif": Standing.ACTIVE,
    "cessé": Standing.CEASED,
    "suspendu": Standing.SUSPENDED,
    "radié": Standing.STRUCK_OFF,
    "décédé": Standing.DECEASED,
}
_BARE: Final = str.maketrans("é", "e")
_BY_NAME: Final = {
    key: standing for name, standing in _STATES.items() for key in (name, name.translate(_BARE))
}


Row = tuple[str, str, str | None, str | None]
"""National identifier, standing, first day and last."""


def read(lines: Lines, header: Header) -> Iterator[Row]:
    """Yield one row a line. Raises MalformedError and LimitError."""
    person, state, since = header.at
    until = header.optional[0]
    seen: set[str] = set()
    for fields in lines.rows(header.separator, max(*header.at, until or 0) + 1):
        national = fields[person].strip()
        if (wrong := identifiers.wrong_person(national)) is not None:
            raise lines.place(person).malformed("identifier", *wrong)
        if national in seen:
            raise lines.place(person).malformed(
                "person_twice", "this person stands there twice", "cette personne y figure deux fois"
            )
        seen.add(national)
        standing = _BY_NAME.get(fields[state].strip().lower())
        if standing is None:
            raise lines.place(state).malformed(
                "state", f"not one of {', '.join(_STATES)}", f"aucun de {', '.join(_STATES)}"
            )
        first = _day(lines, fields, since)
        last = _day(lines, fields, until) if until is not None else None
        if until is not None and first and last and last < first:
            raise lines.place(until).malformed(
                "dates_crossed", "it ends before it begins", "la fin précède le début"
            )
        yield national, standing.value, first, last


def _day(lines: Lines, fields: list[str], column: int) -> str | None:
    written = fields[column].strip()
    if not written:
        return None
    for form in ("%Y-%m-%d", "%d/%m/%Y"):
        try:
            return datetime.strptime(written, form).date().isoformat()  # noqa: DTZ007 - a day has no time zone
        except ValueError:
            continue
    raise lines.place(column).malformed(
        "date", "a date is written 2026-08-26 or 26/08/2026", "une date s'écrit 2026-08-26 ou 26/08/2026"
    )
