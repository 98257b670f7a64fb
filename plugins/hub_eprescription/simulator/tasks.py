"""One prescription as the E-Rezept service holds it: a FHIR Task, from `draft` to its end."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from hub_eprescription.simulator import systems
from hub_eprescription.simulator.fhir import Resource


class State(StrEnum):
    """`Task.status`."""

    DRAFT = "draft"
    READY = "ready"
    IN_PROGRESS = "in-progress"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


@dataclass(slots=True, kw_only=True)
class Held:
    """One prescription. `prescriber` and `owner` are telematik ids, `patient` an insurance number.

    `signed` is what was activated, byte for byte, and `bundle` what it envelops, as it was read. `starts_on`
    is set for parts of a multiple prescription. `dispensed` holds MedicationDispense and Medication
    resources; `told_at` is when they came.
    """

    number: str
    flow: str
    state: State
    access_code: str = field(repr=False)
    prescriber: str
    created_at: datetime
    modified_at: datetime
    secret: str | None = field(default=None, repr=False)
    patient: str | None = field(default=None, repr=False)
    owner: str | None = None
    signed: bytes | None = field(default=None, repr=False)
    bundle: Resource | None = field(default=None, repr=False)
    accept_by: date | None = None
    expires_on: date | None = None
    starts_on: date | None = None
    accepted_at: datetime | None = None
    told_at: datetime | None = None
    dispensed: list[Resource] = field(default_factory=list, repr=False)
    receipt: Resource | None = field(default=None, repr=False)

    def named(self, what: int) -> str:
        """Return the id of one of its documents: 1 the signed one, 2 the patient's copy, 3 the receipt."""
        return str(uuid5(NAMESPACE_URL, f"{self.number}/{what}"))

    def erase(self, now: datetime) -> None:
        """Cancel it: nothing stays but its number."""
        self.state, self.modified_at = State.CANCELLED, now
        self.access_code, self.secret, self.patient, self.signed = "", None, None, None
        self.bundle, self.receipt, self.dispensed = None, None, []

    def task(self, *, access_code: bool = True, secret: bool = False, documents: tuple[int, ...]) -> Resource:
        """Return the FHIR Task, with what its reader may see."""
        identifiers = [_official(systems.PRESCRIPTION_ID, self.number)]
        if access_code:
            identifiers.append(_official(systems.ACCESS_CODE, self.access_code))
        if secret and self.secret is not None:
            identifiers.append(_official(systems.SECRET, self.secret))
        task: Resource = {
            "resourceType": "Task",
            "id": self.number,
            "meta": systems.profile("Task"),
            "extension": self._extensions(),
            "identifier": identifiers,
            "status": self.state.value,
            "intent": "order",
        }
        if self.patient is not None:
            task["for"] = {"identifier": {"system": systems.KVNR, "value": self.patient}}
        task["authoredOn"] = moment(self.created_at)
        task["lastModified"] = moment(self.modified_at)
        dispenser = _INSURANCE if self.flow == systems.HEALTH_APPS else _PHARMACY
        task["performerType"] = [_performer(*dispenser)]
        if self.owner is not None:
            task["owner"] = {"identifier": {"system": systems.TELEMATIK_ID, "value": self.owner}}
        if inputs := [self._document(one) for one in documents if one in {1, 2}]:
            task["input"] = inputs
        if outputs := [self._document(one) for one in documents if one not in {1, 2}]:
            task["output"] = outputs
        return task

    def _extensions(self) -> list[Resource]:
        coding = {"system": systems.FLOW, "code": self.flow}
        if (display := systems.FLOWS[self.flow]) is not None:
            coding["display"] = display
        found: list[Resource] = [{"url": f"{systems.EXTENSION}PrescriptionType", "valueCoding": coding}]
        for name, day in (("ExpiryDate", self.expires_on), ("AcceptDate", self.accept_by)):
            if day is not None:
                found.append({"url": f"{systems.EXTENSION}{name}", "valueDate": day.isoformat()})
        if self.told_at is not None and self.dispensed:
            found.append(
                {"url": f"{systems.EXTENSION}LastMedicationDispense", "valueInstant": moment(self.told_at)}
            )
        return found

    def _document(self, what: int) -> Resource:
        coding = [{"system": systems.DOCUMENT, "code": str(what)}]
        return {"type": {"coding": coding}, "valueReference": {"reference": self.named(what)}}

    def binary(self) -> Resource:
        """Return the signed prescription, as it was activated."""
        return {
            "resourceType": "Binary",
            "id": self.named(1),
            "meta": {"versionId": "1", **systems.profile("Binary")},
            "contentType": "application/pkcs7-mime",
            "data": base64.b64encode(self.signed or b"").decode("ascii"),
        }


_PHARMACY: Final = ("1.2.276.0.76.4.54", "Öffentliche Apotheke")
_INSURANCE: Final = ("1.2.276.0.76.4.59", "Kostenträger")


def _performer(oid: str, name: str) -> Resource:
    coding = {"system": systems.ORGANIZATION, "code": f"urn:oid:{oid}", "display": name}
    return {"coding": [coding], "text": name}


def moment(at: datetime) -> str:
    """Return an instant as the service writes it."""
    return at.isoformat(timespec="milliseconds")


def _official(system: str, value: str) -> Resource:
    return {"use": "official", "system": system, "value": value}


def spelt(held: Held) -> dict[str, Any]:
    """Return a prescription as JSON values; `told` reads them."""
    found: dict[str, Any] = {}
    for one in fields(Held):
        value = getattr(held, one.name)
        if isinstance(value, datetime | date):
            value = value.isoformat()
        elif isinstance(value, bytes):
            value = base64.b64encode(value).decode("ascii")
        found[one.name] = value
    return found


def told(found: Mapping[str, Any]) -> Held:
    """Read what `spelt` wrote. Raises ValueError, KeyError, TypeError."""
    values = dict(found)
    values["state"] = State(values["state"])
    for name in ("created_at", "modified_at", "accepted_at", "told_at"):
        if values[name] is not None:
            values[name] = datetime.fromisoformat(values[name])
    for name in ("accept_by", "expires_on", "starts_on"):
        if values[name] is not None:
            values[name] = date.fromisoformat(values[name])
    if values["signed"] is not None:
        values["signed"] = base64.b64decode(values["signed"], validate=True)
    return Held(**values)
