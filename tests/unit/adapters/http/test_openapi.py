"""The description that is served is that of the API: paths, fields, codes."""

from __future__ import annotations

import json
import re
from importlib import resources
from pathlib import Path
from typing import Any

from aiohttp import web

from hub.adapters.http import directory, draft, entries, problem, server
from hub.adapters.http.draft import KINDS, RECEIPTS
from hub.domain.delivery import State
from hub.ports.directory import MailboxKind, Standing
from hub.testing.fakes import entry
from tests.unit.adapters.http.serving import Served

DESCRIBED: dict[str, Any] = json.loads(
    resources.files("hub.adapters.http").joinpath("openapi.json").read_text()
)
REFERENCE = Path(__file__).parents[4] / "docs" / "reference" / "api.md"
_ANSWERING = (
    "directory", "draft", "faults", "fields", "problem", "recipients", "submissions", "upload",
)  # fmt: skip
"""The modules whose codes clients get to see."""


class _Handlers:
    """Stands where the handlers do; only the routes table is looked at."""

    async def post(self, _request: web.Request) -> web.Response:
        """Do nothing."""
        return web.Response()

    message = envelope = search = entry = alive = ready = post


async def test_it_is_served_without_a_token(served: Served) -> None:
    """A program's author reads the description where the API is."""
    response, data = await served.get("/v1/openapi.json", token=None)
    assert (response.status, json.loads(data)) == (200, DESCRIBED)


def test_every_route_is_described_and_nothing_else() -> None:
    """The description and the routes table name the same paths and methods."""
    app = web.Application()
    handlers: Any = _Handlers()
    server._add_routes(app, handlers, handlers, handlers, handlers)
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


def test_every_status_of_a_problem_is_described_for_submitting() -> None:
    """No answer to a submission comes as a surprise: 404 and 405 aside, which are about paths."""
    described = {int(one) for one in DESCRIBED["paths"]["/v1/messages"]["post"]["responses"]}
    assert described == set(problem._TITLES) - {404, 405} | {202}


def test_the_reference_names_every_field_and_every_code() -> None:
    """`docs/reference/api.md` is complete."""
    text = REFERENCE.read_text()
    folder = Path(server.__file__).parent
    source = "".join((folder / f"{name}.py").read_text() for name in _ANSWERING)
    codes = set(re.findall(r'"(http\.[a-z_]+)"', source))
    fields = set(DESCRIBED["components"]["schemas"]["Message"]["properties"])
    fields |= set(DESCRIBED["components"]["schemas"]["Document"]["properties"])
    fields |= set(DESCRIBED["components"]["schemas"]["Entry"]["properties"])
    assert [one for one in sorted(codes | fields) if f"`{one}`" not in text] == []
