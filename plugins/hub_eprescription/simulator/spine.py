"""The message interface of NHS EPS: `$prepare`, `$process-message`, the search for a Task.

A transport success is no business success: most answers to a cancel come with 200 and say no inside, as the
published examples do.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from hub_eprescription.simulator import fhir, spine_answers, spine_checks, spine_orders, spine_signing
from hub_eprescription.simulator.asking import Answer, Asking
from hub_eprescription.simulator.fhir import Resource
from hub_eprescription.simulator.outcomes import declined, forbidden
from hub_eprescription.simulator.parties import Access, Role
from hub_eprescription.simulator.spine_names import (
    CANCELS,
    DISPLAYS,
    NUMBER,
    Business,
)
from hub_eprescription.simulator.spine_orders import Order, Orders
from hub_eprescription.simulator.spine_signing import SealError


@dataclass(slots=True, kw_only=True)
class Spine:
    """All prescriptions of the service. `algorithm` is `RS256`, or `RS1` (SHA-1, as R1 has it)."""

    orders: Orders
    now: Callable[[], datetime]
    algorithm: str = "RS256"
    changed: list[Callable[[Order], None]] = field(default_factory=list)

    def prepare(self, asking: Asking, access: Access) -> Answer:
        """`POST $prepare`: what the prescriber is to sign."""
        bundle, headers = spine_checks.message(asking, access)
        spine_checks.expect_event(bundle, "prescription-order")
        spine_checks.validate(bundle)
        timestamp = self.now().isoformat(timespec="seconds")
        info = spine_signing.signed_info(
            spine_signing.digest(bundle, timestamp, self.algorithm), self.algorithm
        )
        given = {
            "digest": base64.b64encode(info).decode("ascii"),
            "timestamp": timestamp,
            "algorithm": self.algorithm,
        }
        parameters = [{"name": name, "valueString": value} for name, value in given.items()]
        resource = {"resourceType": "Parameters", "parameter": parameters}
        return Answer(resource=resource, headers=headers)

    def process(self, asking: Asking, access: Access) -> Answer:
        """`POST $process-message`: an order, or the cancel of one."""
        bundle, headers = spine_checks.message(asking, access)
        event = spine_checks.event(bundle)
        if event == "prescription-order":
            return Answer(resource=self._order(bundle, asking.body), headers=headers)
        if event == "prescription-order-update":
            status, resource = self._update(bundle)
            return Answer(status=status, resource=resource, headers=headers)
        raise spine_checks.invalid("MessageHeader.eventCoding is no event that prescribers send")

    def look(self, asking: Asking, access: Access) -> Answer:
        """`GET Task?focus:identifier=`: how one prescription stands."""
        if access.role is not Role.PRESCRIBER:
            raise forbidden("this user may not look at prescriptions")
        headers = spine_checks.request_id(asking)
        system, _, number = (asking.value("focus:identifier") or "").rpartition("|")
        order = self.orders.get(number) if system in {"", NUMBER} else None
        entries = [] if order is None else [{"resource": spine_answers.task(order, self.now())}]
        resource: Resource = {"resourceType": "Bundle", "type": "searchset", "total": len(entries)}
        if entries:
            resource["entry"] = entries
        return Answer(resource=resource, headers=headers)

    def move(self, number: str, status: Business) -> None:
        """Let a pharmacy do something. One that gives back what is marked for cancelling has it cancelled.

        Raises KeyError for no such number, DeclinedError for what can't be done.
        """
        order = self.orders.get(number)
        if order is None:
            raise KeyError(number)
        if status not in _MOVES[order.status]:
            raise declined(400, "processing", f"prescription is {DISPLAYS[order.status]}")
        if status is Business.TO_BE_DISPENSED and order.marked:
            status = Business.CANCELLED
        self._keep(order, status)

    def _order(self, bundle: Resource, content: bytes) -> Resource:
        message, seal = fhir.text(bundle, "identifier", "value"), hashlib.sha256(content).hexdigest()
        known = self.orders.by_message(message)
        if known is not None:
            if known.seal != seal:
                raise spine_checks.spine(
                    "Unable to process message. Duplicate message identifier with other content"
                )
            return spine_answers.accepted()
        spine_checks.validate(bundle)
        number = spine_orders.number(bundle)
        if not spine_orders.checks(number):
            raise spine_checks.spine(
                "Unable to process message. Information missing or invalid - prescriptionID has invalid "
                "checksum"
            )
        if self.orders.get(number) is not None:
            raise spine_checks.spine("Unable to process message. Duplicate prescription")
        self._verify(bundle)
        self._keep(Order(number=number, message=message, seal=seal, bundle=bundle), Business.TO_BE_DISPENSED)
        return spine_answers.accepted()

    def _verify(self, bundle: Resource) -> None:
        signatures = [
            one for held in fhir.entries(bundle, "Provenance") for one in held.get("signature") or ()
        ]
        if len(signatures) != 1:
            raise spine_checks.invalid("Provenance.signature is missing")
        when = fhir.text(signatures[0], "when")
        expected = spine_signing.digest(bundle, when, self.algorithm)
        try:
            data = base64.b64decode(fhir.text(signatures[0], "data"), validate=True)
            spine_signing.verify(data, expected, self.algorithm)
        except (SealError, ValueError) as error:
            why = str(error) if isinstance(error, SealError) else "the signature is no base64"
            raise spine_checks.spine(f"Unable to process message. Signature is invalid - {why}") from error

    def _update(self, bundle: Resource) -> tuple[int, Resource]:
        requests = fhir.entries(bundle, "MedicationRequest")
        if len(requests) != 1 or fhir.text(requests[0], "status") != "cancelled":
            return 400, spine_answers.cancel_refused("R-5888", "invalid")
        if not fhir.text(requests[0], "statusReason", "coding", 0, "code"):
            return 400, spine_answers.cancel_refused("R-5888", "invalid")
        order = self.orders.get(spine_orders.number(bundle))
        item = spine_orders.item(requests[0])
        if order is None or item not in order.items:
            return 400, spine_answers.cancel_refused("R-0008", "not-found")
        if spine_orders.patient(bundle) != order.patient:
            return 400, spine_answers.cancel_refused("R-5000", "processing")
        if spine_orders.hands(bundle).isdisjoint(order.hands):
            return 200, spine_answers.cancelled(bundle, requests[0], "R-0007", "active", self.now())
        code = "R-0006" if item in order.cancelled_items else CANCELS[order.status]
        if code == "R-0001":
            order.cancelled_items.append(item)
            whole = len(order.cancelled_items) == len(order.items)
            self._keep(order, Business.CANCELLED if whole else order.status)
        elif code in {"R-0002", "R-0003"}:
            order.marked = True
            self._keep(order, order.status)
        gone = code in {"R-0001", "R-0006"}
        status = "cancelled" if gone else "completed" if code in {"R-0004", "R-0010"} else "active"
        return 200, spine_answers.cancelled(bundle, requests[0], code, status, self.now())

    def _keep(self, order: Order, status: Business) -> None:
        order.status = status
        self.orders.put(order)
        for one in self.changed:
            one(order)


_B: Final = Business
_MOVES: Final = {
    _B.TO_BE_DISPENSED: {_B.WITH_DISPENSER, _B.EXPIRED},
    _B.WITH_DISPENSER: {_B.TO_BE_DISPENSED, _B.ACTIVE, _B.DISPENSED, _B.NOT_DISPENSED},
    _B.ACTIVE: {_B.ACTIVE, _B.TO_BE_DISPENSED, _B.DISPENSED},
    _B.EXPIRED: set[Business](),
    _B.CANCELLED: set[Business](),
    _B.DISPENSED: set[Business](),
    _B.NOT_DISPENSED: set[Business](),
}
