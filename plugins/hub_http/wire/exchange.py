"""What is asked of an operator's server and what it answers: values, and the port that carries them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Protocol, runtime_checkable

from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from hub.ports.connector import Addressee
from hub.ports.content import Sink
from hub.ports.trust import Admission

NO_HEADERS: Final[CIMultiDictProxy[str]] = CIMultiDictProxy(CIMultiDict())


@runtime_checkable
class Body(Protocol):
    """What a request carries. `size` is None when it is not known beforehand: it then goes in chunks."""

    @property
    def size(self) -> int | None:
        """How many bytes."""
        ...

    @property
    def media_type(self) -> str | None:
        """The header Content-Type, unless the request's headers have one."""
        ...

    @property
    def data(self) -> bytes | None:
        """The bytes at once, when they are few."""
        ...

    def pieces(self) -> AsyncIterator[bytes]:
        """Yield the bytes; every call begins anew."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Bytes:
    """A small body."""

    data: bytes = field(repr=False)
    media_type: str | None = None

    @property
    def size(self) -> int:
        """How many bytes."""
        return len(self.data)

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield them."""
        if self.data:
            yield self.data


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP request, ready to go.

    url          whole; its host must be one that the description or the configuration names.
    headers      without Host, Content-Length and Transfer-Encoding, which are the wire's.
    timeout      for the answer after the last byte; None: `limits.answer_timeout`.
    max_answer   largest body of an answer to `ask`, decompressed; None: `limits.max_answer`. A download has
                 `limits.max_download`.
    media_types  those that an answer of status 2xx with a body may have (`application/json`,
                 `application/*`); None: any.
    repeatable   whether it does no harm when it arrives twice: only then is it sent once more when a
                 connection that was kept open proves to be dead. None: only GET is.
    veiled       names of headers and query parameters whose values are secret, in lower case.
    proof        which credentials authorised it; see `Authority.renew`.
    """

    method: str
    url: URL = field(repr=False)
    headers: CIMultiDictProxy[str] = field(default_factory=lambda: NO_HEADERS, repr=False)
    body: Body | None = field(default=None, repr=False)
    timeout: timedelta | None = None
    max_answer: int | None = None
    media_types: tuple[str, ...] | None = None
    repeatable: bool | None = None
    veiled: frozenset[str] = frozenset()
    proof: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A whole answer, whatever its status: redirects too, none is ever followed.

    `media_type` is in lower case and without parameters; empty when the answer names none.
    `body` is decompressed.
    """

    status: int
    headers: CIMultiDictProxy[str] = field(repr=False)
    media_type: str
    body: bytes = field(repr=False)


class Download(Protocol):
    """An answer whose body has not been read yet. What is not read is dropped with its connection."""

    @property
    def status(self) -> int:
        """The status code."""
        ...

    @property
    def headers(self) -> CIMultiDictProxy[str]:
        """The headers."""
        ...

    @property
    def media_type(self) -> str:
        """The media type in lower case, without parameters; empty when none is named."""
        ...

    def pieces(self) -> AsyncIterator[bytes]:
        """Yield the body as it comes, decompressed, once. Raises WireFault."""
        ...

    async def into(self, sink: Sink) -> int:
        """Write the body to a sink and return its size; the sink is not finished: a part may follow.

        Raises WireFault, and what the sink raises.
        """
        ...

    async def whole(self) -> Answer:
        """Read the body as an answer, within the request's `max_answer`. Raises WireFault."""
        ...


class Exchange(Protocol):
    """The way to one operator's servers. Shared by concurrent attempts; connections are kept and reused."""

    async def ask(
        self, request: Request, *, addressees: Sequence[Addressee] = (), admission: Admission | None = None
    ) -> Answer:
        """Send a request and return the answer, whatever its status.

        The server must satisfy the pins of each addressee, and of `admission`, before a byte of the request
        leaves. Raises WireFault, whose `stage` says whether something of the request may have arrived;
        and StoreError when the request's own body can't be read.
        """
        ...

    def stream(
        self, request: Request, *, addressees: Sequence[Addressee] = (), admission: Admission | None = None
    ) -> AbstractAsyncContextManager[Download]:
        """Send a request and yield its answer as it comes, at most `limits.max_download` bytes.

        Raises as `ask`.
        """
        ...

    def admit(self, url: URL | str) -> URL:
        """Return a URL, perhaps from an answer, if this operator may be asked there.

        Raises WireFault (`http.egress`). `ask` and `stream` do so by themselves.
        """
        ...

    def pause(self, duration: timedelta) -> None:
        """Let no request leave for a while: what the operator asked for with Retry-After."""
        ...
