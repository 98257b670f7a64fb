"""One call of a webhook: proved, read, handed on, answered. What it says is taken in `events`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

from aiohttp import web

from hub.errors import HubError, MalformedError
from hub.plugin.crowd import Crowd
from hub.plugin.door.connection import certificate_of
from hub.plugin.door.faults import UnprovedError, busy, malformed, media_type
from hub.plugin.door.proofs import Forgeries
from hub.plugin.door.upload import Upload
from hub.ports.host import Host
from hub.ports.intake import Intake, Peer
from hub_http import hooks
from hub_http.description.inbound import Webhook
from hub_http.door import faults, verification
from hub_http.door.events import Events
from hub_http.door.settings import DoorSettings
from hub_http.fetching.came import scope_of
from hub_http.mapping import trees
from hub_http.mapping.answered import Answered, written_out
from hub_http.sending.operator import Operator, Operators


class Webhooks:
    """Takes calls for every operator that is open."""

    def __init__(self, settings: DoorSettings, operators: Operators, host: Host, intake: Intake) -> None:
        self._settings = settings
        self._operators = operators
        self._host = host
        self._intake = intake
        # Somebody who sends slowly and proves nothing must not keep everybody else out.
        self._running = Crowd(settings.concurrency, max(settings.concurrency * 3 // 4, 1))
        self._forgeries = Forgeries(host)

    async def post(self, request: web.Request) -> web.StreamResponse:
        """Answer one call, or raise the HubError that says why not."""
        host = request.remote or ""
        if not self._running.enters(host):
            raise busy()
        try:
            return await self._proved(request)
        finally:
            self._running.leaves(host)

    async def _proved(self, request: web.Request) -> web.StreamResponse:
        name, called = request.match_info["operator"], request.match_info["webhook"]
        operator = self._operators.named(name)
        webhook = None if operator is None else operator.description.webhooks.get(called)
        _check_encoding(request)
        try:
            if operator is None or webhook is None:
                await self._drain(request)
                raise faults.unproved("nobody")
            calling = _Calling(self._settings, self._intake, operator, called, webhook)
            try:
                peer = calling.peer(request)
            except UnprovedError:
                await self._drain(request)
                raise
            return await calling.answer(request, peer)
        except UnprovedError as error:
            self._forgeries.note(error, "-" if webhook is None else name)
            raise

    async def _drain(self, request: web.Request) -> None:
        """Read a call that proves nothing like any other, so that nobody learns which operators there are."""
        upload = Upload(request, self._settings.idle_timeout)
        await upload.drain(self._settings.max_call, self._settings.call_timeout)


class _Calling:
    """One call."""

    def __init__(
        self, settings: DoorSettings, intake: Intake, operator: Operator, name: str, webhook: Webhook
    ) -> None:
        self._settings = settings
        self._intake = intake
        self._operator = operator
        self._name = name
        self._webhook = webhook

    def peer(self, request: web.Request) -> Peer:
        """Return who calls, by what needs no body. Raises UnprovedError."""
        return verification.before_body(
            self._webhook.verify, self._operator, _headers(request), certificate_of(request), self._intake
        )

    async def answer(self, request: web.Request, peer: Peer) -> web.StreamResponse:
        """Take it, once the rest of the proof holds, and answer it."""
        headers, certificate = _headers(request), certificate_of(request)
        verify = self._webhook.verify
        upload = Upload(request, self._settings.idle_timeout)
        if self._webhook.hook is not None and verify.hmac is None and verify.timestamp is None:
            pieces = upload.pieces(self._settings.max_upload, self._settings.upload_timeout)
            return await self._hooked(self._webhook.hook, peer, headers, certificate, pieces)
        # 1. What is in the body, or digested from it.
        limit = min(self._settings.max_call, self._operator.description.limits.max_structured)
        body = await upload.whole(limit, self._settings.call_timeout)
        call = Answered(status=200, headers=headers, body=body)
        signatures = request.headers.getall(verify.hmac.header, []) if verify.hmac is not None else []
        said_at = verification.with_body(verify, self._operator, call, signatures)
        if self._webhook.hook is not None:
            return await self._hooked(self._webhook.hook, peer, headers, certificate, _one(body))
        # 2. What it says.
        _check_form(headers.get("content-type", ""), call)
        events = Events(self._operator, self._intake, self._name, self._webhook)
        refused = await events.take(call, said_at, peer)
        return self._answer(call, refused)

    async def _hooked(
        self,
        name: str,
        peer: Peer,
        headers: Mapping[str, str],
        certificate: bytes | None,
        pieces: AsyncIterator[bytes],
    ) -> web.StreamResponse:
        hook = hooks.named(name, hooks.TakesCall)
        call = hooks.Call(
            webhook=self._name, peer=peer, headers=headers, certificate=certificate, pieces=pieces
        )
        reply = await hook.take(self._operator, call, self._intake)
        return web.Response(
            status=reply.status,
            body=reply.body,
            headers={**reply.headers, "Content-Type": reply.media_type},
        )

    def _answer(self, call: Answered, refused: Mapping[int, HubError]) -> web.Response:
        """Answer with what the description says; else with which events of a batch were refused, if any."""
        body: Any = None
        if self._webhook.answer is not None:
            body = trees.filled(self._webhook.answer, scope_of(self._operator, call))
        elif refused:
            body = {
                "refused": [
                    {"position": position, "code": why.code, "detail": why.words.en}
                    for position, why in refused.items()
                ]
            }
        if body is None:
            return web.Response(status=self._webhook.status)
        return web.Response(
            status=self._webhook.status,
            body=written_out(body),
            content_type="application/json",
        )


async def _one(body: bytes) -> AsyncIterator[bytes]:
    yield body


def _headers(request: web.Request) -> Mapping[str, str]:
    return {key.lower(): value for key, value in request.headers.items()}


def _check_encoding(request: web.Request) -> None:
    if request.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        raise media_type(
            "Content-Encoding is not read here: send the body as it is.",
            "Content-Encoding n'est pas lu ici : envoyez le corps tel quel.",
        )


def _check_form(content_type: str, call: Answered) -> None:
    """Hold a call to what it says it is: JSON or XML that can be read."""
    kind = content_type.partition(";")[0].strip().lower()
    try:
        if kind == "application/json" or kind.endswith("+json"):
            _ = call.json
        elif kind in {"application/xml", "text/xml"} or kind.endswith("+xml"):
            _ = call.xml
        else:
            raise media_type(
                "Content-Type must be that of JSON or XML, such as application/json.",
                "Content-Type doit être du JSON ou du XML, comme application/json.",
            )
    except MalformedError:
        raise malformed(
            f"This is not what its media type says ({kind}).",
            f"Ceci n'est pas ce que dit son type de média ({kind}).",
        ) from None
