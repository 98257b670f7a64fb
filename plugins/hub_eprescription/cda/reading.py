"""An eP-MED-DM as people read it, and what the hub must know of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from hub.domain.party import Identifier
from hub.domain.prescription import PrescriptionView
from hub.errors import InputError
from hub_eprescription.cda import faults, header, lines, markup, moments, number, recognising
from hub_eprescription.cda.markup import Element
from hub_eprescription.cda.moments import Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Prescription:
    """A prescription that was read.

    `document` is the document's id, `series` that of all its versions, `version` its number among them,
    `model` the version of the model that it follows. `until` is when its validity ends, None when it does not
    say. `responsible` are the identifiers of whose prescription it is.
    """

    view: PrescriptionView = field(repr=False)
    document: str
    series: str | None
    version: int
    model: str
    until: Moment | None
    responsible: frozenset[Identifier] = field(repr=False)

    def check_valid(self, now: datetime) -> None:
        """Raise InputError `prescription.expired` when its validity is past."""
        if self.until is not None and self.until.ends <= now:
            raise faults.expired(self.until.day)


def read(content: bytes, versions: frozenset[str]) -> Prescription:
    """Read a prescription. Raises InputError, with words that tell the prescriber what to change."""
    root = markup.parse(content)
    found = recognising.prescription(root, versions)
    head, event = header.read(root), _event(root)
    until = _until(event)
    # Only to refuse one that is broken before anything is issued.
    number.code(root)
    view = PrescriptionView(
        number=number.epu(event),
        authored_on=head.written.day,
        valid_until=None if until is None else until.day,
        patient=head.patient,
        patient_identifiers=head.patient_identifiers,
        born=head.born,
        prescriber=head.author,
        prescriber_identifiers=head.author_identifiers,
        organisation=head.organisation,
        medicines=lines.read(root),
    )
    return Prescription(
        view=view,
        document=head.document,
        series=head.series,
        version=head.version,
        model=found.version,
        until=until,
        responsible=head.responsible,
    )


def _event(root: Element) -> Element:
    found = [
        one
        for one in markup.each(root, "documentationOf/serviceEvent")
        if markup.attribute(one, "code", "code") == recognising.PRESCRIPTION_CODE
    ]
    if len(found) != 1:
        raise _no_event()
    return found[0]


def _no_event() -> InputError:
    return faults.malformed(
        f"it does not document one prescription (serviceEvent with code {recognising.PRESCRIPTION_CODE})",
        f"il ne documente pas une ordonnance (serviceEvent de code {recognising.PRESCRIPTION_CODE})",
    )


def _until(event: Element) -> Moment | None:
    high = markup.find(event, "effectiveTime/high")
    if high is None or (high.get("nullFlavor") and not high.get("value")):
        return None
    return moments.parse(str(high.get("value", "")), "the end of the validity", "la fin de la validité")
