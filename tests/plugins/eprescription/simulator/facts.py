"""What is compared of a recorded answer and one that the simulator gives."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from hub_eprescription.simulator import fhir
from hub_eprescription.simulator.fhir import Form, Resource
from tests.plugins.eprescription.scenarios import Recorded
from tests.plugins.eprescription.simulator.stage import Heard


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What is to be the same: of an answer, and of its recording."""

    status: int
    kind: str
    says: Any = field(default=None)


@dataclass(slots=True, kw_only=True)
class Played:
    """One exchange that was played."""

    sentence: str
    recorded: Told
    heard: Told


def parsed(one: Recorded) -> Resource:
    """Read a recorded resource."""
    return fhir.read(one.content, Form.JSON if one.is_json else Form.XML)


def target(body: Resource) -> str:
    """Return what a recorded Bundle says that was asked for: path and query of its link `self`."""
    for one in body.get("link") or ():
        if one.get("relation") == "self":
            return re.sub(r"https://[^/]+", "", str(one.get("url")))
    return ""


def recorded(answer: Recorded) -> Told:
    """Return what is to be the same of a recording."""
    return _told(answer.status, parsed(answer))


def told(heard: Heard) -> Told:
    """Return what is to be the same of an answer."""
    return _told(heard.status, heard.resource)


def _told(status: int, body: Resource) -> Told:
    kind = body["resourceType"]
    says: Any = None
    if kind == "OperationOutcome":
        says = [
            (one["severity"], one["code"], fhir.text(one, "details", "text"), one.get("diagnostics"))
            for one in body["issue"]
        ]
    elif kind == "Task":
        says = _task(body)
    elif kind == "Bundle":
        says = _bundle(body)
    return Told(status=status, kind=kind, says=says)


def _bundle(body: Resource) -> Any:
    if target(body).startswith("/Communication"):
        return "messages"
    return (
        fhir.text(body, "type"),
        [_task(one) for one in fhir.entries(body, "Task")],
        [one["id"] for one in fhir.entries(body, "MedicationDispense")],
        [fhir.text(one, "whenHandedOver") for one in fhir.entries(body, "MedicationDispense")],
        [fhir.text(one, "status") for one in fhir.entries(body, "Consent")],
        [fhir.text(one, "title") for one in fhir.entries(body, "Composition")],
        [one["id"] for one in fhir.entries(body, "ChargeItem")],
    )


def _task(body: Resource) -> Any:
    """Return what counts of a Task: all but the moment of its last change and the ids of its documents."""
    days = {
        fhir.text(one, "url").rpartition("_")[2]: one["valueDate"]
        for one in body.get("extension") or ()
        if "valueDate" in one
    }
    return (
        body["id"],
        body["status"],
        sorted((one["system"], one["value"]) for one in body["identifier"]),
        fhir.text(body, "for", "identifier", "value"),
        fhir.text(body, "owner", "identifier", "value"),
        fhir.text(body, "extension", 0, "valueCoding", "display"),
        days,
    )
