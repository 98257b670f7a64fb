"""What pharmacies say they have dispensed: read on the way in, searched on the way out."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from typing import Final
from urllib.parse import quote
from uuid import uuid4

from hub_eprescription.simulator import fhir, systems
from hub_eprescription.simulator.asking import Asking
from hub_eprescription.simulator.fhir import Resource
from hub_eprescription.simulator.outcomes import invalid
from hub_eprescription.simulator.tasks import Held, moment

MOST: Final = 50
"""Matches on a page, at most, as the service has it."""
_KIND: Final = "MedicationDispense"


def read(body: Resource, held: Held) -> list[Resource]:
    """Return MedicationDispense and Medication resources, named as the service names them.

    Takes Parameters (`rxDispensation`), a Bundle, or one MedicationDispense. Raises DeclinedError.
    """
    resources = list(_resources(body))
    dispenses = [one for one in resources if one.get("resourceType") == _KIND]
    medications = {str(one.get("id")): one for one in resources if one.get("resourceType") == "Medication"}
    if not dispenses:
        raise invalid("FHIR-Validation error", "no MedicationDispense in the request")
    made: list[Resource] = []
    beside: list[Resource] = []
    for place, one in enumerate(dispenses):
        if fhir.identified(one.get("identifier"), systems.PRESCRIPTION_ID) != held.number:
            raise invalid("Prescription-ID of the MedicationDispense is not the Task's")
        if not fhir.text(one, "whenHandedOver"):
            raise invalid("FHIR-Validation error", "MedicationDispense.whenHandedOver is missing")
        dispense = dict(one, id=held.number if place == 0 else f"{held.number}-{place}")
        reference = fhir.text(one, "medicationReference", "reference")
        medication = medications.get(reference.rpartition("/")[2].removeprefix("urn:uuid:"))
        if medication is not None:
            beside.append(medication)
            dispense["medicationReference"] = {"reference": f"urn:uuid:{medication['id']}"}
        made.append(dispense)
    return made + beside


def _resources(body: Resource) -> Iterable[Resource]:
    kind = body.get("resourceType")
    if kind == _KIND:
        yield body
        yield from body.get("contained") or ()
    elif kind == "Bundle":
        for entry in body.get("entry") or ():
            if isinstance(entry, dict) and isinstance(entry.get("resource"), dict):
                yield from _resources(entry["resource"])
    elif kind == "Parameters":
        for parameter in body.get("parameter") or ():
            for part in (parameter, *(parameter.get("part") or ())):
                if isinstance(part.get("resource"), dict):
                    yield from _resources(part["resource"])
    else:
        yield body


def searchset(base: str, resources: Sequence[Resource], now: datetime, **beside: object) -> Resource:
    """Return a Bundle of what was dispensed."""
    entries = []
    for one in resources:
        if one["resourceType"] == _KIND:
            url = f"{base}/{_KIND}/{one['id']}"
            entries.append({"fullUrl": url, "resource": one, "search": {"mode": "match"}})
        else:
            entries.append(
                {"fullUrl": f"urn:uuid:{one['id']}", "resource": one, "search": {"mode": "include"}}
            )
    return bundle("searchset", now, entries, **beside)


def bundle(kind: str, now: datetime, entries: Sequence[Resource], **beside: object) -> Resource:
    """Return a Bundle."""
    made: Resource = {"resourceType": "Bundle", "id": str(uuid4()), "type": kind, "timestamp": moment(now)}
    made.update({name: value for name, value in beside.items() if value is not None})
    if entries:
        made["entry"] = list(entries)
    return made


def search(asking: Asking, base: str, tasks: Iterable[Held], now: datetime) -> Resource:
    """Answer `GET /MedicationDispense`: filtered, sorted, paged. Raises DeclinedError.

    Filters: `whenhandedover` and `whenprepared` (with FHIR's prefixes), `identifier`, `performer`.
    `_sort` is `whenhandedover` or `-whenhandedover`; `_count` and `__offset` page.
    """
    found = [
        (one, held)
        for held in tasks
        for one in held.dispensed
        if one["resourceType"] == _KIND and _fits(asking, one)
    ]
    found.sort(key=lambda each: (fhir.text(each[0], "whenHandedOver"), each[1].told_at or now, each[0]["id"]))
    if (asking.value("_sort") or "").startswith("-"):
        found.reverse()
    count, offset = _number(asking, "_count", MOST) or MOST, _number(asking, "__offset", 0)
    page = found[offset : offset + count]
    resources = [one for one, _ in page]
    wanted = {
        fhir.text(one, "medicationReference", "reference").removeprefix("urn:uuid:") for one in resources
    }
    beside: list[Resource] = []
    for _, held in page:
        for one in held.dispensed:
            if one["resourceType"] != _KIND and one.get("id") in wanted and one not in beside:
                beside.append(one)
    links = [{"relation": "self", "url": _url(asking, base, count, offset)}]
    if offset + count < len(found):
        links.append({"relation": "next", "url": _url(asking, base, count, offset + count)})
    return searchset(base, resources + beside, now, total=len(found), link=links)


def _url(asking: Asking, base: str, count: int, offset: int) -> str:
    kept = [(name, value) for name, value in asking.query if name not in {"_count", "__offset"}]
    kept += [("_count", str(count)), ("__offset", str(offset))]
    query = "&".join(f"{name}={quote(value, safe=':/|,-')}" for name, value in kept)
    return f"{base}/{_KIND}?{query}"


def _fits(asking: Asking, dispense: Resource) -> bool:
    for name, member in (("whenhandedover", "whenHandedOver"), ("whenprepared", "whenPrepared")):
        if not all(_in_time(value, fhir.text(dispense, member)) for value in asking.values(name)):
            return False
    identifier = asking.value("identifier")
    if identifier is not None:
        system, _, value = identifier.rpartition("|")
        if fhir.identified(dispense.get("identifier"), system or systems.PRESCRIPTION_ID) != value:
            return False
    performer = asking.value("performer")
    actor = fhir.text(dispense, "performer", 0, "actor", "identifier", "value")
    return performer is None or performer.rpartition("|")[2] == actor


_COMPARED: Final[dict[str, Callable[[date, date], bool]]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
    "sa": operator.gt,
    "eb": operator.lt,
}


def _in_time(wanted: str, found: str) -> bool:
    prefix, rest = (wanted[:2], wanted[2:]) if wanted[:2] in _COMPARED else ("eq", wanted)
    try:
        day, bound = date.fromisoformat(found[:10]), date.fromisoformat(rest[:10])
    except ValueError as error:
        raise invalid("Invalid value of a date parameter") from error
    return _COMPARED[prefix](day, bound)


def _number(asking: Asking, name: str, usual: int) -> int:
    text = asking.value(name)
    if text is None:
        return usual
    if not text.isascii() or not text.isdigit() or len(text) > 6:  # noqa: PLR2004 - a page is no million
        raise invalid(f"Invalid value of {name}")
    number = int(text)
    return min(number, MOST) if name == "_count" else number
