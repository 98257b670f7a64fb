"""NHS EPS as its examples and its specification show it, in memory, over real TLS on loopback.

It knows repeated messages again by `X-Request-ID`, verifies signatures over a digest of its own, holds each
number once, and cancels by item with the recorded codes. Faults are asked for by `spoil`.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from urllib.parse import unquote

from aiohttp import web

from hub_eprescription.eps import messages, names, reading
from hub_eprescription.signing import xmldsig
from hub_eprescription.signing.authorities import Authorities
from tests.servers import HOST, Tls

TOKEN: Final = "the-token-of-a-login"
_C14N: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
_METHODS: Final = {
    "RS1": ("http://www.w3.org/2000/09/xmldsig#rsa-sha1", "http://www.w3.org/2000/09/xmldsig#sha1", "sha1"),
    "RS256": (
        "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
        "http://www.w3.org/2001/04/xmlenc#sha256",
        "sha256",
    ),
}
WITH: Final = {"0002": "R-0002", "0003": "R-0003", "0006": "R-0004", "0004": "R-0005", "0007": "R-0010"}
DISPLAYS: Final = {
    "R-0001": "Prescription/item was cancelled",
    "R-0002": "Prescription/item was not cancelled. With dispenser. Marked for cancellation",
    "R-0003": "Prescription/item was not cancelled. With dispenser active. Marked for cancellation",
    "R-0004": "Prescription/item was not cancelled. Prescription has been dispensed.",
    "R-0005": "Prescription/item has expired",
    "R-0006": "Prescription/item had already been cancelled",
    "R-0010": "Prescription/item was not cancelled. Prescription has been not dispensed.",
}
Answer = tuple[int, dict[str, Any]]


@dataclass
class Held:
    """One prescription at the service. `cancelled` are its items that are."""

    bundle: reading.Bundle
    status: str = "0001"
    cancelled: set[str] = field(default_factory=set)

    @property
    def whole(self) -> bool:
        """Whether an item of it is left."""
        return not set(messages.items(self.bundle)) <= self.cancelled


@dataclass
class Double:
    """The service. `said` are faults to come: what is done instead, by operation."""

    trust: Authorities
    now: Callable[[], datetime]
    algorithm: str = "RS256"
    url: str = ""
    held: dict[str, Held] = field(default_factory=dict)
    answered: dict[str, Answer] = field(default_factory=dict)
    faults: dict[str, deque[Any]] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    requests: list[tuple[str, str, bytes]] = field(default_factory=list)
    accepted: str = TOKEN

    def spoil(self, operation: str, fault: Any) -> None:
        """Let the next such call fail: "before" or "after" acting, or answer (status, value) or bytes."""
        self.faults.setdefault(operation, deque()).append(fault)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer, or not."""
        body = await request.read()
        operation = _operation(request, body)
        self.asked[operation] += 1
        self.requests.append((operation, request.headers.get("X-Request-ID", ""), body))
        if request.headers.get("Authorization") != f"Bearer {self.accepted}":
            return _response(401, _outcome("login", "ACCESS_DENIED", "Invalid access token"))
        waiting = self.faults.get(operation)
        fault = waiting.popleft() if waiting else None
        if isinstance(fault, tuple):
            return _response(*fault)
        if fault != "before":
            status, value = await self._do(request, operation, body)
            if fault is None:
                return _response(status, value)
        if request.transport is not None:
            request.transport.abort()
        return web.Response()

    async def _do(self, request: web.BaseRequest, operation: str, body: bytes) -> Answer:
        again = self.answered.get(request.headers["X-Request-ID"])
        if again is not None:
            return again
        match operation:
            case "prepare":
                return self._prepare(json.loads(body))
            case "order":
                answer = await self._order(reading.bundle(body))
            case "cancel":
                answer = self._cancel(reading.bundle(body))
            case "track":
                return self._track(unquote(request.query["focus:identifier"]).rpartition("|")[2])
            case _:
                return 404, _outcome("not-found", "RESOURCE_NOT_FOUND", "Resource not found")
        self.answered[request.headers["X-Request-ID"]] = answer
        return answer

    def _prepare(self, value: dict[str, Any]) -> Answer:
        at = self.now().isoformat(timespec="seconds")
        given = {
            "digest": base64.b64encode(self._info(value, at)).decode(),
            "timestamp": at,
            "algorithm": self.algorithm,
        }
        parameter = [{"name": name, "valueString": text} for name, text in given.items()]
        return 200, {"resourceType": "Parameters", "parameter": parameter}

    def _info(self, value: dict[str, Any], at: str) -> bytes:
        """Return a SignedInfo over a form of our own of all that is in an order, and the time."""
        kept = [one for one in value["entry"] if one["resource"]["resourceType"] != "Provenance"]
        form = json.dumps([value["identifier"], kept, at], sort_keys=True).encode()
        method, digest, name = _METHODS[self.algorithm]
        made = base64.b64encode(hashlib.new(name, form).digest()).decode()
        return (
            '<SignedInfo xmlns="http://www.w3.org/2000/09/xmldsig#">'
            f'<CanonicalizationMethod Algorithm="{_C14N}"></CanonicalizationMethod>'
            f'<SignatureMethod Algorithm="{method}"></SignatureMethod><Reference>'
            f'<Transforms><Transform Algorithm="{_C14N}"></Transform></Transforms><DigestMethod '
            f'Algorithm="{digest}"></DigestMethod><DigestValue>{made}</DigestValue></Reference></SignedInfo>'
        ).encode()

    async def _order(self, bundle: reading.Bundle) -> Answer:
        signature = messages.signature(bundle)
        if signature is None:
            return 400, _outcome("invalid", "MISSING_DIGITAL_SIGNATURE", "Digital signature not found.")
        verified = (await xmldsig.verify(signature[0], self.trust, self.now())).require()
        if verified.content != self._info(dict(bundle.value), signature[1]):
            return 400, _outcome("invalid", "INVALID", "Signature doesn't match prescription.")
        number = bundle.first("MedicationRequest")["groupIdentifier"]["value"]
        if number in self.held:
            return 400, _outcome(
                "duplicate", "DUPLICATE_PRESCRIPTION_ID", "Duplicate prescription ID exists."
            )
        self.held[number] = Held(bundle)
        return 200, {
            "resourceType": "OperationOutcome",
            "issue": [{"code": "informational", "severity": "information"}],
        }

    def _cancel(self, bundle: reading.Bundle) -> Answer:
        request = bundle.first("MedicationRequest")
        found = self.held.get(request["groupIdentifier"]["value"])
        item = reading.identifier(request, names.ITEM)
        if found is None or item not in set(messages.items(found.bundle)):
            return 400, _coded("not-found", "R-0008", "Prescription/item not found")
        if item in found.cancelled:
            return 200, _response_of(bundle, request, "R-0006", "cancelled")
        if found.status in WITH:
            return 400, _response_of(bundle, request, WITH[found.status], "active")
        found.cancelled.add(item)
        return 200, _response_of(bundle, request, "R-0001", "cancelled")

    def _track(self, number: str) -> Answer:
        found = self.held.get(number)
        if found is None:
            return 404, _outcome("not-found", "RESOURCE_NOT_FOUND", "Resource not found")
        value = json.loads(_example("spec/errors/task/success.json"))
        task = value["entry"][0]["resource"]
        task["businessStatus"]["coding"][0]["code"] = found.status if found.whole else "0005"
        task["focus"]["identifier"]["value"] = number
        patient = reading.identifier(found.bundle.first("Patient"), names.NHS_NUMBER)
        task["for"]["identifier"]["value"] = patient
        return 200, value


