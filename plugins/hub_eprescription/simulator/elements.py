"""What FHIR XML does not say of itself and FHIR JSON must: which elements repeat, which are no texts.

Of FHIR R4, for the resources that prescriptions travel in.
"""

from __future__ import annotations

from typing import Final

REPEATED: Final = frozenset(
    {
        *("additionalInstruction", "coding", "contained", "doseAndRate", "entry", "extension"),
        *("given", "header", "issue", "line", "lineItem", "link", "modifierExtension", "part", "prefix"),
        *("priceComponent", "profile", "section", "security", "suffix", "tag"),
    }
)
"""Those that repeat wherever they stand."""

REPEATED_WITHIN: Final = {
    "repeat": frozenset({"when", "dayOfWeek", "timeOfDay"}),
    "signature": frozenset({"type"}),
}
"""Those that repeat within an element of this name."""

_PERSON: Final = frozenset(
    {"identifier", "name", "telecom", "address", "contact", "communication", "qualification", "photo"}
)
REPEATED_IN: Final = {
    "AuditEvent": frozenset({"subtype", "agent", "entity"}),
    "ChargeItem": frozenset(
        {"identifier", "partOf", "performer", "service", "note", "supportingInformation"}
    ),
    "Claim": frozenset({"identifier", "related", "careTeam", "insurance", "item"}),
    "Communication": frozenset(
        {"identifier", "basedOn", "partOf", "category", "recipient", "payload", "note"}
    ),
    "Composition": frozenset({"category", "author", "attester", "relatesTo", "event"}),
    "Consent": frozenset({"identifier", "category", "performer", "organization", "policy", "verification"}),
    "Coverage": frozenset({"identifier", "payor", "class", "contract"}),
    "Device": frozenset({"identifier", "deviceName", "version", "contact", "property", "specialization"}),
    "HealthcareService": frozenset({"identifier", "category", "type", "specialty", "location", "telecom"}),
    "Invoice": frozenset({"identifier", "participant", "totalPriceComponent", "note"}),
    "Location": frozenset({"identifier", "type", "telecom"}),
    "Medication": frozenset({"identifier", "ingredient"}),
    "MedicationDispense": frozenset(
        {"identifier", "partOf", "performer", "authorizingPrescription", "dosageInstruction", "note"}
    ),
    "MedicationRequest": frozenset(
        {"identifier", "basedOn", "category", "dosageInstruction", "insurance", "note", "reasonCode"}
    ),
    "MessageHeader": frozenset({"destination", "focus"}),
    "Organization": frozenset({"identifier", "type", "alias", "telecom", "address", "contact"}),
    "Parameters": frozenset({"parameter"}),
    "Patient": _PERSON | {"generalPractitioner"},
    "Practitioner": _PERSON,
    "PractitionerRole": frozenset({"identifier", "code", "location", "healthcareService", "telecom"}),
    "Provenance": frozenset({"target", "agent", "signature"}),
    "Subscription": frozenset({"contact"}),
    "Task": frozenset({"identifier", "basedOn", "partOf", "performerType", "input", "output", "note"}),
}
"""Those that repeat at the root of a resource of this type."""

TRUTHS: Final = frozenset(
    {"valueBoolean", "active", "wasSubstituted", "allowedBoolean", "asNeededBoolean", "requestor"}
)
NUMBERS: Final = frozenset(
    {"valueInteger", "valueDecimal", "valuePositiveInt", "valueUnsignedInt", "total", "rank", "factor"}
    | {"sequence", "numberOfRepeatsAllowed", "frequency", "period", "count", "duration"}
)
QUANTITIES: Final = frozenset(
    {"amount", "denominator", "doseQuantity", "numerator", "quantity", "totalGross", "totalNet"}
    | {"valueMoney", "valueQuantity", "low", "high", "expectedSupplyDuration", "dispenseInterval"}
)
"""Elements whose `value` is a number."""
