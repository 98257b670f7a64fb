"""What is checked of a message to EPS before it counts; refusals as the published examples have them."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from hub_eprescription.simulator import fhir, spine_orders
from hub_eprescription.simulator.asking import Asking
from hub_eprescription.simulator.fhir import Form, Resource
from hub_eprescription.simulator.outcomes import DeclinedError, Issue, declined, forbidden
from hub_eprescription.simulator.parties import Access, Role
from hub_eprescription.simulator.spine_names import ERRORS

_INTENTS: Final = frozenset({"order", "original-order", "instance-order"})
_THERAPY: Final = "/CodeSystem/medicationrequest-course-of-therapy"
_MIXED: Final = (
    "Course of therapy type must either match for all MedicationRequests or be a mixture of 'acute' and "
    "'continuous'."
)


def message(asking: Asking, access: Access) -> tuple[Resource, dict[str, str]]:
    """Return the message in a request, and the headers of its answer. Raises DeclinedError."""
    if access.role is not Role.PRESCRIBER:
        raise forbidden("this user may not prescribe")
    headers = request_id(asking)
    if Form.of(asking.headers.get("content-type", "")) is not Form.JSON:
        raise declined(415, "not-supported", "Content-Type is not application/fhir+json")
    bundle = asking.resource()
    if bundle["resourceType"] != "Bundle" or fhir.text(bundle, "type") != "message":
        raise invalid("a Bundle of type message is expected")
    if not fhir.text(bundle, "identifier", "value"):
        raise invalid("Bundle.identifier is missing")
    return bundle, headers


def request_id(asking: Asking) -> dict[str, str]:
    """Return the headers that name the request again. Raises DeclinedError when it has no name."""
    given = asking.headers.get("x-request-id", "")
    try:
        UUID(given)
    except ValueError as error:
        raise declined(400, "value", "X-Request-ID is not a GUID") from error
    return {"X-Request-ID": given}


def event(bundle: Resource) -> str:
    """Return what a message is about."""
    return fhir.text(fhir.entries(bundle, "MessageHeader"), "eventCoding", "code")


def expect_event(bundle: Resource, wanted: str) -> None:
    """Raise DeclinedError for a message about something else."""
    if event(bundle) != wanted:
        raise invalid(f"MessageHeader.eventCoding must be {wanted}")


def validate(bundle: Resource) -> None:
    """Raise DeclinedError for an order that the service does not take."""
    requests = fhir.entries(bundle, "MedicationRequest")
    if not requests:
        raise invalid("a prescription has a MedicationRequest")
    if any(fhir.text(one, "intent") not in _INTENTS for one in requests):
        raise DeclinedError(
            400,
            Issue(
                code="value",
                text="",
                diagnostics="MedicationRequest.intent must be order, original-order or instance-order.",
            ),
        )
    therapies = {
        fhir.text(coding, "code")
        for one in requests
        for coding in fhir.pick(one, "courseOfTherapyType", "coding") or ()
        if str(coding.get("system")).endswith(_THERAPY)
    }
    if len(therapies) > 1 and not therapies <= {"acute", "continuous"}:
        raise DeclinedError(
            400,
            Issue(
                severity="fatal",
                code="invalid",
                text="",
                coding=(
                    "https://fhir.nhs.uk/R4/CodeSystem/Spine-ErrorOrWarningCode",
                    "INVALID_VALUE",
                    _MIXED,
                ),
            ),
        )
    if not spine_orders.number(bundle) or not spine_orders.patient(bundle):
        raise invalid("one prescription number and a Patient with an NHS number are needed")


def spine(display: str) -> DeclinedError:
    """Make the refusal of the service's own core."""
    coding = (ERRORS, "FAILURE_TO_PROCESS_MESSAGE", display)
    return DeclinedError(400, Issue(code="processing", text="", coding=coding))


def invalid(words: str) -> DeclinedError:
    """Make the refusal of a message that is not well formed."""
    return DeclinedError(400, Issue(code="value", text="", diagnostics=words))
