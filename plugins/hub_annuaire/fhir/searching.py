"""Searches on the server: their parameters, and following their pages."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from yarl import URL

from hub_annuaire.fhir import faults, pages
from hub_annuaire.fhir.client import Client
from hub_annuaire.fhir.pages import Page
from hub_annuaire.fhir.records import Record
from hub_annuaire.fhir.settings import Settings
from hub_annuaire.fhir.vocabulary import Kind

MAX_PAGES: Final = 20
"""Pages that one question may have."""
IDS: Final = 50
"""Ids in one search by `_id`, so that its URL stays short."""
AT_ONCE: Final = 100
"""Resources on a page of a question."""

_ESCAPED: Final = re.compile(r"([\\$,|])")


@dataclass(slots=True)
class Memory:
    """Pages that answered a question before, by URL: what the server says is unchanged is not sent again."""

    before: dict[str, tuple[str, Page]] = field(default_factory=dict)
    now: dict[str, tuple[str, Page]] = field(default_factory=dict)

    def next(self) -> Memory:
        """Return the memory for the next time that the question is asked."""
        return Memory(before=self.now)


def value(text: str) -> str:
    """Write a value so that none of its signs means anything (FHIR R4, 3.1.1.3.4)."""
    return _ESCAPED.sub(r"\\\1", text)


class Search:
    """Searches one server."""

    def __init__(self, settings: Settings, client: Client) -> None:
        self._settings = settings
        self._client = client

    def url(self, kind: Kind, *parameters: tuple[str, str]) -> URL:
        """Return where a search begins."""
        return (self._settings.url / kind.value).with_query(list(parameters))

    async def page(self, url: URL) -> tuple[Page, str]:
        """Return a page and when the server sent it (RFC 3339). Raises as `Client.get` and `pages.read`."""
        answer = await self._client.get(url)
        page = await self._read(answer.body or b"", url)
        return page, answer.at.isoformat()

    async def all(self, kind: Kind, *parameters: tuple[str, str], memory: Memory) -> list[Record]:
        """Return everything that matches, of the kind that was asked for.

        Raises as `page`, and MalformedError for a resource that can't be read: to leave it out would
        be to say that it is not there.
        """
        found: dict[str, Record] = {}
        url: URL | None = self.url(kind, *parameters, ("_count", str(AT_ONCE)))
        seen: set[URL] = set()
        while url is not None:
            if url in seen or len(seen) >= MAX_PAGES:
                raise faults.endless()
            seen.add(url)
            page = await self._remembered(url, memory)
            for _, _, path in page.unreadable:
                raise faults.record(path)
            found |= {one.id: one for one in page.records if one.kind is kind}
            url = page.next
        return list(found.values())

    async def by_ids(self, kind: Kind, parameter: str, ids: Iterable[str], memory: Memory) -> list[Record]:
        """Return resources that have one of these ids, or refer to one."""
        wanted = sorted(set(ids))
        return [
            one
            for start in range(0, len(wanted), IDS)
            for one in await self.all(kind, (parameter, ",".join(wanted[start : start + IDS])), memory=memory)
        ]

    async def _remembered(self, url: URL, memory: Memory) -> Page:
        held = memory.before.get(str(url))
        answer = await self._client.get(url, held[0] if held else None)
        if answer.body is None and held is not None:
            page = held[1]
        else:
            page = await self._read(answer.body or b"", url)
        if answer.etag:
            memory.now[str(url)] = (answer.etag, page)
        return page

    async def _read(self, body: bytes, url: URL) -> Page:
        return await asyncio.to_thread(pages.read, body, url, self._settings.url, self._settings.max_depth)
