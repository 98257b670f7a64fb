"""Names of systems, profiles and codes that the E-Rezept writes (profiles of 2025-01-15)."""

from __future__ import annotations

from typing import Final

_GEMATIK: Final = "https://gematik.de/fhir"
PRESCRIPTION_ID: Final = f"{_GEMATIK}/erp/NamingSystem/GEM_ERP_NS_PrescriptionId"
ACCESS_CODE: Final = f"{_GEMATIK}/erp/NamingSystem/GEM_ERP_NS_AccessCode"
SECRET: Final = f"{_GEMATIK}/erp/NamingSystem/GEM_ERP_NS_Secret"
TELEMATIK_ID: Final = f"{_GEMATIK}/sid/telematik-id"
KVNR: Final = "http://fhir.de/sid/gkv/kvid-10"
KVNR_PRIVATE: Final = "http://fhir.de/sid/pkv/kvid-10"
FLOW: Final = f"{_GEMATIK}/erp/CodeSystem/GEM_ERP_CS_FlowType"
ORGANIZATION: Final = f"{_GEMATIK}/erp/CodeSystem/GEM_ERP_CS_OrganizationType"
DOCUMENT: Final = f"{_GEMATIK}/erp/CodeSystem/GEM_ERP_CS_DocumentType"
COVERAGE: Final = "http://fhir.de/CodeSystem/versicherungsart-de-basis"
PZN: Final = "http://fhir.de/CodeSystem/ifa/pzn"
EXTENSION: Final = f"{_GEMATIK}/erp/StructureDefinition/GEM_ERP_EX_"
PROFILE: Final = f"{_GEMATIK}/erp/StructureDefinition/GEM_ERP_PR_"
VERSION: Final = "1.4"
KBV_BUNDLES: Final = frozenset(
    {
        "https://fhir.kbv.de/StructureDefinition/KBV_PR_ERP_Bundle",
        "https://fhir.kbv.de/StructureDefinition/KBV_PR_EVDGA_Bundle",
    }
)
KVNRS: Final = (KVNR, KVNR_PRIVATE)

FLOWS: Final = {
    "160": "Muster 16 (Apothekenpflichtige Arzneimittel)",
    "162": "Muster 16 (Digitale Gesundheitsanwendungen)",
    "165": None,
    "166": None,
    "169": "Muster 16 (Direkte Zuweisung)",
    "200": "PKV (Apothekenpflichtige Arzneimittel)",
    "209": "PKV (Direkte Zuweisung)",
}
"""Workflows and their displays, None where no published example shows one."""
HEALTH_APPS: Final = "162"
"""The workflow that a health insurance dispenses, not a pharmacy."""
DIRECT: Final = frozenset({"169", "209"})
"""Those that the prescriber assigns to a pharmacy: the patient sees no access code."""
PRIVATE: Final = frozenset({"200", "209"})
"""Those of the privately insured."""


def profile(name: str) -> dict[str, list[str]]:
    """Return the `meta` of a resource of gematik's."""
    return {"profile": [f"{PROFILE}{name}|{VERSION}"]}
