"""Lines of the activity extraction → who practises; a person stands there once per place of work."""

from __future__ import annotations

from collections.abc import Iterator

from hub_annuaire import identifiers
from hub_annuaire.formats import Header
from hub_annuaire.lines import Lines


def read(lines: Lines, header: Header) -> Iterator[tuple[str]]:
    """Yield national identifiers; one may come again, though not in two lines that follow each other.

    Raises MalformedError, which names line and column, and LimitError.
    """
    own, person = header.at[:2]
    before = None
    for fields in lines.rows(header.separator, max(own, person) + 1):
        national = fields[person]
        if national == before:
            continue
        before = national
        if (wrong := identifiers.wrong_person(national)) is not None:
            raise lines.place(person).malformed("identifier", *wrong)
        if national[1:] != fields[own]:
            raise lines.place(own).malformed("identifiers_differ", *identifiers.DIFFER)
        yield (national,)
