"""Bills of the privately insured (`/ChargeItem`), and their consent to have them kept (`/Consent`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from hmac import compare_digest
from typing import Final

from hub_eprescription.simulator import dispensing, fhir, systems
from hub_eprescription.simulator.asking import Answer, Asking
from hub_eprescription.simulator.fhir import Resource
from hub_eprescription.simulator.gematik import Workflow
from hub_eprescription.simulator.outcomes import declined, forbidden, invalid, missing
from hub_eprescription.simulator.parties import Access, Role
from hub_eprescription.simulator.tasks import State, moment

_MARKING: Final = "https://gematik.de/fhir/erpchrg/StructureDefinition/GEM_ERPCHRG_EX_MarkingFlag"
_MARKS: Final = ("insuranceProvider", "subsidy", "taxOffice")


@dataclass(slots=True, kw_only=True)
class Bill:
    """One bill. `code` lets a pharmacy change it once."""

    number: str
    patient: str
    code: str = field(repr=False)
    resource: Resource = field(repr=False)


@dataclass(slots=True, kw_only=True)
class Billing:
    """All bills and consents, in memory."""

    service: Workflow
    _bills: dict[str, Bill] = field(default_factory=dict)

    def consent(self, asking: Asking, access: Access) -> Answer:
        """`POST /Consent`: a patient lets bills be kept."""
        _expect_role(access, Role.PATIENT)
        body = asking.resource()
        if body["resourceType"] != "Consent":
            raise invalid("FHIR-Validation error", "this is no Consent")
        if fhir.text(body, "patient", "identifier", "value") != access.identifier:
            raise forbidden("Consent.patient is somebody else")
        if access.identifier in self.service.consents:
            raise declined(409, "conflict", "charging consent already exists for this kvnr")
        self.agree(access.identifier, body)
        return Answer(status=201, resource=self.service.consents[access.identifier])

    def agree(self, patient: str, consent: Resource) -> None:
        """Note a patient's consent."""
        self.service.consents[patient] = dict(consent, id=f"CHARGCONS-{patient}")

    def consented(self, _: Asking, access: Access) -> Answer:
        """`GET /Consent`: whether a patient has."""
        _expect_role(access, Role.PATIENT)
        found = self.service.consents.get(access.identifier)
        entries = [] if found is None else [{"resource": found, "search": {"mode": "match"}}]
        now = self.service.now()
        return Answer(resource=dispensing.bundle("searchset", now, entries, total=len(entries)))

    def revoke(self, _: Asking, access: Access) -> Answer:
        """`DELETE /Consent`: it ends, and all bills go."""
        _expect_role(access, Role.PATIENT)
        if self.service.consents.pop(access.identifier, None) is None:
            raise missing("Could not find any consent for given KVNR")
        for one in [one for one in self._bills.values() if one.patient == access.identifier]:
            del self._bills[one.number]
        return Answer(status=204)

    def charge(self, asking: Asking, access: Access) -> Answer:
        """`POST /ChargeItem?task=&secret=`: a pharmacy's bill for what it has dispensed."""
        _expect_role(access, Role.PHARMACY)
        number = asking.value("task") or ""
        held = self.service.kept.get(number)
        if held is None or held.state is not State.COMPLETED:
            raise declined(409, "conflict", "Referenced task must be in status 'completed'")
        given = asking.value("secret") or ""
        if held.secret is None or not compare_digest(held.secret.encode(), given.encode()):
            raise forbidden("No or invalid secret provided for referenced Task")
        if held.flow not in systems.PRIVATE:
            raise invalid("Referenced task is not of type PKV")
        if held.patient is None or held.patient not in self.service.consents:
            raise forbidden(
                "Die versicherte Person hat keine Einwilligung im E-Rezept Fachdienst hinterlegt. "
                "Abrechnungsinformation kann nicht gespeichert werden."
            )
        body = asking.resource()
        code = self.service.draw("charge-item")
        bill = Bill(number=number, patient=held.patient, code=code, resource=self._written(body, number))
        self._bills[number] = bill
        return Answer(status=201, resource=bill.resource)

    def look(self, asking: Asking, access: Access, number: str) -> Answer:
        """`GET /ChargeItem/<id>`: by its patient, or a pharmacy that has its code."""
        bill = self._bill(number, access)
        if access.role is Role.PHARMACY:
            _expect_code(bill, asking)
            return Answer(resource=self._whole(bill, bill.resource))
        identifiers = [
            {"system": systems.ACCESS_CODE, "value": bill.code},
            *(bill.resource.get("identifier") or ()),
        ]
        return Answer(resource=self._whole(bill, dict(bill.resource, identifier=identifiers)))

    def change(self, asking: Asking, access: Access, number: str) -> Answer:
        """`PUT /ChargeItem/<id>?ac=`: a pharmacy changes it, once for each code."""
        _expect_role(access, Role.PHARMACY)
        bill = self._bill(number, access)
        _expect_code(bill, asking)
        bill.resource = self._written(asking.resource(), number)
        bill.code = self.service.draw("charge-item")
        return Answer(resource=bill.resource)

    def mark(self, asking: Asking, access: Access, number: str) -> Answer:
        """`PATCH /ChargeItem/<id>`: a patient notes where it was handed in."""
        _expect_role(access, Role.PATIENT)
        bill = self._bill(number, access)
        marks = {}
        for one in asking.resource().get("parameter") or ():
            path, value = "", False
            for part in one.get("part") or ():
                if part.get("name") == "path":
                    path = fhir.text(part, "valueString")
                elif part.get("name") == "value":
                    value = part.get("valueBoolean") is True
            marks.update({name: value for name in _MARKS if f"'{name}'" in path})
        flags = [{"url": name, "valueBoolean": marks.get(name, False)} for name in _MARKS]
        bill.resource = dict(bill.resource, extension=[{"url": _MARKING, "extension": flags}])
        identifiers = [{"system": systems.ACCESS_CODE, "value": bill.code}, *bill.resource["identifier"]]
        return Answer(resource=dict(bill.resource, identifier=identifiers))

    def delete(self, _: Asking, access: Access, number: str) -> Answer:
        """`DELETE /ChargeItem/<id>`, by its patient."""
        _expect_role(access, Role.PATIENT)
        del self._bills[self._bill(number, access).number]
        return Answer(status=204)

    def _bill(self, number: str, access: Access) -> Bill:
        bill = self._bills.get(number)
        if bill is None or (access.role is Role.PATIENT and bill.patient != access.identifier):
            raise missing("no such charge item", number)
        return bill

    def _written(self, body: Resource, number: str) -> Resource:
        if body["resourceType"] != "ChargeItem":
            raise invalid("FHIR-Validation error", "this is no ChargeItem")
        if fhir.identified(body.get("identifier"), systems.PRESCRIPTION_ID) != number:
            raise invalid("ChargeItem.identifier is not the Task's")
        kept = {name: value for name, value in body.items() if name != "contained"}
        return dict(kept, id=number, enteredDate=moment(self.service.now()))

    def _whole(self, bill: Bill, item: Resource) -> Resource:
        entries = [{"fullUrl": f"{self.service.base}/ChargeItem/{bill.number}", "resource": item}]
        held = self.service.kept.get(bill.number)
        beside = [] if held is None else [one for one in (held.bundle, held.receipt) if one is not None]
        entries += [{"fullUrl": f"urn:uuid:{one['id']}", "resource": one} for one in beside]
        return dispensing.bundle("collection", self.service.now(), entries)


def _expect_role(access: Access, role: Role) -> None:
    if access.role is not role:
        raise forbidden(f"endpoint is forbidden for professionOID {access.role.value}")


def _expect_code(bill: Bill, asking: Asking) -> None:
    given = asking.headers.get("x-accesscode") or asking.value("ac") or ""
    if not compare_digest(bill.code.encode(), given.encode()):
        raise forbidden("Provided charge item access code is wrong")
