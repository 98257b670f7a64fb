"""Lines of one mailbox → the mailbox, with the standing of its bearers.

Where valid lines contradict each other the stricter reading counts: one line of type `PER` makes a
mailbox personal, and a personal mailbox is open only when each of its bearers may practise.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import Final

from hub.ports.directory import Standing
from hub_annuaire import names, standing
from hub_annuaire.identifiers import PERSON_PREFIX, STRUCTURE_PREFIX
from hub_annuaire.mailboxes import TYPES

Mailbox = tuple[str, str, str, str, str, str, str | None, int]
"""A row of the table `mailbox`."""

GONE: Final = 1 << 50
"""Added to the preference of a mailbox that is no longer in the extraction."""

_LINES: Final = """
SELECT line.key, line.address, line.type, line.person, line.structure, line.name, line.service,
  line.paperless, line.position, person.id, person.gone, stated.standing, stated.since
FROM staging.line LEFT JOIN person ON person.id = line.person LEFT JOIN stated ON stated.id = line.person
ORDER BY line.key, line.position
"""


def mailboxes(connection: sqlite3.Connection) -> Iterator[Mailbox]:
    """Yield every mailbox of the staging table once, in the order of keys."""
    for key, lines in groupby(connection.execute(_LINES), key=itemgetter(0)):
        yield _merged(key, list(lines))


def known(id_: str | None, gone: str | None, stated: str | None, since: str | None) -> standing.Known:
    """Read what the tables `person` and `stated` hold of one person."""
    verdict = standing.Verdict.of_row(stated, since) if stated else None
    return standing.Known(
        present=id_ is not None and gone is None,
        gone=date.fromisoformat(gone) if gone else None,
        stated=verdict,
    )


def judged(type_: str, bearers: Iterable[standing.Known]) -> standing.Verdict:
    """Judge a mailbox of a type; those of structures and applications are always open."""
    if type_ == "PER":
        return standing.of_personal([standing.judge(one) for one in bearers])
    if type_ == "CAB":
        return standing.of_practice([standing.judge(one) for one in bearers])
    return standing.Verdict(Standing.ACTIVE)


def _merged(key: str, lines: list[tuple]) -> Mailbox:  # type: ignore[type-arg]
    type_ = min((line[2] for line in lines), key=TYPES.index)
    first = next(line for line in lines if line[2] == type_)
    persons = {line[3]: known(*line[9:13]) for line in lines if line[3]} if type_ in {"PER", "CAB"} else {}
    structures = dict.fromkeys(line[4] for line in lines if line[4]) if type_ != "PER" else {}
    services = {line[6] for line in lines}
    name, service = first[5], ""
    if type_ != "PER" and len(services) == 1:
        service = first[6]
    verdict = judged(type_, persons.values())
    preference = (
        TYPES.index(type_) << 42 | bool(service) << 41 | min(line[7] for line in lines) << 40 | first[8]
    )
    return (
        key,
        first[1],
        type_,
        names.with_service(name, service) or first[1],
        "\n".join([PERSON_PREFIX + one for one in persons] + [STRUCTURE_PREFIX + one for one in structures]),
        *verdict.row(),
        preference,
    )
