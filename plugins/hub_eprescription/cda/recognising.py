"""Which French document a CDA is: by its model (templateId) and its type (LOINC), which must agree."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from hub_eprescription.cda import faults, markup
from hub_eprescription.cda.markup import Element

LOINC: Final = "2.16.840.1.113883.6.1"
PRESCRIPTION_CODE: Final = "57833-6"
"""LOINC: prescription for medication."""
DISPENSING_CODE: Final = "60593-1"
"""LOINC: medication dispensed."""
PRESCRIPTION_MODEL: Final = "1.2.250.1.213.1.1.1.39"
DISPENSING_MODEL: Final = "1.2.250.1.213.1.1.1.54"
MEDIA_TYPES: Final = frozenset({"application/hl7-cda+xml", "application/xml", "text/xml"})


class Model(StrEnum):
    """The models that are known here."""

    PRESCRIPTION = "eP-MED-DM"
    DISPENSING = "eDISP-MED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """A document's model and the version of it, such as `2024.01`."""

    model: Model
    version: str


def recognise(root: Element) -> Recognised | None:
    """Return what a CDA document is; None for one of another model. Raises MalformedError when it is torn."""
    codes = {
        str(one.get("code", "")) for one in markup.each(root, "code") if one.get("codeSystem", LOINC) == LOINC
    }
    for model, oid, code in (
        (Model.PRESCRIPTION, PRESCRIPTION_MODEL, PRESCRIPTION_CODE),
        (Model.DISPENSING, DISPENSING_MODEL, DISPENSING_CODE),
    ):
        versions = [
            str(one.get("extension", "")) for one in markup.each(root, "templateId") if one.get("root") == oid
        ]
        if not versions:
            continue
        if len(versions) > 1 or codes != {code}:
            raise faults.malformed(
                f"it says that it follows {model}, once, but its type is not LOINC {code}",
                f"il dit suivre {model}, une fois, mais son type n'est pas LOINC {code}",
            )
        return Recognised(model=model, version=versions[0])
    return None


def prescription(root: Element, versions: frozenset[str]) -> Recognised:
    """Return what a prescription is. Raises InputError for another document, or a version not taken here."""
    found = recognise(root)
    if found is None:
        raise faults.kind(
            f"This CDA document is no prescription: none of its templateId is {PRESCRIPTION_MODEL} "
            f"({Model.PRESCRIPTION}). Reports and letters go by POST /v1/messages.",
            f"Ce document CDA n'est pas une ordonnance : aucun de ses templateId n'est {PRESCRIPTION_MODEL} "
            f"({Model.PRESCRIPTION}). Comptes rendus et lettres passent par POST /v1/messages.",
        )
    if found.model is not Model.PRESCRIPTION:
        raise faults.kind(
            f"This is a dispensing document ({Model.DISPENSING}), no prescription; it goes by mail to the "
            "service's mailbox.",
            f"Ceci est un document de dispensation ({Model.DISPENSING}), pas une ordonnance ; il va par "
            "courrier à la boîte du service.",
        )
    if found.version not in versions:
        known = ", ".join(sorted(versions))
        raise faults.kind(
            f"This version of {Model.PRESCRIPTION} is not taken here; taken are {known}.",
            f"Cette version de {Model.PRESCRIPTION} n'est pas acceptée ici ; le sont : {known}.",
        )
    return found
