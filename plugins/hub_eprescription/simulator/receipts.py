"""The receipt that a pharmacy gets when all is dispensed: a document over the digest of what was signed."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime
from uuid import uuid4

from hub_eprescription.simulator import dispensing, systems
from hub_eprescription.simulator.fhir import Resource
from hub_eprescription.simulator.tasks import Held, moment


def made(held: Held, now: datetime) -> Resource:
    """Return a receipt. The double has no certificate of the service's, so it bears no signature."""
    names = [str(uuid4()) for _ in range(3)]
    urls = [f"urn:uuid:{one}" for one in names]
    composition: Resource = {
        "resourceType": "Composition",
        "id": names[0],
        "meta": systems.profile("Composition"),
        "extension": [
            {
                "url": f"{systems.EXTENSION}Beneficiary",
                "valueIdentifier": {"system": systems.TELEMATIK_ID, "value": held.owner},
            }
        ],
        "status": "final",
        "type": {"coding": [{"system": systems.DOCUMENT, "code": "3", "display": "Receipt"}]},
        "date": moment(now),
        "author": [{"reference": urls[1]}],
        "title": "Quittung",
        "event": [{"period": {"start": moment(held.accepted_at or now), "end": moment(now)}}],
        "section": [{"entry": [{"reference": urls[2]}]}],
    }
    device: Resource = {
        "resourceType": "Device",
        "id": names[1],
        "meta": systems.profile("Device"),
        "status": "active",
        "deviceName": [{"name": "Simulator", "type": "user-friendly-name"}],
    }
    digest: Resource = {
        "resourceType": "Binary",
        "id": names[2],
        "meta": {"versionId": "1", **systems.profile("Digest")},
        "contentType": "application/octet-stream",
        "data": base64.b64encode(hashlib.sha256(held.signed or b"").digest()).decode("ascii"),
    }
    resources = (composition, device, digest)
    return dispensing.bundle(
        "document",
        now,
        [{"fullUrl": url, "resource": one} for url, one in zip(urls, resources, strict=True)],
        id=held.named(3),
        meta=systems.profile("Bundle"),
        identifier={"system": systems.PRESCRIPTION_ID, "value": held.number},
    )
