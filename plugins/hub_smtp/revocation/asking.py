"""Where an answer about one certificate comes from, source by source, until one counts.

1. lists of the configuration; 2. an OCSP answer that is still in time, from disk or from a responder that
the certificate names; 3. the list at a distribution point, from memory, disk or there.
What comes from outside is kept only once it has been verified, and for `keep` at the most.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, TypeVar

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from hub.ports.host import Host
from hub_smtp.revocation import places, reasons, responses
from hub_smtp.revocation.answer import Answer
from hub_smtp.revocation.fetch import Fetcher
from hub_smtp.revocation.folder import ListFolder
from hub_smtp.revocation.joining import Joining
from hub_smtp.revocation.lists import RevocationList
from hub_smtp.revocation.reasons import Reason, UnusableError
from hub_smtp.revocation.remembered import Remembered
from hub_smtp.revocation.settings import RevocationSettings
from hub_smtp.revocation.shelf import Shelf

T = TypeVar("T")
_LISTS: Final = 16
"""Lists from the network that are held in memory."""
_PLACES: Final = 1024
_DIGEST: Final = hashes.SHA256()

_Fetched = tuple[RevocationList, datetime]
"""A list from the network, and until when it may be used."""


@dataclass(frozen=True, slots=True)
class Link:
    """A certificate and the one that issued it."""

    certificate: x509.Certificate
    issuer: x509.Certificate

    @property
    def key(self) -> bytes:
        """What tells it from all others."""
        return self.certificate.fingerprint(_DIGEST) + self.issuer.fingerprint(_DIGEST)


class Asking:
    """Finds answers; safe for any number at a time, in one event loop."""

    def __init__(self, settings: RevocationSettings, host: Host, fetcher: Fetcher, joining: Joining) -> None:
        """Read the configured lists. Raises ConfigError."""
        self._settings = settings
        self._host = host
        self._fetcher = fetcher
        self._joining = joining
        self._folder = ListFolder(settings.lists, settings.list_bytes, host)
        self._shelf = Shelf(host.data / "revocation")
        self._lists: Remembered[str, _Fetched] = Remembered(_LISTS)
        self._failed: Remembered[str, Reason] = Remembered(_PLACES)

    async def answer(self, link: Link, *, anew: bool = False) -> Answer:
        """Return the first answer that counts; `anew` passes by answers on disk, and lists that end soon.

        Raises UnusableError with the last source's reason when there is none.
        """
        reason = reasons.NO_PLACE
        for source in (self._by_configured_lists, self._by_ocsp, self._by_points):
            try:
                if (answer := await source(link, anew)) is not None:
                    return answer
            except UnusableError as error:
                reason = error.reason
        raise UnusableError(reason)

    # 1. Lists of the configuration.

    async def _by_configured_lists(self, link: Link, _anew: bool) -> Answer | None:  # noqa: FBT001 - as the others
        if not self._settings.lists:
            return None
        now = self._host.clock.now()
        return await asyncio.to_thread(lambda: _best(self._folder.of(link.certificate.issuer), link, now))

    # 2. OCSP.

    async def _by_ocsp(self, link: Link, anew: bool) -> Answer | None:  # noqa: FBT001 - as the others
        urls = places.responders(link.certificate)
        name = b"ocsp" + link.key
        if urls and not anew:
            held = await asyncio.to_thread(self._shelf.read, name, self._settings.ocsp_bytes)
            if held is not None:
                with suppress(UnusableError):
                    return self._bounded(await self._heard(held[0], link), held[1])
        return await self._first(urls, lambda url: self._ask_responder(url, link, name))

    async def _ask_responder(self, url: str, link: Link, name: bytes) -> Answer:
        nonce = self._host.chance.bytes(responses.NONCE_BYTES) if self._settings.nonce else None
        question = responses.question(link.certificate, link.issuer, nonce)
        data = await self._unless_failed(url, lambda: self._fetcher.ocsp(url, question))
        answer = await self._heard(data, link, nonce)
        await asyncio.to_thread(self._shelf.keep, name, data)
        return self._bounded(answer, self._host.clock.now())

    def _bounded(self, answer: Answer, kept_at: datetime) -> Answer:
        """Return an answer that ends in time. Raises UnusableError when it has."""
        now = self._host.clock.now()
        until = min(answer.until, min(kept_at, now) + self._settings.keep)
        if until <= now:
            raise UnusableError(reasons.OUT_OF_DATE)
        return replace(answer, until=until)

    async def _heard(self, data: bytes, link: Link, nonce: bytes | None = None) -> Answer:
        """Read a response, and see that who was charged with it has not been revoked in turn."""
        heard = responses.read(data, link.certificate, link.issuer, self._host.clock.now(), nonce)
        if heard.charged is None or responses.need_not_be_checked(heard.charged):
            return heard.answer
        # RFC 6960, 4.2.2.2.1 leaves this to us: its authority's lists are looked into, not OCSP again.
        responder = Link(heard.charged, link.issuer)
        for source in (self._by_configured_lists, self._by_points):
            with suppress(UnusableError):
                found = await source(responder, False)
                if found is not None and found.revoked_at is not None:
                    break
        else:
            return heard.answer
        raise UnusableError(reasons.FORGED)

    # 3. Distribution points.

    async def _by_points(self, link: Link, anew: bool) -> Answer | None:  # noqa: FBT001 - as the others
        async def look(url: str) -> Answer:
            if anew and self._lists.ends_soon(url, self._host.clock.now()):
                with suppress(UnusableError):  # the one that is held counts until its end
                    await self._joined_download(url, link)
            found, until = await self._list(url, link)
            now = self._host.clock.now()
            answer = await asyncio.to_thread(found.answer, link.certificate, link.issuer, now)
            return replace(answer, until=min(answer.until, until))

        return await self._first(places.lists(link.certificate), look)

    async def _list(self, url: str, link: Link) -> _Fetched:
        """Return the list at a URL that is in force: from memory, from disk, or from there."""
        held = self._lists.get(url, self._host.clock.now())
        if held is not None:
            return held
        found = await self._joining.ask(("shelf", url), lambda: self._from_shelf(url, link))
        return found or await self._joined_download(url, link)

    async def _from_shelf(self, url: str, link: Link) -> _Fetched | None:
        name, most = b"list" + url.encode(), self._settings.list_bytes
        held = await asyncio.to_thread(self._shelf.read, name, most)
        if held is None:
            return None
        try:
            found = await self._verified(held[0], link)
        except UnusableError:
            return None
        fetched, lasts = self._remember(url, found, held[1])
        return fetched if lasts else None

    async def _joined_download(self, url: str, link: Link) -> _Fetched:
        return await self._joining.ask(("list", url), lambda: self._download(url, link))

    async def _download(self, url: str, link: Link) -> _Fetched:
        async def get() -> tuple[bytes, RevocationList]:
            data = await self._fetcher.list(url)
            return data, await self._verified(data, link)

        data, found = await self._unless_failed(url, get)
        fetched, lasts = self._remember(url, found, self._host.clock.now())
        if lasts:
            await asyncio.to_thread(self._shelf.keep, b"list" + url.encode(), data)
        return fetched

    async def _verified(self, data: bytes, link: Link) -> RevocationList:
        now = self._host.clock.now()

        def read() -> RevocationList:
            found = RevocationList(data)
            found.answer(link.certificate, link.issuer, now)
            return found

        return await asyncio.to_thread(read)

    def _remember(self, url: str, found: RevocationList, kept_at: datetime) -> tuple[_Fetched, bool]:
        """Hold a list until its end; False when that has passed: it counts for who stands in it alone."""
        now = self._host.clock.now()
        until = min(found.until, min(kept_at, now) + self._settings.keep)
        if until <= now:
            return (found, now + self._settings.again), False
        self._lists.put(url, (found, until), now, until)
        return (found, until), True

    # Several places, and failures.

    async def _first(self, urls: Sequence[str], ask: Callable[[str], Awaitable[Answer]]) -> Answer | None:
        """Return the first answer that counts, None for no places. Raises the last UnusableError."""
        allowed = [url for url in urls if self._fetcher.allows(url)]
        if urls and not allowed:
            raise UnusableError(reasons.NOT_ALLOWED)
        failure: UnusableError | None = None
        for url in allowed:
            try:
                return await ask(url)
            except UnusableError as error:
                failure = error
        if failure is not None:
            raise failure
        return None

    async def _unless_failed(self, url: str, ask: Callable[[], Awaitable[T]]) -> T:
        """Ask a place, unless it failed a moment ago. Raises UnusableError."""
        now = self._host.clock.now()
        if (reason := self._failed.get(url, now)) is not None:
            raise UnusableError(reason)
        try:
            return await ask()
        except UnusableError as error:
            self._failed.put(url, error.reason, now, now + self._settings.again)
            raise


def _best(found: Sequence[RevocationList], link: Link, now: datetime) -> Answer | None:
    """Return what the lists say: 'revoked' by any of them, else the latest that counts."""
    good: Answer | None = None
    failure: UnusableError | None = None
    for one in found:
        try:
            answer = one.answer(link.certificate, link.issuer, now)
        except UnusableError as error:
            failure = failure or error
            continue
        if answer.revoked_at is not None:
            return answer
        good = good or answer
    if good is None and failure is not None:
        raise failure
    return good
