"""The HTTP side: one server, asked politely, never followed elsewhere.

An answer is complete, within its limits, and says that it is FHIR JSON; what it means is `pages`'.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from itertools import count
from typing import Any, Final

import aiohttp
from yarl import URL

from hub.errors import HubError
from hub.ports.host import Host
from hub_annuaire.fhir import faults, secrets, waiting
from hub_annuaire.fhir.settings import Settings

CONNECTIONS: Final = 4
MAX_EXPLANATION: Final = 64 << 10
"""Bytes of an error's body that are read."""
_TYPES: Final = frozenset({"application/fhir+json", "application/json"})
_BUSY: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
_KEY_REFUSED: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
_SERVER: Final = 500
_ELSEWHERE: Final = 300
_REFUSED: Final = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A body, None when it is what `etag` already named. `at` is the server's time, else ours."""

    body: bytes | None
    etag: str | None
    at: datetime


class _Again(Exception):  # noqa: N818 - not an error yet: the next attempt may do
    def __init__(self, error: HubError, after: float | None = None) -> None:
        super().__init__(error.code)
        self.error = error
        self.after = after


class Client:
    """Asks one server. Made by `open_client`."""

    def __init__(self, settings: Settings, session: aiohttp.ClientSession, host: Host) -> None:
        self._settings = settings
        self._session = session
        self._host = host
        self._turns = waiting.Turns(settings.rate, host.clock)

    async def get(self, url: URL, etag: str | None = None) -> Answer:
        """Ask, again while there is hope. `etag`: of what we hold already.

        Raises DirectoryUnavailableError, MalformedError, LimitError.
        """
        for attempt in count():
            await self._turns.take()
            try:
                return await self._once(url, etag)
            except _Again as again:
                wait = waiting.backoff(attempt, self._host.chance) if again.after is None else again.after
                if attempt >= self._settings.retries or wait > self._settings.patience.total_seconds():
                    raise again.error from again.__cause__
                if again.after is not None:
                    self._turns.pause(wait)
                await waiting.sleep(wait)
        raise AssertionError("unreachable")

    async def _once(self, url: URL, etag: str | None) -> Answer:
        headers = {"If-None-Match": etag} if etag else {}
        try:
            # the URL is sent as it stands: a page's token is the server's own
            async with self._session.get(url, headers=headers, allow_redirects=False) as answer:
                if answer.status == HTTPStatus.OK:
                    return await self._taken(answer)
                if answer.status == HTTPStatus.NOT_MODIFIED and etag:
                    return Answer(body=None, etag=etag, at=self._time(answer))
                raise await self._failed(answer)
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            failure = faults.unreachable(error)
            if failure.code == "fhir.certificate":
                raise failure from error
            raise _Again(failure) from error

    async def _taken(self, answer: aiohttp.ClientResponse) -> Answer:
        if answer.content_type not in _TYPES:
            raise faults.not_fhir(
                "its answer is not application/fhir+json", "sa réponse n'est pas application/fhir+json"
            )
        limit = self._settings.max_response
        if answer.content_length is not None and answer.content_length > limit:
            raise faults.too_large(limit)
        body = bytearray()
        async for chunk in answer.content.iter_any():
            body += chunk
            if len(body) > limit:
                raise faults.too_large(limit)
        return Answer(body=bytes(body), etag=answer.headers.get("ETag"), at=self._time(answer))

    async def _failed(self, answer: aiohttp.ClientResponse) -> Exception:
        status = answer.status
        said = await _explained(answer)
        if status in _BUSY:
            after = waiting.retry_after(answer.headers.get("Retry-After"), self._host.clock)
            return _Again(faults.answered("busy", status, said), after)
        if status >= _SERVER:
            return _Again(faults.answered("failed", status, said))
        if status in _KEY_REFUSED:
            return faults.answered("key_refused", status, said)
        if _ELSEWHERE <= status < _REFUSED:
            return faults.answered("redirected", status)
        return faults.answered("refused", status, said)

    def _time(self, answer: aiohttp.ClientResponse) -> datetime:
        try:
            at = parsedate_to_datetime(answer.headers["Date"])
        except (KeyError, ValueError):
            return self._host.clock.now()
        return at if at.tzinfo else at.replace(tzinfo=UTC)


@asynccontextmanager
async def open_client(settings: Settings, host: Host) -> AsyncIterator[Client]:
    """Open connections to the server as they are needed. Raises ConfigError for a file that can't be used."""
    headers = {"Accept": "application/fhir+json"}
    if settings.key_file is not None:
        headers[settings.key_header] = secrets.read_key(settings.key_file)
    connector = aiohttp.TCPConnector(ssl=secrets.context(settings.anchors), limit=CONNECTIONS)
    async with aiohttp.ClientSession(
        connector=connector,
        headers=headers,
        timeout=aiohttp.ClientTimeout(total=settings.timeout.total_seconds()),
        cookie_jar=aiohttp.DummyCookieJar(),
        requote_redirect_url=False,
        trust_env=False,
    ) as session:
        yield Client(settings, session, host)


async def _explained(answer: aiohttp.ClientResponse) -> str:
    """Return what an OperationOutcome says; nothing when the body is none."""
    body = bytearray()
    try:
        async for chunk in answer.content.iter_any():
            body += chunk
            if len(body) > MAX_EXPLANATION:
                return ""
        said: Any = json.loads(bytes(body))
    except (ValueError, RecursionError, TimeoutError, aiohttp.ClientError):
        return ""
    issues = said.get("issue") if isinstance(said, dict) else None
    for issue in issues if isinstance(issues, list) else ():
        if not isinstance(issue, dict):
            continue
        details = issue.get("details")
        text = details.get("text") if isinstance(details, dict) else None
        for told in (text, issue.get("diagnostics")):
            if isinstance(told, str) and told:
                return faults.bare(told)
    return ""
