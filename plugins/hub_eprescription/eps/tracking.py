"""How a prescription stands, by the service's Task search (`GET Task?focus:identifier=`)."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from hub.domain.prescription import PrescriptionState
from hub_eprescription.eps import names, reading, statuses
from hub_eprescription.eps.reading import at, coded, text


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracked:
    """What the service says of one prescription. `patient` is the NHS number that it has it for."""

    state: PrescriptionState
    patient: str


def path(number: str) -> str:
    """Return what is asked for, below the service's address."""
    return f"Task?focus:identifier={quote(f'{names.NUMBER}|{number}', safe='')}"


def read(body: bytes, number: str) -> Tracked | None:
    """Return what an answer says of this prescription; None when it says nothing. Raises MalformedError."""
    value = reading.load(body)
    tasks = [value] if value.get("resourceType") == "Task" else list(reading.of(value).of("Task"))
    for task in tasks:
        for named in (at(task, "focus", "identifier"), at(task, "groupIdentifier")):
            if text(named, "system") == names.NUMBER and text(named, "value") == number:
                status = coded(at(task, "businessStatus"), names.BUSINESS_STATUS)
                return Tracked(
                    state=statuses.BUSINESS.get(text(status, "code"), PrescriptionState.UNKNOWN),
                    patient=text(task, "for", "identifier", "value"),
                )
    return None
