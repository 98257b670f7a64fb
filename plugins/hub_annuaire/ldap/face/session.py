"""One connection of a client: its requests in order, its searches side by side."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from typing import Final

from hub.errors import Words
from hub.ports.directory import DirectoryUnavailableError
from hub.ports.host import Host
from hub_annuaire.ldap import codec
from hub_annuaire.ldap.face import binding, words
from hub_annuaire.ldap.face.accounts import Accounts
from hub_annuaire.ldap.face.paging import Pages
from hub_annuaire.ldap.face.searching import Finder, Outcome, is_public
from hub_annuaire.ldap.face.selecting import select
from hub_annuaire.ldap.face.settings import Settings
from hub_annuaire.ldap.link import Link, LostError
from hub_annuaire.ldap.messages import (
    DISCONNECTION,
    START_TLS,
    Abandon,
    Answer,
    Bind,
    Change,
    Code,
    Extended,
    Op,
    Page,
    Request,
    Result,
    Search,
    Unbind,
)

_BREATH: Final = 20
"""Entries sent before others get their turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What all sessions of a receiver share. `context` is None without TLS."""

    settings: Settings
    host: Host
    accounts: Accounts
    finder: Finder
    context: ssl.SSLContext | None


class Session:
    """Serves one connection until it ends; `run` never raises but for cancellation."""

    def __init__(self, link: Link, desk: Desk, *, tls_first: bool) -> None:
        self._link = link
        self._desk = desk
        self._settings = desk.settings
        self._tls_first = tls_first
        self._who: str | None = None
        self._failed = 0
        self._over = False
        self._searches: dict[int, asyncio.Task[None]] = {}
        self._pages = Pages(desk.host.chance.bytes)

    async def run(self) -> None:
        """Serve."""
        try:
            if self._tls_first and self._desk.context is not None:
                async with asyncio.timeout(self._settings.login_timeout.total_seconds()):
                    await self._link.start_tls(self._desk.context, server_name=None)
            while not self._over:
                if (data := await self._next()) is None:
                    self._farewell(Code.UNAVAILABLE, words.IDLE)
                    break
                await self._serve(codec.request(data))
                await asyncio.sleep(0)  # many requests may have come in one piece
        except codec.WireError:
            self._desk.host.log.info("ldap.malformed", receiver=self._desk.host.name)
            self._farewell(Code.PROTOCOL_ERROR, words.MALFORMED)
        except (LostError, ssl.SSLError, TimeoutError):
            pass
        except asyncio.CancelledError:
            self._farewell(Code.UNAVAILABLE, words.LEAVING)
            raise
        except Exception as error:  # noqa: BLE001 - one connection must not end the door
            self._desk.host.log.warning(
                "ldap.session_failed", receiver=self._desk.host.name, error=type(error).__name__
            )
        finally:
            await self._drop_searches()
            await self._link.close()

    async def _next(self) -> bytes | None:
        """Return the next request; None when there was none for too long.

        While searches are under way more time is given, but not to who does not take their answers.
        """
        known = self._who is not None or binding.may_be_anonymous(self._settings, self._way())
        limit = self._settings.idle_timeout if known else self._settings.login_timeout
        while True:
            try:
                async with asyncio.timeout(limit.total_seconds()):
                    return await self._link.message()
            except TimeoutError:
                if not self._searches or self._link.blocked:
                    return None

    async def _serve(self, request: Request) -> None:
        what = request.what
        if request.id in self._searches and not isinstance(what, Abandon | Unbind):
            raise codec.WireError("id in use")
        if request.unknown:
            op = {Bind: Op.BIND_ANSWER, Search: Op.SEARCH_DONE}.get(type(what), Op.EXTENDED_ANSWER)
            self._answer(request.id, op, Code.CRITICAL_EXTENSION, words.CONTROL)
        elif isinstance(what, Search):
            self._begin(request.id, what)
        elif isinstance(what, Bind):
            await self._bind(request.id, what)
        elif isinstance(what, Extended):
            await self._extended(request.id, what)
        elif isinstance(what, Change):
            self._answer(request.id, Op(what.op + 1), Code.UNWILLING, words.READ_ONLY)
        elif isinstance(what, Abandon):
            # its place is free at once, for what may stand in the same packet
            if (task := self._searches.pop(what.target, None)) is not None:
                task.cancel()
        else:
            self._over = True
        if not self._over:
            async with asyncio.timeout(self._settings.idle_timeout.total_seconds()):
                await self._link.drain()

    async def _bind(self, number: int, bind: Bind) -> None:
        # who was known is nobody now, whatever comes of it (RFC 4511, 4.2.1)
        await self._drop_searches()
        self._who = None
        entered = await binding.enter(bind, self._way(), self._settings, self._desk.accounts)
        self._who = entered.who
        self._answer(number, Op.BIND_ANSWER, entered.code, entered.text)
        if entered.code is Code.INVALID_CREDENTIALS:
            self._failed += 1
            self._desk.host.log.warning("ldap.login_refused", receiver=self._desk.host.name)
            self._over = self._failed >= self._settings.max_failed_logins

    async def _extended(self, number: int, extended: Extended) -> None:
        context = self._desk.context
        if extended.name != START_TLS or context is None:
            text = words.NO_TLS if extended.name == START_TLS else words.UNKNOWN_OPERATION
            self._answer(number, Op.EXTENDED_ANSWER, Code.PROTOCOL_ERROR, text)
        elif self._link.secured or self._searches:
            text = words.TLS_ALREADY if self._link.secured else words.TLS_PENDING
            self._answer(number, Op.EXTENDED_ANSWER, Code.OPERATIONS_ERROR, text)
        else:
            # without a pause: what comes in from here on is TLS, and what came before is refused
            self._answer(number, Op.EXTENDED_ANSWER, Code.SUCCESS, None, name=START_TLS)
            self._who = None
            async with asyncio.timeout(self._settings.login_timeout.total_seconds()):
                await self._link.start_tls(context, server_name=None)

    def _begin(self, number: int, search: Search) -> None:
        if not is_public(search) and not (
            self._who is not None or binding.may_be_anonymous(self._settings, self._way())
        ):
            self._answer(number, Op.SEARCH_DONE, Code.INSUFFICIENT_ACCESS, words.LOG_IN)
        elif len(self._searches) >= self._settings.max_pending:
            self._answer(number, Op.SEARCH_DONE, Code.BUSY, words.BUSY)
        else:
            task = asyncio.create_task(self._search(number, search), name="ldap search")
            self._searches[number] = task
            task.add_done_callback(lambda done: self._forget(number, done))

    async def _search(self, number: int, search: Search) -> None:
        host = self._desk.host
        began = host.clock.monotonic()
        outcome, page = await self._found(search)
        try:
            for count, entry in enumerate(outcome.found, 1):
                found = select(entry, search.attributes, types_only=search.types_only)
                self._link.write(codec.encode_answer(Answer(id=number, op=Op.ENTRY, what=found)))
                if count % _BREATH == 0:
                    await self._link.drain()
                    await asyncio.sleep(0)
            self._answer(
                number, Op.SEARCH_DONE, outcome.code, outcome.text, matched=outcome.matched, page=page
            )
            await self._link.drain()
        except LostError:
            return
        if not is_public(search):
            host.log.info(
                "ldap.searched",
                receiver=host.name,
                peer=f"account:{self._who}" if self._who is not None else "anonymous",
                status=int(outcome.code),
                count=len(outcome.found),
                duration_ms=round((host.clock.monotonic() - began) * 1000, 1),
            )

    async def _found(self, search: Search) -> tuple[Outcome, Page | None]:
        limit = self._settings.time_limit.total_seconds()
        try:
            async with asyncio.timeout(min(search.seconds or limit, limit)):
                outcome = self._pages.go_on(search) or await self._desk.finder.find(search)
        except TimeoutError:
            return Outcome(code=Code.TIME_LIMIT, text=words.LATE), None
        except DirectoryUnavailableError:
            return Outcome(code=Code.UNAVAILABLE, text=words.UNAVAILABLE), None
        except Exception as error:  # noqa: BLE001 - a directory that fails fails this search
            self._desk.host.log.warning(
                "ldap.search_failed", receiver=self._desk.host.name, error=type(error).__name__
            )
            return Outcome(code=Code.OTHER, text=words.FAILED), None
        return self._pages.cut(search, outcome)

    def _forget(self, number: int, task: asyncio.Task[None]) -> None:
        if self._searches.get(number) is task:
            del self._searches[number]
        if not task.cancelled() and (error := task.exception()) is not None:
            self._desk.host.log.warning(
                "ldap.search_failed", receiver=self._desk.host.name, error=type(error).__name__
            )

    async def _drop_searches(self) -> None:
        tasks = tuple(self._searches.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _way(self) -> binding.Way:
        return binding.Way(
            host=self._link.host,
            tls=self._link.secured,
            certificate=bool(self._settings.client_authorities) and self._link.certificate is not None,
        )

    def _answer(
        self,
        number: int,
        op: Op,
        code: Code,
        text: Words | None,
        *,
        name: str | None = None,
        matched: str = "",
        page: Page | None = None,
    ) -> None:
        said = text.in_language(self._settings.language) if text is not None else ""
        result = Result(code=code, text=said, matched=matched, page=page)
        self._link.write(codec.encode_answer(Answer(id=number, op=op, what=result), name=name))

    def _farewell(self, code: Code, text: Words) -> None:
        """Say why the connection ends (RFC 4511, 4.4.1)."""
        self._answer(0, Op.EXTENDED_ANSWER, code, text, name=DISCONNECTION)
