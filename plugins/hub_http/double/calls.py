"""Calls of the hub's webhooks (`[[simulate.calls]]`), signed as `verify` wants them, with faults.

A call that the hub does not take (no connection, 429, 5xx) is made again a few times, as operators do.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, Final

import aiohttp
from multidict import CIMultiDict

from hub_http.auth.hmac import signature
from hub_http.auth.keys import basic
from hub_http.description.inbound import Verification
from hub_http.description.model import Description
from hub_http.description.simulation import Call
from hub_http.double.faults import Plan
from hub_http.mapping import templates, trees

LATE: Final = timedelta(seconds=5)
_TRIES: Final = 5
_PAUSE: Final = 1.0
_TIMEOUT: Final = 30.0
_KEPT: Final = 1000
_SERVER: Final = 500
_TOO_MANY: Final = 429


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """Where the hub takes calls: `url` is that of the operator at its door, without the webhook's name."""

    url: str
    context: ssl.SSLContext = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """A call that was made. `status` is None when no answer came."""

    webhook: str
    status: int | None
    forged: bool = False


class Calls:
    """Makes calls. `made` are the last of them, in the order of their ends; `now` is the double's clock."""

    def __init__(
        self,
        *,
        description: Description,
        hook: Hook,
        secrets: Mapping[str, str],
        scope: Mapping[str, Any],
        plan: Plan,
        now: Callable[[], datetime],
        session: aiohttp.ClientSession,
        late: timedelta = LATE,
    ) -> None:
        self.made: deque[Called] = deque(maxlen=_KEPT)
        self._late = late
        self._description = description
        self._hook = hook
        self._secrets = secrets
        self._scope = {**scope, "secrets": secrets}
        self._plan = plan
        self._now = now
        self._session = session
        self._tasks: set[asyncio.Task[None]] = set()
        self._held: list[tuple[str, bytes]] = []

    async def after(self, name: str, scope: Mapping[str, Any]) -> None:
        """Begin the calls that follow a route, or `incoming`; those that come early are on their way."""
        simulation = self._description.simulate
        for call in simulation.calls if simulation is not None else ():
            if call.after == name:
                await self._begin(call, scope)

    async def settled(self) -> None:
        """Wait until every call that was begun has come to its end."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def close(self) -> None:
        """Begin nothing more, and end what is under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _begin(self, call: Call, scope: Mapping[str, Any]) -> None:
        body = json.dumps(trees.filled(call.json_, scope), ensure_ascii=False, separators=(",", ":")).encode()
        fault = self._plan.next(call.webhook, everywhere=False)
        kind = "" if fault is None else fault.kind
        if kind == "reordered":
            self._held.append((call.webhook, body))
            return
        left = asyncio.Event()
        task = asyncio.create_task(self._make(call.webhook, body, kind, left))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        if kind == "early":
            await left.wait()

    async def _make(self, webhook: str, body: bytes, kind: str, left: asyncio.Event) -> None:
        try:
            if kind == "late":
                await asyncio.sleep(self._late.total_seconds())
            if kind == "forged":
                await self._once(webhook, body, left, forged=True)
            await self._until_taken(webhook, body, left)
            if kind == "duplicate":
                await self._until_taken(webhook, body, left)
            held, self._held = self._held, []
            for one in held:
                await self._until_taken(*one, left)
        finally:
            left.set()

    async def _until_taken(self, webhook: str, body: bytes, left: asyncio.Event) -> None:
        for tried in range(1, _TRIES + 1):
            status = await self._once(webhook, body, left)
            if (status is not None and status < _SERVER and status != _TOO_MANY) or tried == _TRIES:
                return
            await asyncio.sleep(_PAUSE * tried)

    async def _once(
        self, webhook: str, body: bytes, left: asyncio.Event, *, forged: bool = False
    ) -> int | None:
        verify = self._description.webhooks[webhook].verify
        headers = self._proved(verify, body, forged=forged)
        status = None
        try:
            async with self._session.post(
                f"{self._hook.url.rstrip('/')}/{webhook}",
                data=body,
                headers=headers,
                ssl=self._hook.context,
                allow_redirects=False,
                trace_request_ctx=left,
            ) as answer:
                await answer.read()
                status = answer.status
        except (aiohttp.ClientError, TimeoutError):
            status = None
        self.made.append(Called(webhook=webhook, status=status, forged=forged))
        return status

    def _proved(self, verify: Verification, body: bytes, *, forged: bool) -> CIMultiDict[str]:
        """Return the headers by which a call proves itself; of a forged one none of the proofs holds."""
        headers = CIMultiDict({"Content-Type": "application/json"})
        if verify.timestamp is not None and verify.timestamp.header is not None:
            headers[verify.timestamp.header] = str(int(self._now().timestamp()))
        if verify.bearer is not None:
            headers["Authorization"] = f"Bearer {self._secret(verify.bearer, forged=forged)}"
        if verify.basic is not None:
            user = templates.text(verify.basic.user, self._scope) or ""
            headers["Authorization"] = basic(user, self._secret(verify.basic.password, forged=forged))
        if (how := verify.hmac) is not None:
            seen = {**self._scope, "now": self._now(), "headers": headers, "body": body.decode()}
            message = templates.text(how.message, seen) or ""
            key = self._secret(how.key, forged=forged)
            headers[how.header] = how.prefix + signature(key, message, how.algorithm, how.encoding)
        return headers

    def _secret(self, name: str, *, forged: bool) -> str:
        lines = self._secrets.get(name, "").split()
        return ("not " if forged else "") + (lines[0] if lines else "")


@asynccontextmanager
async def open_session() -> AsyncIterator[aiohttp.ClientSession]:
    """Yield what makes calls; whoever waits for the last byte of a request gives an event with it."""
    tracing = aiohttp.TraceConfig()

    async def sent(_session: aiohttp.ClientSession, context: SimpleNamespace, _params: object) -> None:
        """Say that the request is on its way."""
        if isinstance(event := context.trace_request_ctx, asyncio.Event):
            event.set()

    tracing.on_request_chunk_sent.append(sent)
    timeout = aiohttp.ClientTimeout(total=_TIMEOUT)
    async with aiohttp.ClientSession(
        timeout=timeout, trace_configs=[tracing], cookie_jar=aiohttp.DummyCookieJar(), trust_env=False
    ) as session:
        yield session
