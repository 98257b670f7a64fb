"""What a pharmacy reports through EPS: a `dispense-notification` about one prescription."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import uuid4

from hub_eprescription.simulator import fhir
from hub_eprescription.simulator.fhir import Resource
from hub_eprescription.simulator.spine_names import (
    BUSINESS,
    DISPENSE_TYPE,
    DISPLAYS,
    EVENT,
    NHS_NUMBER,
    ODS,
    REASON,
    TASK_STATUS,
    UUIDS,
    Business,
)
from hub_eprescription.simulator.spine_orders import Order

PHARMACY: Final = "VNE51"
"""The ODS code of the pharmacy that is played."""
_TYPES: Final = {
    Business.DISPENSED: ("0001", "Item fully dispensed"),
    Business.ACTIVE: ("0003", "Item dispensed - partial"),
    Business.NOT_DISPENSED: ("0002", "Item not dispensed"),
}
_KEPT: Final = (
    "identifier",
    "status",
    "intent",
    "medicationCodeableConcept",
    "groupIdentifier",
    "dosageInstruction",
)
_HELD: Final = ("0008", "Item with dispenser")


def notification(order: Order, now: datetime) -> Resource:
    """Return a message that says how a prescription stands, item by item."""
    told = now.isoformat(timespec="seconds")
    sender = {"identifier": {"system": ODS, "value": PHARMACY}, "display": "Pharmacie simulée"}
    message = str(uuid4())
    entries = [
        {"fullUrl": f"urn:uuid:{uuid4()}", "resource": _dispense(order, one, told)}
        for one in fhir.entries(order.bundle, "MedicationRequest")
    ]
    header: Resource = {
        "resourceType": "MessageHeader",
        "eventCoding": {"system": EVENT, "code": "dispense-notification", "display": "Dispense Notification"},
        "sender": sender,
        "source": {"endpoint": "urn:simulator:pharmacy"},
        "reason": {"coding": [{"system": REASON, "code": "notification", "display": "Notification"}]},
        "response": {"identifier": order.message, "code": "ok"},
        "focus": [{"reference": one["fullUrl"]} for one in entries],
    }
    return {
        "resourceType": "Bundle",
        "id": message,
        "timestamp": told,
        "identifier": {"system": UUIDS, "value": message},
        "type": "message",
        "entry": [{"fullUrl": f"urn:uuid:{uuid4()}", "resource": header}, *entries],
    }


def _dispense(order: Order, request: Resource, told: str) -> Resource:
    code, display = _TYPES.get(order.status, _HELD)
    status = {"system": BUSINESS, "code": order.status.value, "display": DISPLAYS[order.status]}
    return {
        "resourceType": "MedicationDispense",
        "contained": [
            {
                "resourceType": "MedicationRequest",
                "id": "m1",
                **{name: request[name] for name in _KEPT if name in request},
            }
        ],
        "extension": [{"url": TASK_STATUS, "valueCoding": status}],
        "status": "completed" if code == "0001" else "in-progress",
        "medicationCodeableConcept": request.get("medicationCodeableConcept"),
        "subject": {"type": "Patient", "identifier": {"system": NHS_NUMBER, "value": order.patient}},
        "authorizingPrescription": [{"reference": "#m1"}],
        "type": {"coding": [{"system": DISPENSE_TYPE, "code": code, "display": display}]},
        "whenHandedOver": told,
    }
