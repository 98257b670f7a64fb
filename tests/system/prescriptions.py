"""A hub that issues prescriptions: a service, a pharmacy's and a prescriber's mailbox beside it."""

from __future__ import annotations

import base64
import json
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from hub_demo.processes import PATIENCE, until
from hub_demo.story import DOCTOR
from hub_demo.world import PRACTICE, World

PHARMACIST: Final = "victor.bruyere@valbrume.mssante.example"
UNDER_WAY: Final = {"draft", "signed"}


@contextmanager
def prescribing() -> Iterator[World]:
    """Set the stage: service and operators run, the hub does not yet."""
    with tempfile.TemporaryDirectory(prefix="hub-test-", ignore_cleanup_errors=True) as name:
        world = World.create(Path(name) / "hub", DOCTOR, language="en")
        sample = sorted(Path(str(files("hub_demo") / "annuaire")).glob("*.txt"))
        world.json("directory", "import", *map(str, sample), language="en")
        try:
            world.valbrume.start()
            world.courrier.start()
            world.rezept.start()
            yield world
        finally:
            world.close()


def ask(
    world: World, method: str, path: str, said: Any = None, headers: Mapping[str, str] | None = None
) -> tuple[int, Any]:
    """Ask the API as the practice; returns the status and what it answers, parsed when it is JSON."""
    data = None if said is None else said if isinstance(said, bytes) else json.dumps(said).encode()
    request = urllib.request.Request(f"{world.api}{path}", data, method=method)
    request.add_header("Authorization", f"Bearer {world.token()}")
    if data is not None:
        request.add_header("Content-Type", "application/json")
    for field, value in (headers or {}).items():
        request.add_header(field, value)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return answer.status, _read(answer)
    except urllib.error.HTTPError as error:
        return error.code, _read(error)


def order(world: World, key: str, *, wait: int = 30, **fields: Any) -> tuple[int, Any]:
    """Order a prescription of today."""
    said = {
        "from": PRACTICE,
        "service": "erezept",
        "prescription": {
            "media_type": "application/fhir+xml",
            "content": base64.b64encode(world.rezept.prescription()).decode(),
        },
        **fields,
    }
    return ask(world, "POST", "/v1/prescriptions", said, {"Idempotency-Key": key, "Prefer": f"wait={wait}"})


def issued(world: World, prescription: str) -> Any:
    """Wait until a prescription is issued or has come to nothing, and return how it stands."""
    found: list[Any] = []

    def is_settled() -> bool:
        _, progress = ask(world, "GET", f"/v1/prescriptions/{prescription}")
        found[:] = [progress]
        return progress["state"] not in UNDER_WAY

    until(is_settled, f"the prescription was not issued: {found}", "")
    return found[0]


def _read(answer: Any) -> Any:
    body = answer.read()
    return json.loads(body) if "json" in answer.headers.get("Content-Type", "") else body
