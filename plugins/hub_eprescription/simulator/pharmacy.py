"""Plays the pharmacy, for who has none at hand: takes a prescription on, gives it back, dispenses it."""

from __future__ import annotations

from uuid import uuid4

from hub_eprescription.simulator import fhir, systems, verifying
from hub_eprescription.simulator.asking import Asking
from hub_eprescription.simulator.fhir import Form, Resource
from hub_eprescription.simulator.gematik import Workflow
from hub_eprescription.simulator.parties import Access, Role
from hub_eprescription.simulator.spine import Spine
from hub_eprescription.simulator.spine_names import Business
from hub_eprescription.simulator.tasks import Held

ACCESS = Access(token="", role=Role.PHARMACY, identifier="3-pharmacie-simulee-01", name="Pharmacie simulée")
"""Who dispenses here. Nobody can use the token: an empty one is never taken."""


class Pharmacy:
    """A pharmacy that knows every code, of both services: a number says whose it is.

    Raises DeclinedError as the services do, KeyError for no number.
    """

    def __init__(self, service: Workflow, spine: Spine) -> None:
        self._service = service
        self._spine = spine

    def claim(self, number: str) -> None:
        """Take a prescription on."""
        if self._move(number, Business.WITH_DISPENSER):
            return
        asking = Asking(method="POST", path="", query=(("ac", self._held(number).access_code),))
        self._service.accept(asking, ACCESS, number)

    def reject(self, number: str) -> None:
        """Give it back."""
        if not self._move(number, Business.TO_BE_DISPENSED):
            self._service.reject(self._asking(number), ACCESS, number)

    def abort(self, number: str) -> None:
        """End it undispensed, as a pharmacy may while it holds it."""
        if not self._move(number, Business.NOT_DISPENSED):
            self._service.abort(self._asking(number), ACCESS, number)

    def dispense(self, number: str) -> None:
        """Say that something was handed over now; the prescription stays open."""
        if not self._move(number, Business.ACTIVE):
            self._service.dispense(self._asking(number, self._dispensing(number)), ACCESS, number)

    def close(self, number: str) -> None:
        """Dispense all that is prescribed, and end it."""
        if not self._move(number, Business.DISPENSED):
            self._service.close(self._asking(number, self._dispensing(number)), ACCESS, number)

    def _move(self, number: str, status: Business) -> bool:
        """Do it at EPS; false when the number is not of there."""
        if self._spine.orders.get(number) is None:
            return False
        self._spine.move(number, status)
        return True

    def _held(self, number: str) -> Held:
        held = self._service.kept.get(number)
        if held is None:
            raise KeyError(number)
        return held

    def _asking(self, number: str, body: Resource | None = None) -> Asking:
        secret = self._held(number).secret or ""
        return Asking(
            method="POST",
            path="",
            query=(("secret", secret),),
            headers={"content-type": Form.JSON.value},
            body=b"" if body is None else fhir.write(body, Form.JSON),
        )

    def _dispensing(self, number: str) -> Resource:
        held = self._held(number)
        today = self._service.now().astimezone(verifying.GERMANY).date().isoformat()
        parts: list[Resource] = []
        bundle = held.bundle or {}
        concepts = [one.get("code") for one in fhir.entries(bundle, "Medication")]
        concepts += [one.get("codeCodeableConcept") for one in fhir.entries(bundle, "DeviceRequest")]
        for concept in concepts:
            name = str(uuid4())
            medication = {
                "resourceType": "Medication",
                "id": name,
                "meta": systems.profile("Medication"),
                "code": concept or {"text": "?"},
            }
            dispense = {
                "resourceType": "MedicationDispense",
                "id": str(uuid4()),
                "meta": systems.profile("MedicationDispense"),
                "identifier": [{"system": systems.PRESCRIPTION_ID, "value": number}],
                "status": "completed",
                "medicationReference": {"reference": f"Medication/{name}"},
                "subject": {"identifier": {"system": systems.KVNR, "value": held.patient}},
                "performer": [
                    {"actor": {"identifier": {"system": systems.TELEMATIK_ID, "value": ACCESS.identifier}}}
                ],
                "whenHandedOver": today,
                "quantity": {"value": 1, "system": "http://unitsofmeasure.org", "code": "{Package}"},
            }
            parts.append(
                {
                    "name": "rxDispensation",
                    "part": [
                        {"name": "medicationDispense", "resource": dispense},
                        {"name": "medication", "resource": medication},
                    ],
                }
            )
        return {"resourceType": "Parameters", "parameter": parts}
