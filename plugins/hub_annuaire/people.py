"""What an import means for each person whose lines or stated standing it changes.

Their history is written, and who may bear a mailbox that must be made anew is put into `staging.moved`.
In the first import nobody has a history, so only contradictions are looked for.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from hub_annuaire import comparing
from hub_annuaire.crossing import Crossing, check_names
from hub_annuaire.moment import Moment

_TABLES: Final = ("activity", "skill", "qualification")
_STATED: Final = "id, standing, since, until"
_TOUCHED: Final = f"""
SELECT person FROM staging.new_activity UNION SELECT person FROM staging.old_activity
UNION SELECT person FROM staging.new_skill UNION SELECT person FROM staging.old_skill
UNION SELECT person FROM staging.new_qualification UNION SELECT person FROM staging.old_qualification
UNION SELECT id FROM (SELECT {_STATED} FROM staging.stated EXCEPT SELECT {_STATED} FROM main.stated)
UNION SELECT id FROM (SELECT {_STATED} FROM main.stated EXCEPT SELECT {_STATED} FROM staging.stated)
"""  # noqa: S608 - our own columns


def apply(moment: Moment, file: str) -> None:
    """Bring the persons' tables up to date. `file` names the activity file in an error.

    Raises MalformedError and sqlite3.Error.
    """
    connection = moment.connection
    if not moment.first:
        for table in _TABLES:
            connection.execute(f"CREATE INDEX staging.by_person_new_{table} ON new_{table} (person)")
            connection.execute(f"CREATE INDEX staging.by_person_old_{table} ON old_{table} (person)")
        crossing = Crossing(moment, file)
        for (person,) in connection.execute(_TOUCHED):
            crossing.take(person)
    for table in _TABLES:
        comparing.apply(connection, table, "person")
    connection.execute("DELETE FROM main.stated")
    connection.execute("INSERT INTO main.stated SELECT * FROM staging.stated")
    if moment.first:
        _check_all_names(connection, file)
        _miss(moment)


def _miss(moment: Moment) -> None:
    """Note who was in the database that could not be gone on from, and who is back."""
    connection, day = moment.connection, moment.day.isoformat()
    connection.execute(
        "INSERT OR IGNORE INTO main.person SELECT person, ?, NULL, ? FROM staging.former "
        "WHERE person NOT IN (SELECT person FROM main.activity)",
        (day, moment.number),
    )
    connection.execute(
        "INSERT OR IGNORE INTO absence SELECT id, gone, ? FROM person "
        "WHERE gone <= ? AND id IN (SELECT person FROM activity)",
        (moment.last_absent().isoformat(), moment.last_absent().isoformat()),
    )
    connection.execute(
        "UPDATE person SET gone = NULL, opened = ? WHERE id IN (SELECT person FROM activity)",
        (moment.number,),
    )


def _check_all_names(connection: sqlite3.Connection, file: str) -> None:
    doubled = connection.execute("SELECT person FROM activity GROUP BY person HAVING min(name) <> max(name)")
    for (person,) in doubled:
        rows = connection.execute("SELECT DISTINCT name FROM activity WHERE person = ?", (person,))
        check_names(connection, file, person, {name for (name,) in rows})
