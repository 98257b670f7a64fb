"""The description that is served is that of the API: paths, fields, codes."""

from __future__ import annotations

import json
import re
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from hub.adapters.http import (
    directory,
    draft,
    entries,
    preferences,
    prescription_order,
    problem,
    server,
)
from hub.adapters.http.draft import KINDS, RECEIPTS
from hub.domain.delivery import State
from hub.domain.prescription import CancelResult, Handing, PrescriptionState
from hub.ports.directory import MailboxKind, Standing
from hub.ports.prescribing import CodeForm
from hub.testing.fakes import entry
from tests.unit.adapters.http.prescribing import prescribing
from tests.unit.adapters.http.serving import Served

DESCRIBED: dict[str, Any] = json.loads(
    resources.files("hub.adapters.http").joinpath("openapi.json").read_text()
)
REFERENCE = Path(__file__).parents[4] / "docs" / "reference" / "api.md"
_ANSWERING = (
    "asking", "directory", "draft", "faults", "fields", "prescription_answers", "prescription_papers",
    "prescriptions", "problem", "recipients", "submissions", "upload", "values",
)  # fmt: skip
"""The modules whose codes clients get to see."""


class _Handlers:
    """Stands where the handlers do; only the routes table is looked at."""

    async def post(self, _request: web.Request) -> web.Response:
        """Do nothing."""
        return web.Response()

    message = envelope = search = entry = alive = ready = post
    get = delete = hand_over = to_sign = put_signed = signed = printed = post

    def code(self, _form: CodeForm) -> Any:
        """Return what draws."""
        return self.post


async def test_it_is_served_without_a_token(served: Served) -> None:
    """A program's author reads the description where the API is."""
    response, data = await served.get("/v1/openapi.json", token=None)
    assert (response.status, json.loads(data)) == (200, DESCRIBED)


def test_every_route_is_described_and_nothing_else() -> None:
    """The description and the routes table name the same paths and methods."""
    app = web.Application()
    handlers: Any = _Handlers()
    server._add_routes(app, handlers, handlers, handlers, handlers)
    server._add_prescriptions(app, handlers, handlers)
    routes = {
        (resource.canonical, route.method.lower())
        for resource in app.router.resources()
        for route in resource
        if route.method != "HEAD"
    }
    assert routes == {(path, method) for path, methods in DESCRIBED["paths"].items() for method in methods}


def test_the_described_fields_are_those_that_are_read() -> None:
    """Field names, kinds and receipts stand in the description as the code knows them."""
    schemas = DESCRIBED["components"]["schemas"]
    assert ", ".join(schemas["Message"]["properties"]) == draft._FIELDS
    assert tuple(schemas["Message"]["properties"]["kind"]["enum"]) == KINDS
    assert tuple(schemas["Message"]["properties"]["receipts"]["items"]["enum"]) == RECEIPTS
    assert schemas["Message"]["properties"]["text"]["maxLength"] == draft.MAX_TEXT
    delivery = schemas["Status"]["properties"]["deliveries"]["items"]["properties"]
    assert delivery["state"]["enum"] == [state.value for state in State]


def test_the_described_entry_is_the_one_that_is_shown() -> None:
    """Members, kinds and standings stand in the description as the code writes them."""
    described = DESCRIBED["components"]["schemas"]["Entry"]
    shown = entries.as_json(entry("a@b.example"))
    assert described["required"] == list(described["properties"]) == list(shown)
    assert described["properties"]["mailbox"]["enum"] == list(MailboxKind)
    assert described["properties"]["standing"]["enum"] == list(Standing)
    query, limit, _ = DESCRIBED["paths"]["/v1/directory"]["get"]["parameters"]
    assert query["schema"]["maxLength"] == directory.MAX_QUERY
    assert (limit["schema"]["maximum"], limit["schema"]["default"]) == (directory.MOST, directory.USUAL)


def test_the_described_order_is_the_one_that_is_read() -> None:
    """Fields, forms and limits stand in the description as the code knows them."""
    schemas = DESCRIBED["components"]["schemas"]
    order, hand_over = schemas["Order"], schemas["HandOver"]["properties"]
    assert ", ".join(order["properties"]) == prescription_order._FIELDS
    assert hand_over["as"]["enum"] == list(Handing)
    assert order["properties"]["options"]["maxProperties"] == prescription_order.MOST_OPTIONS
    assert order["properties"]["hand_over"]["maxItems"] == prescription_order.MOST_HANDOVERS
    assert order["properties"]["service"]["maxLength"] == prescription_order.MAX_SERVICE
    wait = DESCRIBED["paths"]["/v1/prescriptions"]["post"]["parameters"][1]["description"]
    assert f"0 to {preferences.MOST_WAIT}; default {preferences.USUAL_WAIT}" in wait


async def test_the_described_prescription_is_the_one_that_is_shown() -> None:
    """Every member, at every depth, stands in the description as the code writes it, in its order."""
    schemas = DESCRIBED["components"]["schemas"]
    async with prescribing() as one:
        _, body = await one.order()
        await one.ask("POST", f"/{body['id']}/hand-over", json={"to": "pharmacie@valbrume.example"})
        one.prescriptions.dispense(next(iter(one.prescriptions.kept)))
        _, body = await one.ask("GET", f"/{body['id']}")
    described = schemas["Prescription"]["properties"]
    assert list(body) == schemas["Prescription"]["required"] == list(described)
    assert list(body["view"]) == schemas["View"]["required"]
    for who in ("patient", "prescriber"):
        assert list(body["view"][who]) == schemas["View"]["properties"][who]["required"]
    assert list(body["view"]["medicines"][0]) == schemas["Medicine"]["required"]
    for several in ("events", "handed_over"):
        assert set(body[several][0]) == set(described[several]["items"]["required"])
    for states in (described["state"]["enum"], schemas["Problem"]["properties"]["state"]["enum"]):
        assert states == list(PrescriptionState)
    assert schemas["Problem"]["properties"]["result"]["enum"] == list(CancelResult)
    assert set(problem._MEMBERS) <= set(schemas["Problem"]["properties"])


@pytest.mark.parametrize(
    ("path", "fine"),
    [("/v1/messages", {202}), ("/v1/prescriptions", {201, 202})],
)
def test_every_status_of_a_problem_is_described_for_submitting(path: str, fine: set[int]) -> None:
    """No answer to a submission comes as a surprise: 404 and 405 aside, which are about paths."""
    described = {int(one) for one in DESCRIBED["paths"][path]["post"]["responses"]}
    assert described == set(problem._TITLES) - {404, 405} | fine


def test_the_reference_names_every_field_and_every_code() -> None:
    """`docs/reference/api.md` is complete."""
    text = REFERENCE.read_text()
    folder = Path(server.__file__).parent
    source = "".join((folder / f"{name}.py").read_text() for name in _ANSWERING)
    codes = set(re.findall(r'"(http\.[a-z_]+)"', source))
    fields = set(DESCRIBED["components"]["schemas"]["Message"]["properties"])
    fields |= set(DESCRIBED["components"]["schemas"]["Document"]["properties"])
    fields |= set(DESCRIBED["components"]["schemas"]["Entry"]["properties"])
    for name in ("Order", "HandOver", "Prescription", "View", "Medicine", "Cancelled"):
        fields |= set(DESCRIBED["components"]["schemas"][name]["properties"])
    fields |= set(problem._MEMBERS)
    codes |= set(re.findall(r'"(prescription\.[a-z_]+)"', source))
    assert [one for one in sorted(codes | fields) if f"`{one}`" not in text] == []
