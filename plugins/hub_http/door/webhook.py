"""One call of a webhook: proved, read, taken event by event, answered.

Once taken, an event is not done again. Of a batch every event is tried: when one can't be taken now, the
whole call is answered 503 and comes again, and what was taken of it does no harm.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from aiohttp import web

from hub.errors import HubError, LimitError, MalformedError, Words
from hub.ports.content import PIECE, Content
from hub.ports.host import Host
from hub.ports.intake import Intake, Peer, Stage
from hub_http import hooks
from hub_http.description.inbound import Kind, Webhook
from hub_http.door import faults, problem, verification
from hub_http.door.replay import Seen
from hub_http.door.settings import DoorSettings
from hub_http.door.upload import Upload
from hub_http.fetching import reports
from hub_http.fetching.arriving import submission_of
from hub_http.fetching.came import Came, scope_of
from hub_http.fetching.refusals import UnknownDeliveryError
from hub_http.fetching.values import Picks
from hub_http.mapping import trees
from hub_http.mapping.answered import Answered
from hub_http.sending.classify import fits
from hub_http.sending.operator import Operator, Operators

MOST_EVENTS: Final = 1000
"""Events of one call."""


class Webhooks:
    """Takes calls for every operator that is open."""

    def __init__(self, settings: DoorSettings, operators: Operators, host: Host, intake: Intake) -> None:
        self._settings = settings
        self._operators = operators
        self._host = host
        self._intake = intake
        self._running = 0
        self._forged: Counter[str] = Counter()

    async def post(self, request: web.Request) -> web.StreamResponse:
        """Answer one call, or raise the HubError that says why not."""
        if self._running >= self._settings.concurrency:
            raise faults.busy()
        self._running += 1
        try:
            return await self._proved(request)
        finally:
            self._running -= 1

    async def _proved(self, request: web.Request) -> web.StreamResponse:
        name, called = request.match_info["operator"], request.match_info["webhook"]
        operator = self._operators.named(name)
        webhook = None if operator is None else operator.description.webhooks.get(called)
        try:
            if operator is None or webhook is None:
                # Read like any other, so that nobody learns from it which operators there are.
                await Upload(request, self._settings.idle_timeout).whole(
                    self._settings.max_call, self._settings.call_timeout
                )
                raise faults.unproved("nobody")
            return await _Calling(self._settings, self._intake, operator, called, webhook).answer(request)
        except faults.UnprovedError as error:
            known = "-" if webhook is None else name
            self._forged[known] += 1
            self._host.log.warning(
                "door.unproved",
                receiver=self._host.name,
                operator=known,
                reason=error.fields["proof"],
                count=self._forged[known],
            )
            raise


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
        self._seen = Seen(
            operator.ledger, operator.host.clock, name, webhook.verify.tolerance or timedelta(0)
        )

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Prove it, take it, answer it."""
        headers = {key.lower(): value for key, value in request.headers.items()}
        certificate = _certificate(request)
        verify = self._webhook.verify
        # 1. What needs no body.
        peer = verification.before_body(verify, self._operator, headers, certificate, self._intake)
        if headers.get("content-encoding", "identity").strip().lower() != "identity":
            raise faults.media_type(
                "Content-Encoding is not read here: send the body as it is.",
                "Content-Encoding n'est pas lu ici : envoyez le corps tel quel.",
            )
        upload = Upload(request, self._settings.idle_timeout)
        if self._webhook.hook is not None and verify.hmac is None and verify.timestamp is None:
            pieces = upload.pieces(self._settings.max_upload, self._settings.upload_timeout)
            return await self._hooked(self._webhook.hook, peer, headers, certificate, pieces)
        # 2. What is in the body, or digested from it.
        limit = min(self._settings.max_call, self._operator.description.limits.max_structured)
        body = await upload.whole(limit, self._settings.call_timeout)
        call = Answered(status=200, headers=headers, body=body)
        signatures = request.headers.getall(verify.hmac.header, []) if verify.hmac is not None else []
        said_at = verification.with_body(verify, self._operator, call, signatures)
        if self._webhook.hook is not None:
            return await self._hooked(self._webhook.hook, peer, headers, certificate, _one(body))
        # 3. What it says.
        _check_form(headers.get("content-type", ""), call)
        refused = await self._take(call, said_at, peer)
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

    async def _take(self, call: Answered, said_at: str, peer: Peer) -> dict[int, HubError]:
        """Take every event; return those that were refused for good, by their place in the batch."""
        events = self._events(call)
        taken: list[str] = []
        refused: dict[int, HubError] = {}
        failed: Exception | None = None
        for position, event in enumerate(events):
            try:
                key = self._key(call, event, said_at, position)
                if await self._seen.knows(key):
                    continue
                await self._event(event, peer, payload=call.body if event is call else None)
                taken.append(key)
            except HubError as error:
                if problem.lasting(error) and self._webhook.each is not None:
                    refused[position] = error
                    self._log("door.event_refused", error)
                else:
                    failed = failed or error
        if taken:
            await self._seen.taken(*taken)
        if failed is not None:
            raise failed
        return refused

    def _events(self, call: Answered) -> Sequence[Answered]:
        if self._webhook.each is None:
            return (call,)
        picks = Picks(answered=call, scope=scope_of(self._operator, call), within=f"webhooks.{self._name}")
        members = picks.members("each", self._webhook.each)
        if len(members) > MOST_EVENTS:
            raise LimitError(
                "door.too_many",
                Words(
                    en=f"One call says at most {MOST_EVENTS} things; call several times.",
                    fr=f"Un appel dit au plus {MOST_EVENTS} choses ; appelez plusieurs fois.",
                ),
                limit=MOST_EVENTS,
            )
        return [Answered.of(one, within=call) for one in members]

    def _key(self, call: Answered, event: Answered, said_at: str, position: int) -> str:
        if self._webhook.id is None:
            return self._seen.by_digest(call.body, said_at, position)
        scope = scope_of(self._operator, event)
        picks = Picks(answered=event, scope=scope, within=f"webhooks.{self._name}")
        return self._seen.by_id(picks.needed("id", self._webhook.id))

    async def _event(self, event: Answered, peer: Peer, payload: bytes | None) -> None:
        scope = scope_of(self._operator, event)
        kind = next((one for one in self._webhook.kinds if fits(one, event, scope)), None)
        if kind is None:
            raise faults.of_no_kind()
        match kind.is_:
            case "message":
                await self._message(kind, event, peer, payload)
            case "report":
                await self._report(kind, event, peer, scope)
            case "ignored":
                return

    async def _message(self, kind: Kind, event: Answered, peer: Peer, payload: bytes | None) -> None:
        if kind.message is None:
            raise faults.of_no_kind()
        stage = self._intake.stage()
        try:
            came = Came(answered=event, payload=None if payload is None else await _kept(stage, payload))
            submission = await submission_of(
                kind.message,
                came,
                stage,
                operator=self._operator,
                peer=peer,
                within=f"webhooks.{self._name}.message",
            )
            await self._intake.submit(stage, submission)
        finally:
            # After a commit this is harmless; after a repetition there are contents that nobody wants.
            await stage.discard()

    async def _report(self, kind: Kind, event: Answered, peer: Peer, scope: Mapping[str, Any]) -> None:
        """Record a report; one about a message that is just being sent waits for the send's answer."""
        if kind.about is None:
            raise faults.of_no_kind()
        loop = asyncio.get_running_loop()
        until = loop.time() + self._webhook.early.total_seconds()
        flights = self._operator.flights
        while True:
            news, in_the_air = flights.news, flights.in_the_air
            try:
                matched = await reports.record(
                    kind.about,
                    kind.events,
                    event,
                    scope,
                    operator=self._operator,
                    intake=self._intake,
                    peer=peer,
                )
            except UnknownDeliveryError as error:
                if not in_the_air:
                    self._log("door.unmatched", error)
                    return
                try:
                    async with asyncio.timeout_at(until):
                        await news.wait()
                except TimeoutError:
                    raise faults.early() from None
            else:
                if not matched:
                    self._log("door.unmatched")
                return

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
            body=json.dumps(body, ensure_ascii=False).encode(),
            content_type="application/json",
        )

    def _log(self, event: str, error: HubError | None = None) -> None:
        self._operator.host.log.warning(
            event, operator=self._operator.name, code=None if error is None else error.code
        )


