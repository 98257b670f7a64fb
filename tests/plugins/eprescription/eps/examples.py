"""NHS England's own EPS examples: all of them where the shared data is, else the selection that is here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from tests.counterparts import SHARED

ASSETS: Final = Path(__file__).parents[3] / "assets" / "nhs-eps" / "examples"
_ALL: Final = SHARED / "nhs-eps" / "examples"
FOLDER: Final = _ALL if _ALL.exists() else ASSETS
CANCELS: Final = Path("spec/errors/prescription-order-update")
PREPARED: Final = Path("spec/prepare/eRD-primary-example-req.json")
SENT: Final = Path("spec/prescribing/prescription-order/eRD-primary-example-req.json")


def read(path: str | Path) -> bytes:
    """Return one example of the selection."""
    return (ASSETS / path).read_bytes()


def resources(kind: str) -> Iterator[tuple[str, bytes, dict[str, Any]]]:
    """Yield name, bytes and value of every JSON example that is a resource of a kind."""
    for path in sorted(FOLDER.rglob("*.json")):
        data = path.read_bytes()
        value = json.loads(data)
        if value.get("resourceType") == kind:
            yield str(path.relative_to(FOLDER)), data, value


def events(*names: str) -> Iterator[tuple[str, bytes]]:
    """Yield name and bytes of every message of one of these events."""
    for name, data, value in resources("Bundle"):
        headers = (one["resource"] for one in value["entry"])
        codes = {one["eventCoding"]["code"] for one in headers if one["resourceType"] == "MessageHeader"}
        if codes & set(names):
            yield name, data
