"""Messages between patients and pharmacies about a prescription (`/Communication`)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from urllib.parse import urlencode
from uuid import uuid4

from hub_eprescription.simulator import dispensing, fhir, systems
from hub_eprescription.simulator.asking import Answer, Asking
from hub_eprescription.simulator.fhir import Resource
from hub_eprescription.simulator.gematik import Workflow
from hub_eprescription.simulator.outcomes import forbidden, invalid, missing
from hub_eprescription.simulator.parties import Access, Role
from hub_eprescription.simulator.tasks import Held, State, moment

_TASK: Final = re.compile(r"(?:Task|ChargeItem)/(\d{3}(?:\.\d{3}){4}\.\d{2})(?:[/?]|$)")
_OPEN: Final = frozenset({State.READY, State.IN_PROGRESS})


@dataclass(slots=True, kw_only=True)
class Message:
    """One message. `number` is the prescription that it is about."""

    id: str
    number: str
    sender: str
    recipient: str
    sent_at: datetime
    received_at: datetime | None = None
    resource: Resource = field(repr=False)

    def shown(self) -> Resource:
        """Return it as its readers see it."""
        resource = dict(self.resource, id=self.id, sent=moment(self.sent_at))
        if self.received_at is not None:
            resource["received"] = moment(self.received_at)
        return resource


@dataclass(slots=True, kw_only=True)
class Messages:
    """All messages, in memory. `arrived` hears of whom one is for."""

    service: Workflow
    arrived: list[Callable[[str], None]] = field(default_factory=list)
    _held: dict[str, Message] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.service.ended.append(self._forget)

    def send(self, asking: Asking, access: Access) -> Answer:
        """`POST /Communication`."""
        if access.role is Role.PRESCRIBER:
            raise forbidden(f"endpoint is forbidden for professionOID {access.role.value}")
        body = asking.resource()
        found = _TASK.search(fhir.text(body, "basedOn", 0, "reference"))
        recipient = fhir.pick(body, "recipient", 0, "identifier")
        if body["resourceType"] != "Communication" or found is None or not fhir.text(recipient, "value"):
            raise invalid("FHIR-Validation error", "Communication: error: basedOn and recipient are needed")
        to = fhir.text(recipient, "value")
        if to == access.identifier:
            raise invalid("messages to self are not permitted")
        task = self.service.kept.get(found[1])
        if task is None:
            raise missing("no such task", found[1])
        between_patients = access.role is Role.PATIENT and fhir.text(recipient, "system") in systems.KVNRS
        if between_patients and task.state not in _OPEN:
            raise invalid(
                "Messages between KVNR's are restricted to prescriptions that are ready or in-progress"
            )
        system = systems.KVNR if access.role is Role.PATIENT else systems.TELEMATIK_ID
        sender = {"identifier": {"system": system, "value": access.identifier}}
        message = Message(
            id=str(uuid4()),
            number=found[1],
            sender=access.identifier,
            recipient=to,
            sent_at=self.service.now(),
            resource=dict(body, sender=sender),
        )
        self._held[message.id] = message
        for one in self.arrived:
            one(to)
        return Answer(status=201, resource=message.shown())

    def look_all(self, asking: Asking, access: Access) -> Answer:
        """`GET /Communication`: one's own; `received=NULL` those that were not fetched yet."""
        unread = any(one.lower().removeprefix("eq") == "null" for one in asking.values("received"))
        found = [
            one
            for one in self._held.values()
            if access.identifier in {one.sender, one.recipient} and not (unread and one.received_at)
        ]
        found.sort(key=lambda one: one.sent_at, reverse=(asking.value("_sort") or "").startswith("-"))
        for one in found:
            self._fetched(one, access)
        entries = [
            {
                "fullUrl": f"{self.service.base}/Communication/{one.id}",
                "resource": one.shown(),
                "search": {"mode": "match"},
            }
            for one in found
        ]
        now = self.service.now()
        query = f"?{urlencode(asking.query)}" if asking.query else ""
        link = [{"relation": "self", "url": f"{self.service.base}/Communication{query}"}]
        return Answer(resource=dispensing.bundle("searchset", now, entries, total=len(found), link=link))

    def look(self, _: Asking, access: Access, name: str) -> Answer:
        """`GET /Communication/<id>`."""
        message = self._one(access, name)
        self._fetched(message, access)
        return Answer(resource=message.shown())

    def delete(self, _: Asking, access: Access, name: str) -> Answer:
        """`DELETE /Communication/<id>`, by its sender."""
        message = self._one(access, name)
        if message.sender != access.identifier:
            raise missing("no such communication", name)
        del self._held[name]
        return Answer(status=204)

    def _one(self, access: Access, name: str) -> Message:
        message = self._held.get(name)
        if message is None or access.identifier not in {message.sender, message.recipient}:
            raise missing("no such communication", name)
        return message

    def _fetched(self, message: Message, access: Access) -> None:
        if message.received_at is None and message.recipient == access.identifier:
            message.received_at = self.service.now()

    def _forget(self, held: Held) -> None:
        for one in [one for one in self._held.values() if one.number == held.number]:
            del self._held[one.id]
