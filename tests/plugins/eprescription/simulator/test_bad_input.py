"""Whatever is sent gets an answer: what can't be read, or has another shape, is refused with words."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub_eprescription.simulator import fhir, systems
from hub_eprescription.simulator.asking import Answer, asking
from hub_eprescription.simulator.fhir import FhirError, Form
from hub_eprescription.simulator.outcomes import DeclinedError
from hub_eprescription.simulator.routes import fitting
from hub_eprescription.simulator.simulation import Simulation
from hub_eprescription.simulator.spine_names import BASE
from hub_eprescription.simulator.tasks import State
from tests.plugins.eprescription.simulator.spine_stage import cancelling, unsigned
from tests.plugins.eprescription.simulator.stage import (
    EVERYBODY,
    PATIENT,
    PHARMACY,
    PRESCRIBER,
    activating,
    ordering,
)

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
)


def places(tree: Any) -> list[tuple[Any, Any]]:
    """Return every place in a tree: its holder, and the key or index there."""
    keys = list(tree) if isinstance(tree, dict) else range(len(tree)) if isinstance(tree, list) else []
    found = [(tree, key) for key in keys]
    for key in keys:
        found += places(tree[key])
    return found


def dispensing(number: str) -> dict[str, Any]:
    """Return what a pharmacy says of a prescription."""
    return {
        "resourceType": "Parameters",
        "parameter": [
            {
                "name": "rxDispensation",
                "part": [
                    {
                        "name": "medicationDispense",
                        "resource": {
                            "resourceType": "MedicationDispense",
                            "identifier": [{"system": systems.PRESCRIPTION_ID, "value": number}],
                            "status": "completed",
                            "medicationReference": {"reference": "Medication/m"},
                            "whenHandedOver": "2026-03-02",
                        },
                    }
                ],
            }
        ],
    }


REQUESTS: dict[str, tuple[Any, str, Any]] = {
    "create": (PRESCRIBER, "/Task/$create", ordering("160")),
    "activate": (PRESCRIBER, "/Task/{number}/$activate?ac={code}", activating(b"x")),
    "dispense": (PHARMACY, "/Task/{held}/$dispense?secret={secret}", dispensing("{held}")),
    "communicate": (
        PATIENT,
        "/Communication",
        {
            "resourceType": "Communication",
            "basedOn": [{"reference": "Task/{number}"}],
            "recipient": [{"identifier": {"system": "x", "value": "3-other"}}],
            "payload": [{"contentString": "?"}],
        },
    ),
    "subscribe": (
        PHARMACY,
        "/Subscription",
        {"resourceType": "Subscription", "criteria": "Communication", "channel": {"type": "websocket"}},
    ),
    "consent": (
        PATIENT,
        "/Consent",
        {"resourceType": "Consent", "patient": {"identifier": {"value": PATIENT.identifier}}},
    ),
    "prepare": (PRESCRIBER, f"{BASE}/$prepare", unsigned()),
    "process": (PRESCRIBER, f"{BASE}/$process-message", unsigned()),
    "cancel": (PRESCRIBER, f"{BASE}/$process-message", cancelling()),
}


@pytest.mark.parametrize("name", REQUESTS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
async def test_a_changed_request_is_answered_or_refused(name: str, data: st.DataObject) -> None:
    """One place of a request replaced by anything: the answer is one that can be written, in both forms."""
    simulation = Simulation(EVERYBODY)
    access, path, body = REQUESTS[name]
    created = simulation.gematik.create(said("/Task/$create", ordering("160")), PRESCRIBER)
    simulation.gematik.create(said("/Task/$create", ordering("160")), PRESCRIBER)
    first, second = simulation.gematik.kept
    second.state, second.secret, second.patient = State.IN_PROGRESS, "s", PATIENT.identifier
    assert created.status == 201
    names = {"number": first.number, "code": first.access_code, "held": second.number, "secret": "s"}
    for key, value in names.items():
        path = path.replace(f"{{{key}}}", value)
        body = json.loads(json.dumps(body).replace(f"{{{key}}}", value))
    body = copy.deepcopy(body)
    holder, key = data.draw(st.sampled_from(places(body)))
    holder[key] = data.draw(JSON)
    request = said(path, body)
    try:
        route, found = fitting(simulation.routes, request)
        answer = await route.does(request, access, found)
    except DeclinedError as error:
        answer = Answer(status=error.status, resource=error.outcome)
    if answer.resource is not None:
        for form in Form:
            assert fhir.write(answer.resource, form)


def said(path: str, body: Any) -> Any:
    """Make a request."""
    headers = {
        "content-type": Form.JSON.value,
        "x-request-id": "0c4ab1a2-9a4b-4d2a-9b5f-6e1a2b3c4d5e",
    }
    return asking("POST", path, headers, json.dumps(body).encode())


@settings(deadline=None)
@given(content=st.binary(max_size=200), form=st.sampled_from(Form))
def test_bytes_are_a_resource_or_refused(content: bytes, form: Form) -> None:
    """One error for all that is none."""
    try:
        fhir.read(content, form)
    except FhirError:
        return


@settings(deadline=None)
@given(tree=JSON)
def test_json_is_a_resource_or_refused(tree: Any) -> None:
    """And what is one can be written in both forms."""
    try:
        read = fhir.read(json.dumps(tree).encode(), Form.JSON)
    except FhirError:
        return
    for form in Form:
        fhir.write(read, form)
