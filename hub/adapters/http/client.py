"""The other side of the API: a program that hands a message to a running hub (`hub send`).

Documents stream from their files. What the hub answers becomes a value, or a HubError with its words.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import AsyncIterator, Container, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import aiohttp

from hub.errors import ConfigError, HubError, InputError, PeerError, TrustError, Words
from hub.plugin import reasons

PATIENCE: Final = 60.0
"""Seconds to connect, and to wait for the next bytes of an answer."""
_ACCEPTED: Final = (202,)
_FINE: Final = (200,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Where the hub's API is and how we prove who we are. `anchors` are authorities beside the system's."""

    url: str
    token: str | None = field(default=None, repr=False)
    certificate: Path | None = None
    key: Path | None = None
    anchors: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file to be sent as a document."""

    path: Path
    media_type: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What the hub answered."""

    status: int
    body: bytes = field(repr=False)

    def json(self) -> Any:
        """Return the body as JSON; None when it is something else."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


class Client:
    """Talks to one hub. Made by `open_client`."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self._url = url.rstrip("/")

    async def submit(self, message: Mapping[str, Any], files: Sequence[Attachment], key: str) -> Any:
        """Hand over a message; returns the hub's answer once it is durable there.

        Raises InputError, TrustError, PeerError: with the last, the same `key` again is harmless.
        """
        headers = {"Idempotency-Key": key}
        with ExitStack() as stack:
            if not files:
                return (await self.ask("POST", "/v1/messages", _ACCEPTED, headers, json=message)).json()
            documents = [
                {"name": one.path.name, "media_type": one.media_type, "part": f"d{number}"}
                for number, one in enumerate(files)
            ]
            form = aiohttp.FormData()
            text = json.dumps({**message, "documents": documents}, ensure_ascii=False)
            form.add_field("message", text, content_type="application/json")
            for number, one in enumerate(files):
                opened = stack.enter_context(opened_file(one.path))
                form.add_field(
                    f"d{number}", opened, filename=f"d{number}", content_type="application/octet-stream"
                )
            return (await self.ask("POST", "/v1/messages", _ACCEPTED, headers, data=form)).json()

    async def report(self, message: str) -> Any:
        """Return how a message fares, as the API tells it."""
        return (await self.ask("GET", f"/v1/messages/{message}", _FINE, {})).json()

    async def ask(
        self, method: str, path: str, wanted: Container[int], headers: Mapping[str, str], **body: Any
    ) -> Answer:
        """Ask the API and return an answer of a status that is `wanted`; raise the error for any other."""
        try:
            async with self._session.request(
                method, self._url + path, headers=headers, allow_redirects=False, **body
            ) as answer:
                said = Answer(answer.status, await answer.read())
                if answer.status in wanted:
                    return said
                raise _problem(answer.status, said.json())
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise _unreachable(self._url, error) from error


@asynccontextmanager
async def open_client(door: Door, language: str) -> AsyncIterator[Client]:
    """Open a connection to a hub. Raises ConfigError for a certificate or key that can't be used."""
    headers = {"Accept-Language": language}
    if door.token:
        headers["Authorization"] = f"Bearer {door.token}"
    connector = aiohttp.TCPConnector(ssl=_context(door))
    timeout = aiohttp.ClientTimeout(total=None, connect=PATIENCE, sock_read=PATIENCE)
    async with aiohttp.ClientSession(connector=connector, headers=headers, timeout=timeout) as session:
        yield Client(session, door.url)


def _context(door: Door) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=door.anchors)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if door.certificate is not None:
            context.load_cert_chain(door.certificate, door.key)
    except (OSError, ssl.SSLError) as error:
        kind = type(error).__name__
        raise ConfigError(
            "send.tls",
            Words(
                en=f"The certificate, its key or the authorities can't be used ({kind}).",
                fr=f"Le certificat, sa clé ou les autorités sont inutilisables ({kind}).",
            ),
        ) from None
    return context


def _problem(status: int, said: Any) -> HubError:
    """Turn problem+json (RFC 9457) into an error. The hub wrote it in the language that we asked for."""
    told = said if isinstance(said, dict) else {}
    detail = str(told.get("detail") or f"HTTP {status}")
    lines = [f"{one.get('pointer', '')}: {one.get('detail', '')}" for one in _list(told.get("errors"))]
    text = " ".join([detail, *lines])
    code = str(told.get("code") or "http.answer")
    branch: type[HubError] = InputError
    if status in {401, 403}:
        branch = TrustError
    elif status in {408, 429} or status >= 500:  # noqa: PLR2004 - the server's own faults
        branch = PeerError
    refused = told.get("refused")
    return branch(
        code,
        Words(en=text, fr=text),
        status=status,
        refused=refused if isinstance(refused, dict) else {},
        problem=told,
    )


def _list(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def opened_file(path: Path) -> Any:
    """Open a file to be read. Raises InputError `file.unreadable`."""
    try:
        return path.open("rb")
    except OSError as error:
        why = reasons.why(error)
        raise InputError(
            "file.unreadable",
            Words(en=f"{path} can't be read ({why.en}).", fr=f"{path} est illisible ({why.fr})."),
        ) from None


def _unreachable(url: str, error: BaseException) -> HubError:
    kind = type(error).__name__
    if isinstance(error, aiohttp.InvalidURL | aiohttp.NonHttpUrlClientError):
        return InputError(
            "send.url",
            Words(
                en=f"{url} is not a URL such as https://hub.example:8025.",
                fr=f"{url} n'est pas une URL telle que https://hub.example:8025.",
            ),
        )
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientConnectorSSLError):
        return TrustError(
            "send.untrusted",
            Words(
                en=f"The hub at {url} could not prove who it is ({kind}); see --anchor.",
                fr=f"Le hub à {url} n'a pas pu prouver son identité ({kind}) ; voir --anchor.",
            ),
        )
    return PeerError(
        "send.unreachable",
        Words(
            en=f"The hub at {url} does not answer ({kind}); the same key again is harmless.",
            fr=f"Le hub à {url} ne répond pas ({kind}) ; réessayer avec la même clé est sans danger.",
        ),
    )
