"""What the tests of MESH share: the shipped description in a hurry, and messages as others write them."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

DESCRIPTION: Final = Path(__file__).parents[1] / "conf" / "operators" / "mesh.toml"
OURS: Final = "X26ABC1"
"""The hub's mailbox in the sandbox."""
WORKFLOW: Final = "TEST_WORKFLOW"
_HURRIED: Final = (
    ('every = "5m"\nleast = "5m"', 'every = "1s"\nleast = "1s"'),
    ('absent_after = "10m"', 'absent_after = "1s"'),
    ('size = "19MiB"', 'size = "1MiB"'),
)
"""MESH's own pauses and sizes, and what tests can wait for; the sandbox minds neither."""


def hurried(file: Path) -> Path:
    """Write the shipped description with shorter pauses and chunks; nothing else is changed."""
    text = DESCRIPTION.read_text("utf-8")
    for shipped, short in _HURRIED:
        assert 1 == text.count(shipped), shipped
        text = text.replace(shipped, short)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")
    return file


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a FHIR message Bundle says, read without the hub's code."""

    sender: str
    recipients: tuple[str, ...]
    subject: str
    documents: Mapping[str, bytes]


def bundle(sender: str, recipients: tuple[str, ...], subject: str, documents: Mapping[str, bytes]) -> bytes:
    """Write a FHIR message Bundle with PDF documents, as a system that is not a hub does."""
    entries: list[dict[str, Any]] = [
        {
            "fullUrl": "urn:uuid:0d9c7b1e-5b1f-4c39-9a43-2f9f6f3b8a01",
            "resource": {
                "resourceType": "MessageHeader",
                "eventCoding": {"system": "urn:caducee:fhir:event", "code": "secure-message"},
                "destination": [{"endpoint": f"mailto:{one}"} for one in recipients],
                "source": {"endpoint": f"mailto:{sender}"},
                "focus": [{"reference": "urn:uuid:0d9c7b1e-5b1f-4c39-9a43-2f9f6f3b8a02"}],
            },
        },
        {
            "fullUrl": "urn:uuid:0d9c7b1e-5b1f-4c39-9a43-2f9f6f3b8a02",
            "resource": {"resourceType": "Communication", "status": "completed", "topic": {"text": subject}},
        },
    ]
    for name, data in documents.items():
        attachment = {
            "contentType": "application/pdf",
            "title": name,
            "data": base64.b64encode(data).decode(),
        }
        digest = {"system": "urn:oid:2.16.840.1.101.3.4.2.1", "value": hashlib.sha256(data).hexdigest()}
        resource = {
            "resourceType": "DocumentReference",
            "status": "current",
            "identifier": [digest],
            "content": [{"attachment": attachment}],
        }
        entries.append({"resource": resource})
    return json.dumps({"resourceType": "Bundle", "type": "message", "entry": entries}).encode()


def told(content: bytes) -> Told:
    """Read a FHIR message Bundle; every document's digest must be that of its bytes."""
    whole = json.loads(content)
    assert ("Bundle", "message") == (whole["resourceType"], whole["type"])
    found = [entry["resource"] for entry in whole["entry"]]
    header = next(one for one in found if one["resourceType"] == "MessageHeader")
    said = next(one for one in found if one["resourceType"] == "Communication")
    documents = {}
    for one in found:
        if one["resourceType"] == "DocumentReference":
            (attachment,) = (content["attachment"] for content in one["content"])
            data = base64.b64decode(attachment["data"], validate=True)
            assert [hashlib.sha256(data).hexdigest()] == [digest["value"] for digest in one["identifier"]]
            assert len(data) == attachment["size"]
            documents[attachment["title"]] = data
    return Told(
        sender=header["source"]["endpoint"].removeprefix("mailto:"),
        recipients=tuple(one["endpoint"].removeprefix("mailto:") for one in header["destination"]),
        subject=said["topic"]["text"],
        documents=documents,
    )
