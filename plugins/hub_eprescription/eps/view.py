"""A prescription-order Bundle → what people read of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

from hub.domain.party import Identifier
from hub.domain.prescription import Medicine, PrescriptionView
from hub.errors import InputError, Words
from hub_eprescription.eps import names
from hub_eprescription.eps.reading import Bundle, Resource, at, coded, each, extension, malformed, text

MAX_ITEMS: Final = 50


def view(bundle: Bundle) -> PrescriptionView:
    """Return it. Raises InputError for what is no prescription, or names medicines by an unknown system."""
    if bundle.event != names.ORDER:
        raise malformed(
            f"a message of event {names.ORDER} is expected, not {bundle.event or 'something else'}",
            f"un message d'événement {names.ORDER} est attendu, pas {bundle.event or 'autre chose'}",
        )
    requests = list(bundle.of("MedicationRequest"))
    patient = bundle.first("Patient")
    if not requests or len(requests) > MAX_ITEMS or not patient:
        raise malformed(
            f"a patient and 1 to {MAX_ITEMS} MedicationRequests are expected",
            f"un patient et 1 à {MAX_ITEMS} MedicationRequest sont attendus",
        )
    first = requests[0]
    role = bundle.find(text(first, "requester", "reference"))
    practitioner = bundle.find(text(role, "practitioner", "reference")) or at(role, "practitioner")
    return PrescriptionView(
        number=text(first, "groupIdentifier", "value") or None,
        authored_on=_day(text(first, "authoredOn")) or _signed_on(bundle),
        valid_until=_valid_until(requests),
        patient=_name(patient),
        patient_identifiers=tuple(_identifiers(patient)),
        born=_day(text(patient, "birthDate")),
        prescriber=_name(practitioner) or text(practitioner, "display"),
        prescriber_identifiers=tuple(prescriber_identifiers(bundle)),
        organisation=_organisation(bundle, role),
        medicines=tuple(_medicine(bundle, one) for one in requests),
    )


def prescriber_identifiers(bundle: Bundle) -> Iterator[Identifier]:
    """Yield by what the prescriber whom the prescription names is known."""
    role = bundle.find(text(bundle.first("MedicationRequest"), "requester", "reference"))
    practitioner = bundle.find(text(role, "practitioner", "reference"))
    yield from _identifiers(practitioner)
    lent = at(role, "practitioner", "identifier")
    yield from _identifiers({"identifier": [lent]})


def _medicine(bundle: Bundle, request: Resource) -> Medicine:
    concept = at(request, "medicationCodeableConcept")
    if concept is None:
        concept = at(bundle.find(text(request, "medicationReference", "reference")), "code")
    coding = coded(concept, names.SNOMED)
    if not text(coding, "code"):
        found = next((text(one, "system") for one in each(concept, "coding")), "") or "-"
        raise InputError(
            "prescription.code_system",
            Words(
                en=f"A medicine must be named by its dm+d code ({names.SNOMED}); this one's system is "
                f"{found}.",
                fr=f"Un médicament se désigne par son code dm+d ({names.SNOMED}) ; celui-ci relève de "
                f"{found}.",
            ),
            field="MedicationRequest.medicationCodeableConcept.coding.system",
        )
    allowed = at(request, "substitution", "allowedBoolean")
    return Medicine(
        name=text(coding, "display") or text(concept, "text") or text(coding, "code"),
        code=text(coding, "code"),
        system=names.SNOMED,
        dosage="; ".join(one for one in map(_dosage, _in_order(request)) if one),
        quantity=_quantity(request),
        substitution=allowed if isinstance(allowed, bool) else None,
        note=" ".join(text(one, "text") for one in each(request, "note")).strip(),
    )


def _in_order(request: Resource) -> list[Resource]:
    def place(dosage: Resource) -> int:
        sequence = dosage.get("sequence")
        return sequence if isinstance(sequence, int) else 0

    return sorted(each(request, "dosageInstruction"), key=place)


def _dosage(dosage: Resource) -> str:
    more = [text(one, "text") for one in each(dosage, "additionalInstruction")]
    parts = (text(dosage, "text"), text(dosage, "patientInstruction"), *more)
    return ", ".join(dict.fromkeys(one for one in parts if one))


def _quantity(request: Resource) -> str:
    quantity = at(request, "dispenseRequest", "quantity")
    value = at(quantity, "value")
    said = "" if value is None or isinstance(value, bool) else f"{value} {text(quantity, 'unit')}".strip()
    # A controlled drug's quantity is prescribed in words as well as in figures.
    words = next(
        (
            text(one, "valueString")
            for one in each(extension(request, names.CONTROLLED), "extension")
            if one.get("url") == "quantityWords"
        ),
        "",
    )
    return f"{said} ({words})" if words and said else said or words


def _valid_until(requests: list[Resource]) -> date | None:
    ends = [
        day
        for one in requests
        if (day := _day(text(one, "dispenseRequest", "validityPeriod", "end"))) is not None
    ]
    return min(ends, default=None)


def _signed_on(bundle: Bundle) -> date | None:
    return _day(text(bundle.first("Provenance"), "signature", 0, "when"))


def _organisation(bundle: Bundle, role: Resource) -> str:
    for kind in ("organization", "healthcareService"):
        found = bundle.find(text(role, kind, "reference"))
        if name := text(found, "name") or text(role, kind, "display"):
            return name
    return ""


def _name(resource: Resource) -> str:
    name = at(resource, "name", 0)
    if whole := text(name, "text"):
        return whole
    parts: list[str] = []
    for key in ("prefix", "given"):
        held = at(name, key)
        parts += [one for one in held if isinstance(one, str)] if isinstance(held, list) else []
    return " ".join([*parts, text(name, "family")]).strip()


def _identifiers(resource: Resource) -> Iterator[Identifier]:
    for one in each(resource, "identifier"):
        system, value = text(one, "system"), text(one, "value")
        if system and value:
            yield Identifier(system, value)


def _day(written: str) -> date | None:
    try:
        return date.fromisoformat(written[:10])
    except ValueError:
        return None
