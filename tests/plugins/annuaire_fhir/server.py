"""A FHIR server of the Annuaire Santé's shape, over TLS, with faults on demand.

It serves searches over resources that it was given: paging with a token, ETag, API key, throttling. Its
answers are made of the resources as they are, so what the guides' examples say is what a client reads.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from itertools import count as count_
from pathlib import Path
from typing import Any, Final

import trustme
from aiohttp import web

from hub.ports.clock import Clock
from tests.plugins.annuaire_fhir.resources import Resource

KEY: Final = "a-key-of-somebody"
TYPES: Final = ("Organization", "Practitioner", "PractitionerRole")

Fault = Callable[[web.Request], Awaitable[web.StreamResponse | None]]
"""What a fault answers; None: nothing of its own, the server goes on."""


@dataclass(slots=True)
class Server:
    """What it holds, and what it was asked. `faults` come one after the other, then never again."""

    clock: Clock
    resources: dict[tuple[str, str], Resource] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    etags: list[str] = field(default_factory=list)
    faults: list[Fault | None] = field(default_factory=list)
    constant: Fault | None = None
    changing: Callable[[int], None] | None = None
    known: set[str] = field(default_factory=set)
    tokens: dict[str, tuple[str, list[tuple[str, str]], int]] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=count_)
    page: int = 1000
    waiting: asyncio.Event = field(default_factory=asyncio.Event)
    came: asyncio.Event = field(default_factory=asyncio.Event)
    url: str = ""
    anchor: Path = Path()

    def put(self, *resources: Resource) -> None:
        """Hold resources; a new one of the same id replaces the old."""
        for one in resources:
            self.resources[one["resourceType"], one["id"]] = deepcopy(one)

    def update(self, kind: str, id_: str, at: datetime, **values: Any) -> None:
        """Change one, and when it was last updated."""
        one = self.resources[kind, id_]
        one.update(values)
        one["meta"] = {"lastUpdated": at.isoformat()}

    def remove(self, kind: str, id_: str) -> None:
        """Forget one altogether, as a full reload of the real server does."""
        del self.resources[kind, id_]

    async def reached(self, number: int) -> None:
        """Wait until so many questions have come."""
        while len(self.asked) < number:
            self.came.clear()
            await self.came.wait()

    def refuse_tokens(self) -> None:
        """Forget where everybody was."""
        self.tokens.clear()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        self.asked.append(request.path_qs)
        self.came.set()
        fault = self.faults.pop(0) if self.faults else self.constant
        if fault is not None and (made := await fault(request)) is not None:
            return made
        if request.headers.get("ESANTE-API-KEY") != KEY:
            return outcome(401, "login", "Unauthorized")
        kind = request.match_info["kind"]
        if kind not in TYPES:
            return outcome(404, "not-found", f"Unknown resource type {kind}")
        if self.changing is not None:
            self.changing(len(self.asked))
        found = self._search(kind, list(request.query.items()))
        if isinstance(found, web.Response):
            return found
        kind, given, start, matching, count = found
        link = None
        if start + count < len(matching):
            token = f"t{next(self.numbers)}"
            self.tokens[token] = (kind, given, start + count)
            # the real server has its pages below its base, with nothing but the token
            link = f"{self.url}{kind}?_page_token={token}"
        return self._bundle(request, matching[start : start + count], len(matching), link)

    def _search(
        self, kind: str, given: list[tuple[str, str]]
    ) -> web.Response | tuple[str, list[tuple[str, str]], int, list[Resource], int]:
        count, start = self.page, 0
        if token := dict(given).get("_page_token"):
            if token not in self.tokens:
                return outcome(410, "expired", "This page token has expired")
            kind, given, start = self.tokens[token]
        matching = [one for (type_, _), one in sorted(self.resources.items()) if type_ == kind]
        for name, value in given:
            if name == "_count":
                count = min(self.page, int(value))
                continue
            test = _TESTS.get(name)
            if test is None:
                return outcome(400, "invalid", f"Unknown search parameter {name}={value}")
            matching = [one for one in matching if test(one, value)]
        return kind, given, start, matching, count

    def _bundle(
        self, request: web.Request, shown: list[Resource], total: int, link: str | None
    ) -> web.Response:
        here = str(request.url)
        bundle = {
            "resourceType": "Bundle",
            "type": "searchset",
            "total": total,
            "link": [{"relation": "self", "url": here}],
            "entry": [{"resource": one, "search": {"mode": "match"}} for one in shown],
        }
        if link is not None:
            bundle["link"] = [{"relation": "self", "url": here}, {"relation": "next", "url": link}]
        body = json.dumps(bundle).encode()
        etag = f'W/"{hashlib.sha256(body).hexdigest()[:16]}"'
        headers = {"ETag": etag, "Date": format_datetime(self.clock.now(), usegmt=True)}
        if request.headers.get("If-None-Match") == etag:
            self.etags.append(etag)
            return web.Response(status=304, headers=headers)
        return web.Response(body=body, content_type="application/fhir+json", headers=headers)


def outcome(status: int, code: str, text: str, **headers: str) -> web.Response:
    """Make an OperationOutcome."""
    body = {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "error", "code": code, "details": {"text": text}}],
    }
    return web.json_response(
        body, status=status, content_type="application/fhir+json",
        headers={name.replace("_", "-"): value for name, value in headers.items()},
    )  # fmt: skip


@asynccontextmanager
async def serving(folder: Path, clock: Clock, resources: Iterable[Resource]) -> AsyncIterator[Server]:
    """Serve on a free port of loopback, with a certificate for `localhost` of an authority of its own."""
    server = Server(clock=clock)
    server.put(*resources)
    authority = trustme.CA()
    server.anchor = folder / "anchor.pem"
    authority.cert_pem.write_to_path(str(server.anchor))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    application = web.Application()
    application.router.add_get("/fhir/v2/{kind}", server.answer)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "localhost", 0, ssl_context=context)
    await site.start()
    try:
        port = runner.addresses[0][1]
        server.url = f"https://localhost:{port}/fhir/v2/"
        yield server
    finally:
        server.waiting.set()
        await runner.cleanup()


def _addresses(one: Resource) -> list[str]:
    return [
        telecom["value"]
        for telecom in one.get("telecom", [])
        if any("mailbox-mss" in extension["url"] or "email-type" in extension["url"]
               for extension in telecom.get("extension", []))
    ]  # fmt: skip


def _exact(one: Resource, value: str) -> bool:
    return any(sought.replace("\\", "") in _addresses(one) for sought in value.split(","))


def _contains(one: Resource, value: str) -> bool:
    sought = value.replace("\\", "").lower()
    return any(sought in address.lower() for address in _addresses(one))


def _identified(one: Resource, value: str) -> bool:
    system, _, number = value.replace("\\", "").rpartition("|")
    return any(
        given["value"] == number and system in {"", given["system"]} for given in one.get("identifier", [])
    )


def _changed(one: Resource, value: str) -> bool:
    assert value.startswith("gt")
    updated = one.get("meta", {}).get("lastUpdated", "2019-01-01T00:00:00+00:00")
    return datetime.fromisoformat(updated) > datetime.fromisoformat(value[2:])


def _of_practitioner(one: Resource, value: str) -> bool:
    return one.get("practitioner", {}).get("reference", "").removeprefix("Practitioner/") in value.split(",")


_TESTS: Final[dict[str, Callable[[Resource, str], bool]]] = {
    "mailbox-mss:exact": _exact,
    "mailbox-mss:contains": _contains,
    "identifier": _identified,
    "_lastUpdated": _changed,
    "_id": lambda one, value: one["id"] in value.split(","),
    "practitioner": _of_practitioner,
}
