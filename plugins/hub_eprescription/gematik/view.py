"""What people read of a KBV bundle: patient, prescriber, practice, medicines. A view, never the source."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

from hub.domain.party import Identifier
from hub.domain.prescription import Medicine, PrescriptionView
from hub.errors import InputError, Words
from hub_eprescription.gematik import bundle
from hub_eprescription.gematik.fhir import Node

PZN: Final = "http://fhir.de/CodeSystem/ifa/pzn"
ASK: Final = "http://fhir.de/CodeSystem/ask"
_KIND: Final = "https://fhir.kbv.de/CodeSystem/KBV_CS_ERP_Medication_Type"
KNOWN: Final = frozenset(
    {
        PZN,
        ASK,
        _KIND,
        "http://fhir.de/CodeSystem/bfarm/atc",
        "http://fhir.de/CodeSystem/dimdi/atc",
        "http://www.whocc.no/atc",
        "http://snomed.info/sct",
    }
)
"""Systems of codes for medicines that the KBV's profiles know."""
_FORM_TEXT: Final = "https://fhir.kbv.de/StructureDefinition/KBV_EX_ERP_Medication_FormText"
_INGREDIENT_FORM: Final = "https://fhir.kbv.de/StructureDefinition/KBV_EX_ERP_Medication_Ingredient_Form"
_PACKAGE: Final = "https://fhir.kbv.de/StructureDefinition/KBV_EX_ERP_Medication_PackagingSize"


def of(node: Node) -> PrescriptionView:
    """Return the view. Raises InputError `prescription.code_system` for medicines in an unknown system."""
    patient = next(iter(bundle.resources(node, "Patient")), Node())
    prescriber = _prescriber(node)
    organisation = next(iter(bundle.resources(node, "Organization")), Node())
    return PrescriptionView(
        number=bundle.number(node),
        authored_on=bundle.authored_on(node),
        valid_until=None,
        patient=_name(patient),
        patient_identifiers=tuple(_identifiers(patient)),
        born=_day(patient.text("birthDate")),
        prescriber=_name(prescriber),
        prescriber_identifiers=tuple(_identifiers(prescriber)),
        organisation=organisation.text("name"),
        medicines=tuple(_medicines(node)),
    )


def _prescriber(node: Node) -> Node:
    """Return who prescribes: a bundle may name a supervising colleague besides."""
    found = bundle.resources(node, "Practitioner")
    asked = (
        one.text("requester", "reference") for kind in bundle.REQUESTS for one in bundle.resources(node, kind)
    )
    wanted = next(asked, "").rpartition("/")[2]
    return next((one for one in found if one.text("id") == wanted), found[0] if found else Node())


def _medicines(node: Node) -> Iterator[Medicine]:
    by_id = {one.text("id"): one for one in bundle.resources(node, "Medication")}
    for request in bundle.resources(node, "MedicationRequest"):
        wanted = request.text("medicationReference", "reference").rpartition("/")[2].removeprefix("urn:uuid:")
        medication = by_id.get(wanted) or next(iter(by_id.values()), None)
        if medication is None:
            continue
        yield _medicine(request, medication)
    for request in bundle.resources(node, "DeviceRequest"):
        code = request.one("codeCodeableConcept")
        _check_systems(code)
        yield Medicine(
            name=code.text("text") or code.text("coding", "display"),
            code=code.text("coding", "code") or None,
            system=code.text("coding", "system") or None,
        )


def _medicine(request: Node, medication: Node) -> Medicine:
    ingredients = list(medication.all("ingredient"))
    for concept in (medication.one("code"), *(one.one("itemCodeableConcept") for one in ingredients)):
        _check_systems(concept)
    code = _coding(medication.one("code")) or next(
        (found for one in ingredients if (found := _coding(one.one("itemCodeableConcept")))), None
    )
    quantity = request.one("dispenseRequest", "quantity")
    allowed = request.text("substitution", "allowedBoolean")
    return Medicine(
        name=medication.text("code", "text") or _ingredients(ingredients),
        code=None if code is None else code.text("code"),
        system=None if code is None else code.text("system"),
        form=_form(medication, ingredients),
        dosage=" / ".join(filter(None, (one.text("text") for one in request.all("dosageInstruction")))),
        quantity=_quantity(quantity, _amount(medication)),
        substitution={"true": True, "false": False}.get(allowed),
        note=" / ".join(filter(None, (one.text("text") for one in request.all("note")))),
    )


def _coding(concept: Node) -> Node | None:
    return next((one for one in concept.all("coding") if one.text("system") in {PZN, ASK}), None)


def _check_systems(concept: Node) -> None:
    for coding in concept.all("coding"):
        system = coding.text("system")
        if system not in KNOWN:
            raise InputError(
                "prescription.code_system",
                Words(
                    en=f"The medicine is coded in a system that E-Rezept does not know ({system[:100]}): "
                    "give its PZN, or its active ingredient (ASK), or write it as free text.",
                    fr="Le médicament est codé dans un système que l'E-Rezept ne connaît pas "
                    f"({system[:100]}) : donnez son PZN, ou sa substance active (ASK), ou écrivez-le en "
                    "texte libre.",
                ),
                field="Medication.code",
            )


def _ingredients(ingredients: list[Node]) -> str:
    return ", ".join(
        " ".join(filter(None, (one.text("itemCodeableConcept", "text"), _strength(one))))
        for one in ingredients
    )


def _strength(ingredient: Node) -> str:
    numerator = ingredient.one("strength", "numerator")
    return " ".join(filter(None, (numerator.text("value"), numerator.text("unit"))))


def _form(medication: Node, ingredients: list[Node]) -> str:
    said = medication.text("form", "coding", "code") or medication.text("form", "text")
    if not said and (text := medication.extension(_FORM_TEXT)) is not None:
        said = text.text("valueString")
    for one in ingredients:
        found = one.extension(_INGREDIENT_FORM)
        said = said or ("" if found is None else found.text("valueString"))
    return said


def _quantity(quantity: Node, amount: str) -> str:
    value = quantity.text("value")
    packages = value and amount and quantity.text("code") == "{Package}"
    return f"{value} × {amount}" if packages else " ".join(filter(None, (value, amount)))


def _amount(medication: Node) -> str:
    numerator = medication.one("amount", "numerator")
    size = numerator.extension(_PACKAGE)
    value = numerator.text("value") or ("" if size is None else size.text("valueString"))
    return " ".join(filter(None, (value, numerator.text("unit"))))


def _name(person: Node) -> str:
    name = next((one for one in person.all("name") if one.text("use") == "official"), person.one("name"))
    given = [one.value for one in name.all("given") if one.value]
    prefix = [one.value for one in name.all("prefix") if one.value and one.value not in given]
    return name.text("text") or " ".join(filter(None, (*prefix, *given, name.text("family"))))


def _identifiers(person: Node) -> Iterator[Identifier]:
    for one in person.all("identifier"):
        if one.text("system") and one.text("value"):
            yield Identifier(one.text("system"), one.text("value"))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        # FHIR allows a year, or year and month.
        return None
