"""The E-Rezept service's workflow: what may be done with a prescription, by whom, in which state.

Statuses and texts are those of gematik's recorded scenarios; where they show none, the texts are ours.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from hub_eprescription.simulator import dispensing, expecting, fhir, receipts, systems, verifying
from hub_eprescription.simulator.asking import Answer, Asking
from hub_eprescription.simulator.fhir import Resource
from hub_eprescription.simulator.keeping import Kept
from hub_eprescription.simulator.outcomes import (
    DeclinedError,
    Issue,
    declined,
    forbidden,
    invalid,
    missing,
)
from hub_eprescription.simulator.parties import Access, Role
from hub_eprescription.simulator.tasks import Held, State
from hub_eprescription.simulator.verifying import Seal

_DELETED = "Task has already been deleted"


@dataclass(slots=True, kw_only=True)
class Workflow:
    """All prescriptions of the E-Rezept service.

    `prescribers_read` lets a prescriber see the state and the dispensing of what they issued: today's
    service does not. `draw` makes secrets; it is told what for. `consents` are those
    of patients, to bills: a pharmacy sees them when it accepts. `changed` hears of each prescription
    that has changed, `ended` of those that are closed or cancelled.
    """

    kept: Kept
    seal: Seal
    now: Callable[[], datetime]
    base: str = "https://localhost"
    prescribers_read: bool = True
    draw: Callable[[str], str] = lambda _: secrets.token_hex(32)
    consents: dict[str, Resource] = field(default_factory=dict)
    changed: list[Callable[[Held], None]] = field(default_factory=list)
    ended: list[Callable[[Held], None]] = field(default_factory=list)

    def create(self, asking: Asking, access: Access) -> Answer:
        """`POST /Task/$create`: a new number and its access code."""
        expecting.expect_role(access, Role.PRESCRIBER)
        body = asking.resource()
        flow = next(
            (
                fhir.text(one, "valueCoding", "code")
                for one in body.get("parameter") or ()
                if fhir.text(one, "name") == "workflowType"
            ),
            "",
        )
        if body["resourceType"] != "Parameters" or flow not in systems.FLOWS:
            raise invalid(f"Invalid workflowType: known are {', '.join(systems.FLOWS)}")
        now = self.now()
        held = Held(
            number=self.kept.next_number(flow),
            flow=flow,
            state=State.DRAFT,
            access_code=self.draw("access-code"),
            prescriber=access.identifier,
            created_at=now,
            modified_at=now,
        )
        self.kept.put(held)
        location = f"{self.base}/Task/{held.number}"
        return Answer(status=201, resource=held.task(documents=()), headers={"Location": location})

    async def activate(self, asking: Asking, access: Access, number: str) -> Answer:
        """`POST /Task/<id>/$activate`: the signed prescription; from then on it counts."""
        expecting.expect_role(access, Role.PRESCRIBER)
        held = self._held(number)
        expecting.expect_there(held, _DELETED)
        expecting.expect_access_code(held, asking)
        expecting.expect_draft(held)
        checked = await verifying.check(
            expecting.signed(asking.resource()), number, held.flow, self.seal, self.now()
        )
        # two calls may have come at once
        expecting.expect_draft(held)
        held.signed, held.bundle, held.patient = (
            expecting.signed(asking.resource()),
            checked.bundle,
            checked.patient,
        )
        held.accept_by, held.expires_on = checked.accept_by, checked.expires_on
        held.starts_on = checked.starts_on
        self._move(held, State.READY)
        return Answer(resource=held.task(documents=(1, 2)))

    def accept(self, asking: Asking, access: Access, number: str) -> Answer:
        """`POST /Task/<id>/$accept?ac=`: a pharmacy takes it on, and gets its secret."""
        expecting.expect_role(access, Role.PHARMACY)
        held = self._held(number)
        expecting.expect_there(held, "Task meanwhile deleted for prescription id")
        expecting.expect_access_code(held, asking)
        if held.state is not State.READY:
            issues = [Issue(code="conflict", text=f"Task has invalid status {held.state.value}")]
            if held.owner == access.identifier:
                issues.append(Issue(code="conflict", text="Task is processed by requesting institution"))
            raise DeclinedError(409, *issues)
        today = self.now().astimezone(verifying.GERMANY).date()
        if held.starts_on is not None and today < held.starts_on:
            raise forbidden(f"Teilverordnung ab {held.starts_on:%d.%m.%Y} einlösbar.")
        if held.expires_on is not None and today > held.expires_on:
            raise forbidden(f"Verordnung bis {held.expires_on:%d.%m.%Y} einlösbar.")
        held.secret, held.owner, held.accepted_at = self.draw("secret"), access.identifier, self.now()
        self._move(held, State.IN_PROGRESS)
        link = [{"relation": "self", "url": f"{self.base}/Task/{number}/$accept/"}]
        consent = self.consents.get(held.patient or "") if held.flow in systems.PRIVATE else None
        task = held.task(secret=True, documents=(1,))
        return Answer(resource=self._collection(task, link, held.binary(), consent))

    def reject(self, asking: Asking, access: Access, number: str) -> Answer:
        """`POST /Task/<id>/$reject?secret=`: the pharmacy gives it back; what it said of it goes."""
        expecting.expect_role(access, Role.PHARMACY)
        held = self._held(number)
        expecting.expect_there(held, _DELETED)
        if held.state is not State.IN_PROGRESS:
            raise forbidden(f"Task has to be in progress, but is: {held.state.value}")
        expecting.expect_secret(held, asking, "No or invalid secret")
        held.secret = held.owner = held.accepted_at = held.told_at = None
        held.dispensed = []
        self._move(held, State.READY)
        return Answer(status=204)

    def dispense(self, asking: Asking, access: Access, number: str) -> Answer:
        """`POST /Task/<id>/$dispense?secret=`: the pharmacy says what it has dispensed so far."""
        expecting.expect_role(access, Role.PHARMACY)
        held = self._held(number)
        expecting.expect_there(held, _DELETED)
        expecting.expect_secret(held, asking, "No or invalid secret provided for Task")
        if held.state is not State.IN_PROGRESS:
            raise forbidden("Task not in-progress.")
        held.dispensed = dispensing.read(asking.resource(), held)
        held.told_at = self.now()
        self._move(held, State.IN_PROGRESS)
        return Answer(resource=dispensing.searchset(self.base, held.dispensed, self.now()))

    def close(self, asking: Asking, access: Access, number: str) -> Answer:
        """`POST /Task/<id>/$close?secret=`: all is dispensed; the pharmacy gets a receipt."""
        expecting.expect_role(access, Role.PHARMACY)
        held = self._held(number)
        expecting.expect_there(held, _DELETED)
        if held.state is not State.IN_PROGRESS:
            raise forbidden(f"Task has to be in progress, but is: {held.state.value}")
        expecting.expect_secret(held, asking, "No or invalid secret provided for Task")
        if asking.body:
            held.dispensed = dispensing.read(asking.resource(), held)
            held.told_at = self.now()
        if not held.dispensed:
            raise forbidden("Medication dispense does not exist.")
        held.receipt = receipts.made(held, self.now())
        self._move(held, State.COMPLETED)
        for one in self.ended:
            one(held)
        return Answer(resource=held.receipt)

    def abort(self, asking: Asking, access: Access, number: str) -> Answer:
        """`POST /Task/<id>/$abort`: it is cancelled, and forgotten but for its number."""
        held = self._held(number)
        expecting.expect_there(held, _DELETED)
        if access.role is Role.PHARMACY:
            if held.state is not State.IN_PROGRESS:
                raise forbidden(f"Task must be in progress for user pharmacy, is: {held.state.value}")
            expecting.expect_secret(held, asking, "No or invalid secret provided for user pharmacy")
        else:
            if access.role is not Role.PATIENT or held.patient != access.identifier:
                expecting.expect_access_code(held, asking)
            elif held.flow in systems.DIRECT and held.state is not State.COMPLETED:
                raise forbidden(
                    "Abort for patient in workflow types 169 / 209 only allowed for completed Task"
                )
            if held.state is State.IN_PROGRESS:
                raise forbidden(
                    "Task must not be in progress for users other than pharmacy, but is: in-progress"
                )
            if held.state is State.COMPLETED and access.role is Role.PRESCRIBER:
                raise forbidden("Task must not be completed for users other than patient, but is: completed")
        held.erase(self.now())
        self._move(held, State.CANCELLED)
        for one in self.ended:
            one(held)
        return Answer(status=204)

    def look(self, asking: Asking, access: Access, number: str) -> Answer:
        """`GET /Task/<id>`: what its reader may see of it."""
        if access.role is Role.PRESCRIBER and not self.prescribers_read:
            raise expecting.forbidden_endpoint(access)
        held = self._held(number)
        expecting.expect_there(held, _DELETED)
        link = [{"relation": "self", "url": f"{self.base}/Task/{number}"}]
        if access.role is Role.PHARMACY:
            return self._look_as_pharmacy(asking, access, held, link)
        if access.role is Role.PRESCRIBER:
            expecting.expect_access_code(held, asking)
            return Answer(resource=self._collection(held.task(documents=()), link))
        if held.patient != access.identifier:
            expecting.expect_access_code(held, asking)
        task = held.task(access_code=held.flow not in systems.DIRECT, documents=(2,))
        copy = None if held.bundle is None else dict(held.bundle, id=held.named(2))
        return Answer(resource=self._collection(task, link, copy))

    def look_all(self, _: Asking, access: Access) -> Answer:
        """`GET /Task`: a patient's own."""
        expecting.expect_role(access, Role.PATIENT)
        mine = [one for one in self.kept if one.patient == access.identifier]
        entries = [
            {
                "fullUrl": f"{self.base}/Task/{one.number}",
                "resource": one.task(access_code=one.flow not in systems.DIRECT, documents=(2,)),
                "search": {"mode": "match"},
            }
            for one in mine
        ]
        return Answer(resource=dispensing.bundle("searchset", self.now(), entries, total=len(mine)))

    def dispensed(self, asking: Asking, access: Access) -> Answer:
        """`GET /MedicationDispense`: a patient's own; a prescriber's, where they may read."""
        readers = {Role.PATIENT, Role.PRESCRIBER} if self.prescribers_read else {Role.PATIENT}
        expecting.expect_role(access, *readers)
        return Answer(resource=dispensing.search(asking, self.base, self._of(access), self.now()))

    def _of(self, access: Access) -> Iterable[Held]:
        for one in self.kept:
            if access.identifier == (one.patient if access.role is Role.PATIENT else one.prescriber):
                yield one

    def _look_as_pharmacy(self, asking: Asking, access: Access, held: Held, link: list[Resource]) -> Answer:
        secret = asking.value("secret")
        if secret is None:
            expecting.expect_access_code(held, asking)
            if held.state is not State.IN_PROGRESS:
                raise declined(412, "processing", "Task not in-progress.")
            if held.owner != access.identifier:
                raise declined(412, "processing", "Task.owner doesn't match idNumberClaim in ACCESS_TOKEN")
            task = held.task(access_code=False, secret=True, documents=(1,))
            return Answer(resource=self._collection(task, link, held.binary()))
        expecting.expect_secret(held, asking, "No or invalid secret provided for Task")
        documents = (1,) if held.receipt is None else (1, 3)
        task = held.task(access_code=False, secret=True, documents=documents)
        return Answer(resource=self._collection(task, link, held.receipt))

    def _held(self, number: str) -> Held:
        held = self.kept.get(number)
        if held is None:
            raise missing("no such task", number)
        return held

    def _move(self, held: Held, state: State) -> None:
        held.state, held.modified_at = state, self.now()
        self.kept.put(held)
        for one in self.changed:
            one(held)

    def _collection(self, task: Resource, link: list[Resource], *beside: Resource | None) -> Resource:
        entries: list[Resource] = [{"fullUrl": f"{self.base}/Task/{task['id']}", "resource": task}]
        held = (one for one in beside if one is not None)
        entries += [{"fullUrl": f"urn:uuid:{one['id']}", "resource": one} for one in held]
        return dispensing.bundle("collection", self.now(), entries, link=link)
