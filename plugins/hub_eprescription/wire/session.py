"""One session with a service: requests within limits, over TLS that is verified, without redirects.

It does not judge what is answered: see `table`.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from hub.errors import Words
from hub.plugin import contexts, reasons
from hub.ports.host import Host
from hub_eprescription.wire import faults
from hub_eprescription.wire.connections import Connections
from hub_eprescription.wire.faults import WireError
from hub_eprescription.wire.settings import WireSettings
from hub_eprescription.wire.token import Token

CONNECTIONS: Final = 50
_HEARTBEAT: Final = 30.0
_MESSAGE: Final = 4 << 10
_UNSENT: Final = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL)

__all__ = ["Answer", "Session", "Socket", "WireError", "open_session"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a service answered. `media_type` is lower case, without parameters; empty when none is named."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    media_type: str


class Session:
    """A session that is open. Requests may be made at the same time."""

    def __init__(self, settings: WireSettings, client: aiohttp.ClientSession) -> None:
        self._settings = settings
        self._client = client
        self._token = None if settings.token is None else Token(settings.token)

    @property
    def bases(self) -> int:
        """How many addresses the service has."""
        return len(self._settings.base_urls)

    def token_digest(self) -> str:
        """Return by what the access token is known again; empty without one. Raises ConfigError."""
        return "" if self._token is None else self._token.digest()

    def url(self, path: str, base: int = 0) -> str:
        """Return the whole address of a path at one of the addresses."""
        return f"{self._settings.base_urls[base]}/{path.lstrip('/')}"

    async def ask(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        media_type: str = "",
        accept: str = "application/fhir+xml",
        base: int = 0,
    ) -> Answer:
        """Make one request, and return its whole answer whatever its status.

        Secrets go into `headers`, never into `path`. Raises WireError, ConfigError (the token's file).
        """
        sent = {"Accept": accept, "Accept-Encoding": "identity", **(headers or {})}
        if self._token is not None:
            sent["Authorization"] = f"Bearer {self._token.current()}"
        if media_type:
            sent["Content-Type"] = media_type
        url = self.url(path, base)
        host = urlsplit(url).hostname or ""
        try:
            async with self._client.request(
                method,
                URL(url, encoded=True),
                headers=sent,
                data=body or None,
                allow_redirects=False,
            ) as answer:
                return await self._whole(answer, host)
        except WireError:
            raise
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise _fault(error, host) from None

    @asynccontextmanager
    async def socket(self, url: str, authorization: str) -> AsyncIterator[Socket]:
        """Open a WebSocket (RFC 6455). Raises WireError, here and in what it yields."""
        host = urlsplit(url).hostname or ""
        try:
            async with self._client.ws_connect(
                URL(url, encoded=True),
                headers={"Authorization": authorization},
                heartbeat=_HEARTBEAT,
                max_msg_size=_MESSAGE,
                timeout=aiohttp.ClientWSTimeout(ws_close=self._settings.connect_timeout.total_seconds()),
            ) as socket:
                yield Socket(socket)
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise _fault(error, host) from None

    async def _whole(self, answer: aiohttp.ClientResponse, host: str) -> Answer:
        most = self._settings.max_answer
        if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise faults.unreadable(
                host, Words(en="it is packed, unasked", fr="elle est compressée, sans demande")
            )
        body = bytearray()
        async for piece in answer.content.iter_any():
            body += piece
            if len(body) > most:
                raise faults.unreadable(
                    host,
                    Words(en=f"it is longer than {most} bytes", fr=f"elle dépasse {most} octets"),
                )
        return Answer(
            status=answer.status,
            headers=answer.headers,
            body=bytes(body),
            media_type=answer.headers.get("Content-Type", "").partition(";")[0].strip().lower(),
        )


class Socket:
    """A WebSocket that is open. Only texts count, and short ones."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket

    async def say(self, text: str) -> None:
        """Send a text."""
        await self._socket.send_str(text)

    async def hear(self) -> str | None:
        """Return the next text; None when the other side has hung up, or says what is none."""
        message = await self._socket.receive()
        return message.data if message.type is aiohttp.WSMsgType.TEXT else None


@asynccontextmanager
async def open_session(settings: WireSettings, host: Host) -> AsyncIterator[Session]:
    """Open a session. Raises ConfigError when a TLS file or the token's file can't be used."""
    del host  # every part is opened alike
    context = await asyncio.to_thread(_context, settings)
    times = aiohttp.ClientTimeout(
        total=(settings.connect_timeout + settings.answer_timeout).total_seconds(),
        connect=settings.connect_timeout.total_seconds(),
        sock_read=settings.answer_timeout.total_seconds(),
    )
    tracing = aiohttp.TraceConfig()
    # Requests say so themselves; a WebSocket would follow.
    tracing.on_request_redirect.append(_no_redirect)
    async with aiohttp.ClientSession(
        trace_configs=[tracing],
        connector=Connections(context, CONNECTIONS),
        timeout=times,
        trust_env=False,
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        skip_auto_headers=("Content-Type", "User-Agent"),
        headers={"User-Agent": "Caducee"},
    ) as client:
        session = Session(settings, client)
        session.token_digest()
        yield session


async def _no_redirect(*_: object) -> None:
    raise aiohttp.ClientError("redirect")


def _context(settings: WireSettings) -> ssl.SSLContext:
    context = contexts.client()
    if not settings.anchors:
        context.load_default_certs()
    return contexts.fill(
        context,
        "prescription.tls",
        certificate=settings.certificate,
        key=settings.key,
        anchors=settings.anchors,
        crls=settings.crls,
    )


def _fault(error: Exception, host: str) -> WireError:
    if isinstance(error, _UNSENT):
        return faults.unreachable(host, _why(error))
    if isinstance(error, TimeoutError):
        return faults.too_slow(host)
    return faults.lost(host)


def _why(error: BaseException) -> Words:
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return Words(en="its name is not known", fr="son nom est inconnu")
    # The library's own errors claim to be the system's, without what those say: they are passed by.
    inner = _inside(error) if isinstance(error, aiohttp.ClientError) else error
    while inner is not None:
        if isinstance(inner, ssl.SSLCertVerificationError):
            said = inner.verify_message
            return Words(
                en=f"its certificate is not believed ({said})",
                fr=f"son certificat n'est pas reconnu ({said})",
            )
        if isinstance(inner, ssl.SSLError):
            return Words(en="TLS failed", fr="le TLS a échoué")
        if isinstance(inner, OSError) and inner.errno:
            return reasons.why(inner)
        inner = _inside(inner)
    return Words(en="no connection", fr="pas de connexion")


def _inside(error: BaseException) -> BaseException | None:
    """Return the error that caused one, and is of the system."""
    inner = getattr(error, "certificate_error", None) or getattr(error, "os_error", None) or error.__cause__
    while isinstance(inner, aiohttp.ClientError):
        inner = _inside(inner)
    return inner
