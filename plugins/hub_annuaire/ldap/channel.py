"""One connection to an LDAP server, let in and ready: any number of searches under way at once."""

from __future__ import annotations

import asyncio
import itertools
import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Final

from hub_annuaire.ldap import codec, faults
from hub_annuaire.ldap.link import Link, LostError
from hub_annuaire.ldap.messages import (
    START_TLS,
    Abandon,
    Bind,
    Code,
    Extended,
    Found,
    Op,
    Page,
    Request,
    Result,
    Search,
    Unbind,
)
from hub_annuaire.ldap.places import Url
from hub_annuaire.ldap.settings import Settings

_WRAP: Final = 2**31 - 1
_BREATH: Final = 10
"""Answers taken before others get their turn: a page of them comes in one piece."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """Everything that a search brought, and how it ended."""

    found: Sequence[Found]
    result: Result


@dataclass(slots=True)
class _Pending:
    """A search under way. `done` is None when the connection broke."""

    done: asyncio.Future[Result | None]
    most: int
    found: list[Found] = field(default_factory=list)


class Channel:
    """A connection. Close it with `close`; when it breaks, all searches on it raise LostError."""

    def __init__(self, link: Link, url: Url) -> None:
        self.url = url
        self._link = link
        self._last = 0
        self._searches: dict[int, _Pending] = {}
        self._paging = asyncio.Lock()
        self._reader: asyncio.Task[None] | None = None

    @property
    def over(self) -> bool:
        """Whether it is of no more use."""
        return self._link.over

    @property
    def load(self) -> int:
        """How many searches are under way."""
        return len(self._searches)

    async def enter(self, settings: Settings, context: ssl.SSLContext) -> None:
        """Begin TLS, say who we are, and start to listen for answers.

        Raises DirectoryUnavailableError, LostError, ssl.SSLError and WireError.
        """
        # 1. TLS comes before anything that says who we are.
        name = self.url.at.host
        if self.url.scheme == "ldaps":
            await self._link.start_tls(context, server_name=name)
        elif settings.start_tls:
            result = await self._ask(Extended(name=START_TLS), Op.EXTENDED_ANSWER)
            if result.code:
                raise faults.no_tls(str(self.url), result.code)
            await self._link.start_tls(context, server_name=name)
        # 2. The bind.
        if (bind := _bind(settings)) is not None:
            result = await self._ask(bind, Op.BIND_ANSWER)
            if result.code:
                raise faults.bind_refused(str(self.url), result.code)
        self._reader = asyncio.create_task(self._listen(), name="ldap answers")

    async def search(self, search: Search, most: int, page: int = 0) -> Answers:
        """Search, in pages of `page` entries unless that is 0; at most `most` entries are kept.

        One that has more ends as the server's own size limit ends it. When it is cancelled, the server is
        told to stop. Raises LostError.
        """
        if not page:
            return await self._search(search, most)
        found: list[Found] = []
        # a server keeps the place of one paged search per connection
        async with self._paging:
            cookie = b""
            while True:
                asked = replace(search, page=Page(size=min(page, most), cookie=cookie))
                answers = await self._search(asked, most)
                found += answers.found
                cookie = answers.result.page.cookie if answers.result.page is not None else b""
                if answers.result.code or not cookie:
                    return Answers(found=found[:most], result=answers.result)
                if len(found) >= most:
                    # nobody waits for the answer to this: it only frees the server (RFC 2696, 3)
                    self._send(self._next(), replace(search, page=Page(size=0, cookie=cookie)))
                    return Answers(found=found[:most], result=Result(code=Code.SIZE_LIMIT))

    async def _search(self, search: Search, most: int) -> Answers:
        if self.over:
            raise LostError
        number = self._next()
        pending = _Pending(asyncio.get_running_loop().create_future(), most)
        self._searches[number] = pending
        try:
            self._send(number, search)
            await self._link.drain()
            result = await pending.done
        finally:
            if self._searches.pop(number, None) is not None and not self.over:
                self._send(self._next(), Abandon(target=number))
        if result is None:
            raise LostError
        return Answers(found=pending.found, result=result)

    async def close(self) -> None:
        """Say goodbye and end the connection."""
        self._send(self._next(), Unbind())
        await self._link.close()
        if self._reader is not None:
            self._reader.cancel()
            with suppress(asyncio.CancelledError):
                await self._reader

    def abort(self) -> None:
        """End the connection at once; the listening ends with it."""
        self._link.abort()

    def _next(self) -> int:
        self._last = self._last % _WRAP + 1
        return self._last

    def _send(self, number: int, what: Bind | Search | Extended | Abandon | Unbind) -> None:
        self._link.write(codec.encode_request(Request(id=number, what=what)))

    async def _ask(self, what: Bind | Extended, expected: Op) -> Result:
        number = self._next()
        self._send(number, what)
        answer = codec.answer(await self._link.message())
        if answer is None or answer.op != expected or not isinstance(answer.what, Result):
            raise codec.WireError("answer")
        if answer.id != number:  # a notice of disconnection
            raise LostError
        return answer.what

    async def _listen(self) -> None:
        try:
            for count in itertools.count(1):
                self._take(await self._link.message())
                if count % _BREATH == 0:
                    await asyncio.sleep(0)
        except (LostError, codec.WireError):
            self._link.abort()
        finally:
            for one in self._searches.values():
                if not one.done.done():
                    one.done.set_result(None)

    def _take(self, data: bytes) -> None:
        answer = codec.answer(data)
        if answer is None:
            return
        if not answer.id:  # a notice of disconnection (RFC 4511, 4.4.1)
            raise LostError
        pending = self._searches.get(answer.id)
        if pending is None or pending.done.done():  # abandoned
            return
        if isinstance(answer.what, Found):
            if len(pending.found) < pending.most:
                pending.found.append(answer.what)
            else:
                self._searches.pop(answer.id)
                self._send(self._next(), Abandon(target=answer.id))
                pending.done.set_result(Result(code=Code.SIZE_LIMIT))
        elif isinstance(answer.what, Result) and answer.op is Op.SEARCH_DONE:
            # it has ended, so there is nothing to abandon
            self._searches.pop(answer.id)
            pending.done.set_result(answer.what)


async def open_channel(url: Url, settings: Settings, context: ssl.SSLContext) -> Channel:
    """Connect and get in. Raises DirectoryUnavailableError, whose words say why it did not work."""
    loop = asyncio.get_running_loop()
    link = Link(loop, settings.max_message)
    connected = False
    try:
        async with asyncio.timeout(settings.connect_timeout.total_seconds()):
            await loop.create_connection(lambda: link, url.at.host, url.at.port)
            connected = True
            channel = Channel(link, url)
            await channel.enter(settings, context)
            return channel
    except BaseException as error:
        if connected:
            await link.cut()
        if isinstance(error, LostError | codec.WireError | OSError):
            raise faults.unreachable(str(url), error) from error
        raise


def _bind(settings: Settings) -> Bind | None:
    if settings.bind == "external":
        return Bind(name="", mechanism="EXTERNAL")
    if settings.bind == "anonymous" or settings.password_file is None:
        return None
    try:
        text = settings.password_file.read_text("utf-8")
    except (OSError, ValueError) as error:
        raise faults.password_unreadable(settings.password_file) from error
    # an empty password would be an anonymous bind that looks like success (RFC 4513, 5.1.2)
    if not (password := text.partition("\n")[0].removesuffix("\r")):
        raise faults.password_unreadable(settings.password_file)
    return Bind(name=settings.bind_dn, password=password)
