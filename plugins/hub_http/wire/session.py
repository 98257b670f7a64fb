"""The way to one operator's servers, over connections that are kept (`hub_http.wire.exchange.Exchange`).

1. The URL is one that is admitted; nothing in the head is more than it says.
2. The request gets its turn.
3. A connection that it may go over: see `connections`.
4. It leaves, and its answer begins; no redirect is followed, nothing is retried behind our back.
5. The answer is read: see `answer`.

A kept connection may end just as a request goes over it. Then the request goes once more, over a new one, if
nothing of it had left, or if it does no harm when it arrives twice; else that is the caller's to settle.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final

import aiohttp
from aiohttp import http_exceptions
from multidict import CIMultiDict
from yarl import URL

from hub.errors import HubError
from hub.ports.connector import Addressee
from hub.ports.trust import Admission
from hub_http.description.model import Limits
from hub_http.wire import egress, faults, heads, raised
from hub_http.wire.addresses import Network
from hub_http.wire.answer import Reading
from hub_http.wire.attempt import Attempt, Times, current
from hub_http.wire.connections import Connections, PinError
from hub_http.wire.exchange import Answer, Download, Request
from hub_http.wire.faults import WireFault
from hub_http.wire.outgoing import Outgoing
from hub_http.wire.rate import Turns
from hub_http.wire.sockets import Resolver
from hub_http.wire.transcript import Passing, Transcript

BESIDE: Final = 4
"""Requests at a time besides `limits.concurrency`, which counts messages: the inbox, tokens, tracking."""
_FINAL: Final = 200
"""The first status of an answer; what is under it announces one, or another protocol (RFC 9110, 15.2)."""
_RAISED: Final = (aiohttp.ClientError, OSError, http_exceptions.HttpProcessingError)
_NO_TIMEOUT: Final = aiohttp.ClientTimeout()


class _Ended(aiohttp.ClientError):
    """A connection ended under a request: the library, which would send some requests again, lets it be."""


class Session:
    """Asks. Made by `opening.open_exchange`; `close` ends its connections."""

    def __init__(
        self,
        *,
        context: Callable[[], ssl.SSLContext],
        limits: Limits,
        gate: egress.Egress,
        networks: Sequence[Network] = (),
        resolver: Resolver | None = None,
        transcript: Transcript | None = None,
    ) -> None:
        self._context = context
        self._limits = limits
        self._times = Times.of(limits)
        self._gate = gate
        self._networks = networks
        self._resolver = resolver
        self._transcript = transcript
        self._turns = Turns(limits.requests_per_second, limits.burst)
        self._slots = asyncio.Semaphore(limits.concurrency + BESIDE)
        self._opened: tuple[aiohttp.ClientSession, Connections] | None = None

    async def ask(
        self, request: Request, *, addressees: Sequence[Addressee] = (), admission: Admission | None = None
    ) -> Answer:
        """Send a request and return the answer. Raises WireFault, StoreError."""
        try:
            await self._turn(request)
            try:
                reading = await self._begin(request, _admissions(admission, addressees))
                try:
                    return await reading.whole()
                finally:
                    self._end(reading)
            finally:
                self._slots.release()
        except WireFault as fault:
            self._tell(fault)
            raise

    @asynccontextmanager
    async def stream(
        self, request: Request, *, addressees: Sequence[Addressee] = (), admission: Admission | None = None
    ) -> AsyncIterator[Download]:
        """Send a request and yield its answer as it comes. Raises WireFault, StoreError."""
        try:
            await self._turn(request)
            try:
                reading = await self._begin(request, _admissions(admission, addressees))
                try:
                    yield reading
                finally:
                    self._end(reading)
            finally:
                self._slots.release()
        except WireFault as fault:
            self._tell(fault)
            raise

    def admit(self, url: URL | str) -> URL:
        """Return a URL if this operator may be asked there. Raises WireFault (`http.egress`)."""
        return self._gate.admit(url)

    def pause(self, duration: timedelta) -> None:
        """Let no request leave for a while."""
        self._turns.pause(asyncio.get_running_loop().time(), duration)

    async def close(self) -> None:
        """End all connections."""
        if self._opened is not None:
            session, connections = self._opened
            self._opened = None
            await session.close()
            await connections.settle()

    async def _turn(self, request: Request) -> None:
        """Refuse what may never go, and wait until the rest may; a slot is taken then."""
        self._gate.admit(request.url)
        most = self._times.total
        if not self._turns.free:
            wait = self._turns.take(asyncio.get_running_loop().time(), most)
            if wait is None:
                raise faults.crowded(egress.host_of(request.url))
            await asyncio.sleep(wait)
        if not self._slots.locked():
            await self._slots.acquire()
            return
        try:
            async with asyncio.timeout(most):
                await self._slots.acquire()
        except TimeoutError:
            raise faults.crowded(egress.host_of(request.url)) from None

    async def _begin(self, request: Request, admissions: tuple[Admission, ...]) -> Reading:
        """Send the request and return its answer when the head is here."""
        headers = heads.complete(request)
        repeatable = request.method == "GET" if request.repeatable is None else request.repeatable
        attempt = Attempt(
            times=self._times,
            answer_timeout=self._times.answer if request.timeout is None else request.timeout.total_seconds(),
            admissions=admissions,
            has_body=request.body is not None,
        )
        while True:
            passing = Passing() if self._transcript is not None else None
            try:
                response = await self._send(request, headers, attempt, passing)
            except _RAISED as error:
                ended = isinstance(error, _Ended) and attempt.reused and not attempt.fresh
                if ended and attempt.broken is None and (repeatable or not attempt.left):
                    attempt.again()
                    continue
                raise _meant(error, attempt, request) from error
            finally:
                if self._transcript is not None and passing is not None:
                    self._transcript.requested(request, headers, passing)
            if response.status < _FINAL:
                response.close()
                host = egress.host_of(request.url)
                raise faults.malformed(host, "no final answer", "une réponse qui n'en est pas une")
            reading = Reading(response, request, attempt, self._limits)
            if self._transcript is not None:
                reading.passing = Passing()
            return reading

    async def _send(
        self,
        request: Request,
        headers: CIMultiDict[str],
        attempt: Attempt,
        passing: Passing | None,
    ) -> aiohttp.ClientResponse:
        session, connections = self._open()
        body = Outgoing(request.body, attempt, passing) if request.body is not None else None
        token = current.set(attempt)
        try:
            with attempt.deadline:
                response = await session.request(
                    request.method, request.url, headers=headers, data=body, allow_redirects=False
                )
        finally:
            current.reset(token)
        attempt.answered = True
        connections.heed(attempt.protocol, response.headers)
        return response

    def _tell(self, fault: WireFault) -> None:
        if self._transcript is not None:
            self._transcript.failed(fault)

    def _open(self) -> tuple[aiohttp.ClientSession, Connections]:
        if self._opened is None:
            connections = Connections(self._context(), self._networks, self._resolver)
            session = aiohttp.ClientSession(
                connector=connections,
                timeout=_NO_TIMEOUT,
                cookie_jar=aiohttp.DummyCookieJar(),
                skip_auto_headers=("Content-Type",),
                auto_decompress=False,
                requote_redirect_url=False,
                trust_env=False,
                middlewares=(_once,),
            )
            self._opened = session, connections
        return self._opened

    def _end(self, reading: Reading) -> None:
        reading.close()
        if self._transcript is not None and reading.passing is not None:
            self._transcript.answered(reading.status, reading.headers, reading.media_type, reading.passing)


def _admissions(admission: Admission | None, addressees: Sequence[Addressee]) -> tuple[Admission, ...]:
    """Return those whose pins must hold."""
    if admission is None and not addressees:
        return ()
    return tuple(one for one in (admission, *(each.admission for each in addressees)) if one)


def _meant(error: Exception, attempt: Attempt, request: Request) -> HubError:
    """Return what an error of the library means: what the request's own body raised, or a fault."""
    host = egress.host_of(request.url)
    if attempt.broken is not None:
        return attempt.broken
    if isinstance(error, PinError):
        return faults.stranger(host, error.member)
    return raised.of(error, attempt, host)


async def _once(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Send once: what the library would answer by sending again is raised as something that it would not."""
    try:
        return await send(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise _Ended from error
