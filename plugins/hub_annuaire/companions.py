"""Lines of the activity file's companions: skills (savoir-faire), and diplomas with authorisations."""

from __future__ import annotations

from collections.abc import Iterator

from hub_annuaire import identifiers
from hub_annuaire.coded import Codes
from hub_annuaire.comparing import Compared
from hub_annuaire.formats import Header
from hub_annuaire.lines import Lines


def skills(lines: Lines, header: Header, compared: Compared, codes: Codes) -> Iterator[tuple[int | str, ...]]:
    """Yield line, person, digest and skill. Raises MalformedError and LimitError."""
    return _read(lines, header, compared, codes)


def qualifications(
    lines: Lines, header: Header, compared: Compared, codes: Codes
) -> Iterator[tuple[int | str, ...]]:
    """Yield line, person, digest, diploma and authorised discipline. Raises as `skills` does."""
    return _read(lines, header, compared, codes)


def _read(lines: Lines, header: Header, compared: Compared, codes: Codes) -> Iterator[tuple[int | str, ...]]:
    own, person, *pairs = header.at
    before = None
    for fields in lines.rows(header.separator, max(header.at) + 1, compared):
        national = fields[person]
        if national != before:
            if (wrong := identifiers.wrong_person(national)) is not None:
                raise lines.place(person).malformed("identifier", *wrong)
            before = national
        if national[1:] != fields[own]:
            raise lines.place(own).malformed("identifiers_differ", *identifiers.DIFFER)
        said = (
            codes.of(fields[code], fields[label]) for code, label in zip(pairs[::2], pairs[1::2], strict=True)
        )
        yield (lines.number, national, compared.digest, *said)
