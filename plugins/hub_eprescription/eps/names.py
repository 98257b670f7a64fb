"""The systems and addresses that EPS's messages use."""

from __future__ import annotations

from typing import Final

MEDIA_TYPE: Final = "application/fhir+json"

_NHS: Final = "https://fhir.nhs.uk"
UUIDS: Final = "https://tools.ietf.org/html/rfc4122"
NUMBER: Final = f"{_NHS}/Id/prescription-order-number"
ITEM: Final = f"{_NHS}/Id/prescription-order-item-number"
NHS_NUMBER: Final = f"{_NHS}/Id/nhs-number"
SDS_USER: Final = f"{_NHS}/Id/sds-user-id"
ODS: Final = f"{_NHS}/Id/ods-organization-code"
SNOMED: Final = "http://snomed.info/sct"

EVENT: Final = f"{_NHS}/CodeSystem/message-event"
REASON: Final = f"{_NHS}/CodeSystem/message-reason-prescription"
CANCEL_REASON: Final = f"{_NHS}/CodeSystem/medicationrequest-status-reason"
CANCEL_OUTCOME: Final = f"{_NHS}/CodeSystem/medicationrequest-status-history"
BUSINESS_STATUS: Final = f"{_NHS}/CodeSystem/EPS-task-business-status"
DISPENSE_TYPE: Final = f"{_NHS}/CodeSystem/medicationdispense-type"

TASK_STATUS: Final = f"{_NHS}/StructureDefinition/Extension-EPS-TaskBusinessStatus"
CONTROLLED: Final = f"{_NHS}/StructureDefinition/Extension-DM-ControlledDrug"
REPEATS: Final = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-MedicationRepeatInformation"

ORDER: Final = "prescription-order"
UPDATE: Final = "prescription-order-update"
RESPONSE: Final = "prescription-order-response"
DISPENSED: Final = "dispense-notification"

SIGNATURE_TYPE: Final = ("urn:iso-astm:E1762-95:2013", "1.2.840.10065.1.12.1.1")
"""ASTM E1762: an author's signature."""
