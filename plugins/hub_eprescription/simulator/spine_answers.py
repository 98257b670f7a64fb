"""What EPS answers: accepted, what a cancel came to, how a prescription stands."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import uuid4

from hub_eprescription.simulator import fhir
from hub_eprescription.simulator.fhir import Resource
from hub_eprescription.simulator.outcomes import Issue, outcome
from hub_eprescription.simulator.spine_names import (
    BUSINESS,
    CANCEL_WORDS,
    CANCELLING,
    DISPLAYS,
    EVENT,
    HISTORY,
    NHS_NUMBER,
    NUMBER,
    ODS,
    SPINE,
    UUIDS,
    Business,
)
from hub_eprescription.simulator.spine_orders import Order

_B: Final = Business
_TASKS: Final = {
    _B.TO_BE_DISPENSED: "requested",
    _B.WITH_DISPENSER: "accepted",
    _B.ACTIVE: "in-progress",
    _B.EXPIRED: "failed",
    _B.CANCELLED: "cancelled",
    _B.DISPENSED: "completed",
    _B.NOT_DISPENSED: "rejected",
}


def accepted() -> Resource:
    """Return the answer to an order that counts."""
    return {
        "resourceType": "OperationOutcome",
        "issue": [{"code": "informational", "severity": "information"}],
    }


def cancel_refused(code: str, kind: str) -> Resource:
    """Return the answer to a cancel that is for no prescription here."""
    return outcome([Issue(code=kind, text="", coding=(CANCELLING, code, CANCEL_WORDS[code]))])


def cancelled(asked: Resource, request: Resource, code: str, status: str, now: datetime) -> Resource:
    """Return the answer to a cancel: all that was asked, with what came of it."""
    told = now.isoformat(timespec="seconds")
    history = {
        "url": HISTORY,
        "extension": [
            {
                "url": "status",
                "valueCoding": {"system": CANCELLING, "code": code, "display": CANCEL_WORDS[code]},
            },
            {"url": "statusDate", "valueDateTime": told},
        ],
    }
    answered = dict(request, status=status, extension=[*(request.get("extension") or ()), history])
    sender = fhir.pick(fhir.entries(asked, "MessageHeader"), "sender", "identifier") or {}
    entries = []
    for entry in asked.get("entry") or ():
        resource = entry.get("resource")
        kind = fhir.text(resource, "resourceType")
        if kind == "MessageHeader":
            resource = {
                "resourceType": "MessageHeader",
                "id": str(uuid4()),
                "eventCoding": {
                    "system": EVENT,
                    "code": "prescription-order-response",
                    "display": "Prescription Order Response",
                },
                "destination": [
                    {"endpoint": "urn:nhs-uk:addressing:ods", "receiver": {"identifier": sender}}
                ],
                "sender": {"identifier": {"system": ODS, "value": SPINE}, "display": "Simulator"},
                "source": {"name": "Simulator", "endpoint": "urn:simulator:$process-message"},
                "response": {"identifier": fhir.text(asked, "identifier", "value"), "code": "ok"},
                "focus": fhir.pick(resource, "focus") or [],
            }
        elif kind == "MedicationRequest":
            resource = answered
        entries.append({**entry, "resource": resource})
    return {
        "resourceType": "Bundle",
        "id": str(uuid4()),
        "identifier": {"system": UUIDS, "value": str(uuid4())},
        "type": "message",
        "timestamp": told,
        "entry": entries,
    }


def task(order: Order, now: datetime) -> Resource:
    """Return how a prescription stands."""
    named = {"system": NUMBER, "value": order.number}
    coding = {"system": BUSINESS, "code": order.status.value, "display": DISPLAYS[order.status]}
    return {
        "resourceType": "Task",
        "id": str(uuid4()),
        "identifier": [{"system": UUIDS, "value": order.message}],
        "groupIdentifier": named,
        "status": _TASKS[order.status],
        "businessStatus": {"coding": [coding]},
        "intent": "order",
        "focus": {"identifier": named},
        "for": {"identifier": {"system": NHS_NUMBER, "value": order.patient}},
        "lastModified": now.isoformat(timespec="seconds"),
    }
