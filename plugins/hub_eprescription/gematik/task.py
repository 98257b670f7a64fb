"""A Task as the service answers it: a prescription's number, its access code, how it stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from hub.domain.prescription import PrescriptionState
from hub_eprescription.codes.token import Token
from hub_eprescription.gematik import fhir
from hub_eprescription.gematik.fhir import Node

_STATES: Final = {
    "draft": PrescriptionState.SIGNED,
    "ready": PrescriptionState.ACTIVE,
    "in-progress": PrescriptionState.CLAIMED,
    "completed": PrescriptionState.COMPLETED,
    "cancelled": PrescriptionState.CANCELLED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A Task. `expires_on` is the last day on which it may be dispensed."""

    number: str
    access_code: str | None = field(repr=False)
    workflow: str
    status: str
    expires_on: date | None
    dispensed: bool

    @property
    def state(self) -> PrescriptionState:
        """How it stands in the hub's words. A draft is the hub's own business: signed, or not yet."""
        state = _STATES.get(self.status, PrescriptionState.UNKNOWN)
        if state is PrescriptionState.CLAIMED and self.dispensed:
            return PrescriptionState.PARTLY_DISPENSED
        return state

    @property
    def token(self) -> Token | None:
        """The token of the prescription; None without an access code, or with one of no service."""
        try:
            return (
                None if self.access_code is None else Token(number=self.number, access_code=self.access_code)
            )
        except ValueError:
            return None

    def expires_at(self, zone: ZoneInfo) -> datetime | None:
        """Return when it has expired: the end of its last day where it is to be dispensed."""
        if self.expires_on is None or self.expires_on == date.max:
            return None
        return datetime.combine(self.expires_on + timedelta(days=1), time(), zone)


def of(node: Node) -> Task | None:
    """Read a Task, or the one in a Bundle; None when there is none, or not just one."""
    if node.kind == "Bundle":
        found = [one for one in node.all("entry", "resource") if one.kind == "Task"]
        return of(found[0]) if len(found) == 1 else None
    number = _identifier(node, fhir.NUMBER)
    if node.kind != "Task" or not number or node.text("id") not in {number, ""}:
        return None
    expiry = node.extension(fhir.EXPIRY)
    workflow = next((one.text("valueCoding", "code") for one in _types(node)), number[:3])
    return Task(
        number=number,
        access_code=_identifier(node, fhir.ACCESS_CODE) or None,
        workflow=workflow,
        status=node.text("status"),
        expires_on=None if expiry is None else _day(expiry.text("valueDate")),
        dispensed=node.extension(fhir.LAST_DISPENSE) is not None,
    )


def _types(node: Node) -> list[Node]:
    return [one for one in node.all("extension") if one.text("valueCoding", "system") == fhir.FLOW_TYPE]


def _identifier(node: Node, system: str) -> str:
    return next((one.text("value") for one in node.all("identifier") if one.text("system") == system), "")


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None