@asynccontextmanager
async def serving(double: Double, tls: Tls) -> AsyncIterator[Double]:
    """Yield a double that listens."""
    server = web.Server(double.handle, access_log=None)
    listener = await asyncio.get_running_loop().create_server(server, "127.0.0.1", 0, ssl=tls.server())
    double.url = f"https://{HOST}:{listener.sockets[0].getsockname()[1]}/electronic-prescriptions/FHIR/R4"
    try:
        yield double
    finally:
        listener.close()
        await server.shutdown(1)


def _operation(request: web.BaseRequest, body: bytes) -> str:
    match request.path.rpartition("/")[2]:
        case "$prepare":
            return "prepare"
        case "$process-message":
            return "cancel" if b'"prescription-order-update"' in body else "order"
        case "Task":
            return "track"
    return "other"


def _response(status: int, value: Any) -> web.Response:
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return web.Response(
        status=status, body=body, headers={"Content-Type": "application/fhir+json; charset=utf-8"}
    )


def _outcome(code: str, detail: str, display: str) -> dict[str, Any]:
    system = "https://fhir.nhs.uk/CodeSystem/Spine-ErrorOrWarningCode"
    coding = {"system": system, "code": detail, "display": display}
    return {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "error", "code": code, "details": {"coding": [coding]}}],
    }


def _coded(code: str, detail: str, display: str) -> dict[str, Any]:
    value = _outcome(code, detail, display)
    value["issue"][0]["details"]["coding"][0]["system"] = names.CANCEL_OUTCOME
    return value


def _response_of(bundle: reading.Bundle, request: reading.Resource, code: str, status: str) -> dict[str, Any]:
    """Return an answer in the form of the recorded ones, for this prescription and item."""
    value: dict[str, Any] = json.loads(
        _example("spec/errors/prescription-order-update/R-0002-Cancellation.json")
    )
    value["identifier"]["value"] = bundle.identifier
    for one in value["entry"]:
        resource = one["resource"]
        if resource["resourceType"] == "MedicationRequest":
            history = resource["extension"][0]["extension"][0]["valueCoding"]
            history["code"], history["display"] = code, DISPLAYS[code]
            resource["status"] = status
            resource["identifier"] = request["identifier"]
            resource["groupIdentifier"]["value"] = request["groupIdentifier"]["value"]
    return value


def _example(path: str) -> bytes:
    from tests.plugins.eprescription.eps import examples  # noqa: PLC0415 -- only what answers needs it

    return examples.read(path)
