"""What of a mailbox can be searched for: the listed ones that can be written to, now or some day."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any, Final

from hub.ports.directory import Coded, MailboxKind, Standing
from hub_annuaire import coded, standing
from hub_annuaire.looking import index
from hub_annuaire.moment import Moment

KINDS: Final = {
    "PER": MailboxKind.PERSONAL,
    "CAB": MailboxKind.PRACTICE,
    "ORG": MailboxKind.ORGANISATIONAL,
    "APP": MailboxKind.APPLICATION,
}

_COLUMNS: Final = (
    "key, address, name, type, verdicts, profession, specialties, structure, service, town, postcode"
)


def show_all(moment: Moment) -> None:
    """Put every mailbox into an empty index. Raises sqlite3.Error."""
    rows = moment.connection.execute(f"SELECT {_COLUMNS} FROM main.mailbox WHERE listed")  # noqa: S608 - our own columns
    index.add(moment.connection, _shown(moment, rows))


def show(moment: Moment, keys: Sequence[str]) -> None:
    """Bring some mailboxes up to date in the index. Raises sqlite3.Error."""
    index.remove(moment.connection, keys)
    statement = f"SELECT {_COLUMNS} FROM main.mailbox WHERE key = ? AND listed"  # noqa: S608 - our own columns
    rows = [row for key in keys for row in moment.connection.execute(statement, (key,))]
    index.add(moment.connection, list(_shown(moment, iter(rows))))


def _shown(moment: Moment, rows: Iterator[tuple[Any, ...]] | sqlite3.Cursor) -> Iterator[index.Shown]:
    codes = coded.read(moment.connection)
    for (
        key,
        address,
        name,
        type_,
        verdicts,
        profession,
        specialties,
        structure,
        service,
        town,
        postcode,
    ) in rows:
        if verdicts != Standing.ACTIVE.value and Standing.ACTIVE not in standing.reach(
            standing.read_back(verdicts), moment.day
        ):
            continue
        yield index.Shown(
            key=key,
            address=address,
            name=name,
            profession=_label(codes, profession),
            specialties=" ".join(_label(codes, int(one)) for one in specialties.split()),
            structure=structure,
            service=service,
            town=town,
            postcode=postcode,
            mailbox=KINDS[type_],
        )


def _label(codes: dict[int, Coded], number: int) -> str:
    return codes[number].label if number else ""
