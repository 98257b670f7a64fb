"""An EPS order as the NHS publishes it, signed by OpenSSL, and questions in a prescriber's name."""

from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path
from typing import Any

from hub_eprescription.simulator import fhir
from hub_eprescription.simulator.fhir import Form, Resource
from hub_eprescription.simulator.spine_names import BASE
from tests.counterparts import SHARED, absent, program
from tests.plugins.eprescription.simulator.stage import PRESCRIBER, Caller, Heard

ASSETS = Path(__file__).parents[3] / "assets" / "nhs-eps" / "examples"
ORDER = "spec/prescribing/prescription-order/eRD-primary-example-req.json"
CANCEL = "spec/prescribing/prescription-order-update/eRD-primary-example-req.json"
_DS = "http://www.w3.org/2000/09/xmldsig#"


def example(name: str) -> Resource:
    """Read a published example."""
    for folder in (SHARED / "nhs-eps" / "examples", ASSETS):
        if (folder / name).is_file():
            read: Resource = json.loads((folder / name).read_text("utf-8"))
            return read
    absent(f"the NHS example {name} is not here")
    raise AssertionError


def unsigned() -> Resource:
    """Return an order without its Provenance."""
    order = example(ORDER)
    entries = [one for one in order["entry"] if one["resource"]["resourceType"] != "Provenance"]
    return dict(order, entry=entries)


class SpineCaller:
    """A prescriber's software at EPS. `key` and `certificate` are made by OpenSSL."""

    def __init__(self, caller: Caller, folder: Path) -> None:
        self._caller = caller
        self._key, self._certificate = folder / "eps.key", folder / "eps.pem"
        command = [program("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
        command += ["-subj", "/CN=Camille Lilas", "-keyout", str(self._key), "-out", str(self._certificate)]
        subprocess.run(command, check=True, capture_output=True)

    async def ask(self, method: str, what: str, body: Resource | None = None, request: str = "") -> Heard:
        """Ask, with a request id of its own."""
        headers = {"X-Request-ID": request or "0c4ab1a2-9a4b-4d2a-9b5f-6e1a2b3c4d5e"}
        return await self._caller.ask(
            PRESCRIBER, method, f"{BASE}/{what}", body, form=Form.JSON, accept=Form.JSON, headers=headers
        )

    async def signed(self, order: Resource, algorithm: str = "sha256") -> Resource:
        """Have an order prepared, and sign it."""
        heard = await self.ask("POST", "$prepare", order)
        assert heard.status == 200
        given = {one["name"]: one["valueString"] for one in heard.resource["parameter"]}
        return self.sealed(order, base64.b64decode(given["digest"]), given["timestamp"], algorithm)

    def sealed(self, order: Resource, info: bytes, timestamp: str, algorithm: str = "sha256") -> Resource:
        """Put a signature over a SignedInfo into an order."""
        command = [program("openssl"), "dgst", f"-{algorithm}", "-sign", str(self._key)]
        value = subprocess.run(command, input=info, check=True, capture_output=True).stdout
        pem = self._certificate.read_text().splitlines()
        certificate = "".join(line for line in pem if not line.startswith("-"))
        signature = (
            f'<Signature xmlns="{_DS}">{info.decode().replace(f" xmlns={chr(34)}{_DS}{chr(34)}", "")}'
            f"<SignatureValue>{base64.b64encode(value).decode()}</SignatureValue><KeyInfo><X509Data>"
            f"<X509Certificate>{certificate}</X509Certificate></X509Data></KeyInfo></Signature>"
        )
        provenance: dict[str, Any] = {
            "resourceType": "Provenance",
            "id": "28828c55-8fa7-42d7-916f-fcf076e0c10e",
            "signature": [{"when": timestamp, "data": base64.b64encode(signature.encode()).decode()}],
        }
        return dict(order, entry=[*order["entry"], {"resource": provenance}])

    async def issue(self) -> str:
        """Return the number of an order that counts."""
        order = unsigned()
        heard = await self.ask("POST", "$process-message", await self.signed(order))
        assert heard.status == 200
        assert heard.resource["issue"][0]["severity"] == "information"
        return fhir.text(fhir.entries(order, "MedicationRequest"), "groupIdentifier", "value")


def cancelling(place: int = 0) -> Resource:
    """Return the published cancel, for one of the items of the order."""
    cancel, order = example(CANCEL), unsigned()
    item = fhir.entries(order, "MedicationRequest")[place]
    reason = fhir.entries(cancel, "MedicationRequest")[0]["statusReason"]
    entries = [one for one in cancel["entry"] if one["resource"]["resourceType"] != "MedicationRequest"]
    entries.insert(1, {"resource": dict(item, status="cancelled", statusReason=reason)})
    return dict(cancel, entry=entries)


def result(heard: Heard) -> str:
    """Return what a cancel came to: the code of the service's own list."""
    request = fhir.entries(heard.resource, "MedicationRequest")
    if not request:
        return fhir.text(heard.resource, "issue", 0, "details", "coding", 0, "code")
    history = fhir.extensions(request[0], "Extension-DM-PrescriptionStatusHistory")[-1]
    return fhir.text(fhir.extensions(history, "status"), "valueCoding", "code")
