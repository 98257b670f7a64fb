"""Questions over HTTP, only where the configuration allows, with an end in time and size.

No redirect is followed, no proxy of the environment used, no cookie kept. Answers are verified by who
reads them: HTTP alone gives no trust.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import aiohttp

from hub_smtp.revocation import reasons
from hub_smtp.revocation.reasons import UnusableError
from hub_smtp.revocation.settings import RevocationSettings

_OK: Final = 200
_PIECE: Final = 64 << 10
_CONNECTIONS: Final = 16
_HEADERS: Final = {"Accept-Encoding": "identity"}


class Fetcher:
    """Asks; safe for any number at a time."""

    def __init__(self, settings: RevocationSettings, session: aiohttp.ClientSession) -> None:
        self._settings = settings
        self._session = session

    def allows(self, url: str) -> bool:
        """Whether the configuration lets this URL be asked."""
        return any(one.covers(url) for one in self._settings.urls)

    async def list(self, url: str) -> bytes:
        """Return what stands at a URL. Raises UnusableError."""
        return await self._ask(url, None, self._settings.list_bytes)

    async def ocsp(self, url: str, question: bytes) -> bytes:
        """Put a question to a responder (RFC 6960, A.1). Raises UnusableError."""
        return await self._ask(url, question, self._settings.ocsp_bytes)

    async def _ask(self, url: str, body: bytes | None, most: int) -> bytes:
        if not self.allows(url):
            raise UnusableError(reasons.NOT_ALLOWED)
        headers = {} if body is None else {"Content-Type": "application/ocsp-request"}
        try:
            async with self._session.request(
                "GET" if body is None else "POST", url, data=body, headers=headers, allow_redirects=False
            ) as response:
                if response.status != _OK:
                    raise UnusableError(reasons.STATUS)
                held = bytearray()
                async for piece in response.content.iter_chunked(_PIECE):
                    held += piece
                    if len(held) > most:
                        raise UnusableError(reasons.TOO_LARGE)
                return bytes(held)
        except TimeoutError as error:
            raise UnusableError(reasons.SILENT) from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise UnusableError(reasons.UNREACHABLE) from error


@asynccontextmanager
async def open_fetcher(settings: RevocationSettings) -> AsyncIterator[Fetcher]:
    """Yield a fetcher; it connects when there is something to ask."""
    async with aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=settings.timeout.total_seconds()),
        connector=aiohttp.TCPConnector(limit=_CONNECTIONS),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers=_HEADERS,
        auto_decompress=False,
        trust_env=False,
        raise_for_status=False,
    ) as session:
        yield Fetcher(settings, session)