async def _one(body: bytes) -> AsyncIterator[bytes]:
    yield body


async def _kept(stage: Stage, data: bytes) -> Content:
    if len(data) <= PIECE:
        return await stage.keep(data)
    sink = stage.sink()
    for at in range(0, len(data), PIECE):
        await sink.write(data[at : at + PIECE])
    return await sink.finish()


def _certificate(request: web.Request) -> bytes | None:
    """Return the client certificate (DER) that TLS has verified."""
    secured = request.get_extra_info("ssl_object")
    return None if secured is None else secured.getpeercert(binary_form=True)


def _check_form(content_type: str, call: Answered) -> None:
    """Hold a call to what it says it is: JSON or XML that can be read."""
    kind = content_type.partition(";")[0].strip().lower()
    try:
        if kind == "application/json" or kind.endswith("+json"):
            _ = call.json
        elif kind in {"application/xml", "text/xml"} or kind.endswith("+xml"):
            _ = call.xml
        else:
            raise faults.media_type(
                "Content-Type must be that of JSON or XML, such as application/json.",
                "Content-Type doit être du JSON ou du XML, comme application/json.",
            )
    except MalformedError:
        raise faults.malformed(
            f"This is not what its media type says ({kind}).",
            f"Ceci n'est pas ce que dit son type de média ({kind}).",
        ) from None
