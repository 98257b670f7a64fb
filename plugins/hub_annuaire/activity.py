"""Lines of the activity extraction → one row for each place of work."""

from __future__ import annotations

from collections.abc import Iterator

from hub_annuaire import identifiers, names
from hub_annuaire.coded import Codes
from hub_annuaire.comparing import Compared
from hub_annuaire.formats import Header
from hub_annuaire.lines import Lines

Row = tuple[int, str, int, str, int, int, int, str]
"""Line, person, digest, name, profession, specialty, mode, structures."""


def read(lines: Lines, header: Header, compared: Compared, codes: Codes) -> Iterator[Row]:
    """Yield one row for every line that is not held. Raises MalformedError and LimitError.

    Both name line and column.
    """
    (
        own, person, title, family, given, profession, profession_label, skill, skill_label, mode,
        mode_label, siret, siren, finess, legal, technical,
    ) = header.at  # fmt: skip
    before = None
    name = ""
    code = codes.of
    for fields in lines.rows(header.separator, max(header.at) + 1, compared):
        national = fields[person]
        said = national, fields[own], fields[title], fields[family], fields[given]
        if said != before:
            if (wrong := identifiers.wrong_person(national)) is not None:
                raise lines.place(person).malformed("identifier", *wrong)
            if national[1:] != fields[own]:
                raise lines.place(own).malformed("identifiers_differ", *identifiers.DIFFER)
            same = before is not None and before[0] == national
            before, last, name = said, name, names.parts(fields[title], fields[given], fields[family])
            if same and not names.same_person(last, name):
                raise lines.place(family).malformed("person_contradicted", *identifiers.CONTRADICTED)
        site = identifiers.site(
            fields[siret], fields[siren], fields[finess], fields[legal], fields[technical]
        )
        if site is None:
            raise lines.place(_wrong_site(fields, siret, siren, finess, legal, technical)).malformed(
                "structure", "not an identifier of this kind", "pas un identifiant de ce genre"
            )
        yield (
            lines.number,
            national,
            compared.digest,
            name,
            code(fields[profession], fields[profession_label]),
            code(fields[skill], fields[skill_label]),
            code(fields[mode], fields[mode_label]),
            site,
        )


def _wrong_site(fields: list[str], *columns: int) -> int:
    """Return the first column of a place's identifiers that has not its form."""
    for place, column in enumerate(columns):
        alone = ["" if one != place else fields[column] for one in range(len(columns))]
        if identifiers.site(*alone) is None:
            return column
    raise AssertionError
