"""Systems and codes of NHS EPS, and what its answers to a cancel say."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

BASE: Final = "/electronic-prescriptions/FHIR/R4"
"""Where the service is, below the simulator's own address."""
_NHS: Final = "https://fhir.nhs.uk"
NUMBER: Final = f"{_NHS}/Id/prescription-order-number"
ITEM: Final = f"{_NHS}/Id/prescription-order-item-number"
NHS_NUMBER: Final = f"{_NHS}/Id/nhs-number"
SDS_USER: Final = f"{_NHS}/Id/sds-user-id"
ODS: Final = f"{_NHS}/Id/ods-organization-code"
UUIDS: Final = "https://tools.ietf.org/html/rfc4122"
EVENT: Final = f"{_NHS}/CodeSystem/message-event"
REASON: Final = f"{_NHS}/CodeSystem/message-reason-prescription"
BUSINESS: Final = f"{_NHS}/CodeSystem/EPS-task-business-status"
DISPENSE_TYPE: Final = f"{_NHS}/CodeSystem/medicationdispense-type"
CANCELLING: Final = f"{_NHS}/CodeSystem/medicationrequest-status-history"
ERRORS: Final = f"{_NHS}/CodeSystem/Spine-ErrorOrWarningCode"
HISTORY: Final = f"{_NHS}/StructureDefinition/Extension-DM-PrescriptionStatusHistory"
TASK_STATUS: Final = f"{_NHS}/StructureDefinition/Extension-EPS-TaskBusinessStatus"
SPINE: Final = "X2601"
"""The ODS code of the service itself."""


class Business(StrEnum):
    """How a prescription stands (EPS-task-business-status)."""

    TO_BE_DISPENSED = "0001"
    WITH_DISPENSER = "0002"
    ACTIVE = "0003"
    EXPIRED = "0004"
    CANCELLED = "0005"
    DISPENSED = "0006"
    NOT_DISPENSED = "0007"


DISPLAYS: Final = {
    Business.TO_BE_DISPENSED: "To be Dispensed",
    Business.WITH_DISPENSER: "With Dispenser",
    Business.ACTIVE: "With Dispenser - Active",
    Business.EXPIRED: "Expired",
    Business.CANCELLED: "Cancelled",
    Business.DISPENSED: "Dispensed",
    Business.NOT_DISPENSED: "Not Dispensed",
}

CANCELS: Final = {
    Business.TO_BE_DISPENSED: "R-0001",
    Business.WITH_DISPENSER: "R-0002",
    Business.ACTIVE: "R-0003",
    Business.EXPIRED: "R-0005",
    Business.CANCELLED: "R-0006",
    Business.DISPENSED: "R-0004",
    Business.NOT_DISPENSED: "R-0010",
}
"""What asking to cancel gives, by how the prescription stands."""

CANCEL_WORDS: Final = {
    "R-0001": "Prescription/item was cancelled",
    "R-0002": "Prescription/item was not cancelled. With dispenser. Marked for cancellation",
    "R-0003": "Prescription/item was not cancelled. With dispenser active. Marked for cancellation",
    "R-0004": "Prescription/item was not cancelled. Prescription has been dispensed.",
    "R-0005": "Prescription/item has expired",
    "R-0006": "Prescription/item had already been cancelled",
    "R-0007": "Prescription/item cancellation requested by another prescriber",
    "R-0008": "Prescription/item not found",
    "R-0009": "Cancellation functionality disabled in SPINE",
    "R-0010": "Prescription/item was not cancelled. Prescription has been not dispensed.",
    "R-5000": "Unable to process message. Information missing or invalid - Mismatch between prescription and "
    "cancellation NHSNumber",
    "R-5888": "Invalid Message.",
}
