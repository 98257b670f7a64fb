"""How a directory entry stands in JSON: in the API's answers and in the program's.

Certificates are counted, not shown: they are for the hub to encrypt with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import date

    from hub.ports.directory import Coded, Entry


def as_json(one: Entry) -> dict[str, Any]:
    """Return an entry's members; what is not known is `null`."""
    return {
        "address": str(one.address),
        "mailbox": one.mailbox.value,
        "kind": one.kind.value,
        "name": one.name,
        "identifiers": [{"system": each.system, "value": each.value} for each in one.identifiers],
        "standing": one.standing.value,
        "since": _day(one.since),
        "until": _day(one.until),
        "answers_for": one.answers_for or None,
        "profession": _coded(one.profession) if one.profession else None,
        "specialties": [_coded(each) for each in one.specialties],
        "structure": one.structure or None,
        "service": one.service or None,
        "town": one.town or None,
        "unlisted": one.unlisted,
        "certificates": len(one.certificates),
        "source": one.source,
    }


def _coded(one: Coded) -> dict[str, str]:
    return {"code": one.code, "label": one.label}


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
