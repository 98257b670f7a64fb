"""Names of the French profiles: resource types, extensions, systems of identifiers and codes.

From the implementation guides of the Annuaire Santé and of its mailbox API (see
`tests/assets/annuaire-fhir/README.md`).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from hub.domain.party import FINESS, RPPS
from hub.ports.directory import MailboxKind


class Kind(StrEnum):
    """The resources that are read. Their order is that of a synchronisation."""

    ORGANIZATION = "Organization"
    PRACTITIONER = "Practitioner"
    ROLE = "PractitionerRole"


_ANNUAIRE: Final = "https://interop.esante.gouv.fr/ig/fhir/annuaire/StructureDefinition/"

MAILBOX: Final = f"{_ANNUAIRE}as-ext-mailbox-mss-metadata"
EMAIL_TYPE: Final = "https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-contact-point-email-type"
MSSANTE: Final = "MSSANTE"
REGISTRATION: Final = f"{_ANNUAIRE}as-ext-registration"
END_CAUSE: Final = f"{_ANNUAIRE}as-ext-practitionerrole-end-cause"
ROLE_NAME: Final = f"{_ANNUAIRE}as-ext-practitionerrole-name"
USE_PERIODS: Final = (
    "http://hl7.org/fhir/StructureDefinition/organization-period",
    "https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-use-period",
)

DIED: Final = "DCD"
"""Why an activity ended (TRE_R25): its bearer has died."""
NOT_REGISTERED: Final = "N"
"""State of a registration with an Order (TRE_R33): none."""

MAILBOX_KINDS: Final = {
    "PER": MailboxKind.PERSONAL,
    "CAB": MailboxKind.PRACTICE,
    "ORG": MailboxKind.ORGANISATIONAL,
    "APP": MailboxKind.APPLICATION,
}
"""TRE_R257; the order is that of preference."""

IMPLIED_KINDS: Final = {
    Kind.PRACTITIONER: MailboxKind.PERSONAL,
    Kind.ROLE: MailboxKind.PERSONAL,
    Kind.ORGANIZATION: MailboxKind.ORGANISATIONAL,
}
"""What a mailbox is when nothing says so: open-access resources leave the type out."""

IDENTIFIERS: Final = {
    RPPS: (RPPS, ""),
    "https://rpps.esante.gouv.fr": (RPPS, "8"),
    FINESS: (FINESS, ""),
    "https://finess.esante.gouv.fr": (FINESS, "1"),
    "https://sirene.fr": (FINESS, "3"),
}
"""System of an identifier → ours, and the type digit that the value lacks. Others are internal."""

PROFESSIONS: Final = "TRE_G15-ProfessionSante"
SPECIALTIES: Final = ("TRE_R38-SpecialiteOrdinale", "TRE_R39-Competence", "TRE_R40-CompetenceExclusive")
"""How the path of a coding's system ends its folder: what is between `NOS/` and `/FHIR`."""

PROFESSION_LABELS: Final = {
    "10": "Médecin",
    "21": "Pharmacien",
    "26": "Audioprothésiste",
    "28": "Opticien-lunetier",
    "40": "Chirurgien-dentiste",
    "50": "Sage-femme",
    "60": "Infirmier",
    "70": "Masseur-kinésithérapeute",
    "80": "Pédicure-podologue",
    "91": "Orthophoniste",
    "92": "Orthoptiste",
    "93": "Psychologue",
    "94": "Ergothérapeute",
    "95": "Diététicien",
    "96": "Psychomotricien",
    "98": "Manipulateur ERM",
}
"""Labels for codes of TRE_G15 that come without a display, as they do in the guides' examples."""
