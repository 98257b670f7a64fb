"""What lies in an inbox, page by page, however the operator's listing goes on.

| by | the next page |
| --- | --- |
| link | the URL in the answer, through the same gate as every other |
| token | the listing again with the token of the answer; a kept one is remembered across restarts |
| offset, page | further on; but first the same place again, when its page had something new |
| repeat | the listing again, until it shows nothing new |

Of offsets and pages: what was acknowledged may be gone from the listing, and the rest have moved up.
Nothing here ends only by the operator's good will: there are `most` pages at most, and a page or a place
that comes again ends the look. Whoever takes the next page says that they have dealt with the one before.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from yarl import URL

from hub.errors import MalformedError
from hub_http.description.inbound import Inbox, Paging
from hub_http.description.requests import Request
from hub_http.fetching.came import scope_of
from hub_http.fetching.downloading import structured
from hub_http.fetching.remembering import Memory
from hub_http.fetching.sorting import check_readable
from hub_http.fetching.values import Picks
from hub_http.mapping.answered import Answered
from hub_http.sending import making, requests
from hub_http.sending.operator import Operator

_ONE: Final = Paging(by="repeat", most=1)
_AT: Final = "{{ page.at }}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Something that lies in the inbox. `member` is what the listing says of it."""

    id: str
    member: Answered = field(repr=False)
    value: Any = field(repr=False)

    @property
    def mark(self) -> str:
        """What tells it from others, even where an id is only a place in the list."""
        said = json.dumps([self.id, self.value], default=str)
        return hashlib.sha256(said.encode()).hexdigest()

    @property
    def scope(self) -> Mapping[str, Any]:
        """What templates see of it, as `item`."""
        return {"id": self.id, "value": self.value}


class Listing:
    """One look at an inbox.

    After the last page, `more` says whether the operator has further ones, and `nameless` how many
    members had no id by which they could be asked for.
    """

    def __init__(self, operator: Operator, inbox: Inbox, memory: Memory, key: str) -> None:
        self._operator = operator
        self._inbox = inbox
        self._paging = inbox.paging or _ONE
        self._memory = memory
        self._key = key
        self._seen: set[str] = set()
        self.more = False
        self.nameless = 0

    async def pages(self) -> AsyncGenerator[Sequence[Item], None]:
        """Yield pages that have something new, without what was seen before.

        Raises AnswerError and what `ask` raises, MalformedError for an answer that is no listing,
        StoreError.
        """
        place = await self._first()
        places, shown = {place}, None
        for _ in range(self._paging.most):
            answered = await self._ask(place)
            ids, fresh = self._read(answered)
            if ids and (place, ids) != shown and shown is not None and ids == shown[1]:
                # the same page at another place: the operator does not go on
                return
            shown = (place, ids)
            if fresh:
                yield fresh
            following = await self._next(place, answered, len(ids), new=bool(fresh))
            if following is None or (following in places and following != place):
                return
            if following == place and not fresh:
                return
            places.add(following)
            place = following
        self.more = self._inbox.paging is not None

    async def _first(self) -> str:
        match self._paging.by:
            case "token" if self._paging.kept:
                return await self._memory.cursor() or ""
            case "offset" | "page":
                return str(self._paging.first)
            case _:
                return ""

    async def _ask(self, place: str) -> Answered:
        request, scope = self._request(place), self._scope(place)
        if self._inbox.download is None:
            # it holds the messages themselves
            return await structured(self._operator, request, scope)
        return (await requests.ask(self._operator, request, scope)).expect()

    def _request(self, place: str) -> Request:
        """Return the request for the page at a place."""
        listing, paging = self._inbox.listing, self._paging
        if paging.by == "repeat" or not place:
            return listing
        if paging.by == "link":
            return listing.model_copy(update={"path": None, "url": _AT, "query": {}})
        if paging.parameter is None:
            raise ValueError("paging by token, offset or page names its parameter")
        return listing.model_copy(update={"query": {**listing.query, paging.parameter: _AT}})

    def _scope(self, place: str) -> Mapping[str, Any]:
        return scope_of(self._operator, page={"at": place})

    def _read(self, answered: Answered) -> tuple[tuple[str, ...], list[Item]]:
        """Return the ids of a page, and those of its items that are new."""
        check_readable([self._inbox.items], answered, f"{self._key}.items")
        picks = Picks(answered=answered, scope=scope_of(self._operator, answered), within=self._key)
        ids, fresh = [], []
        for value in picks.members("items", self._inbox.items):
            member = Answered.of(value, within=answered)
            within = Picks(answered=member, scope=picks.scope, within=self._key)
            try:
                known = within.needed("id", self._inbox.id)
            except MalformedError:
                self.nameless += 1
                continue
            ids.append(known)
            if known not in self._seen:
                self._seen.add(known)
                fresh.append(Item(id=known, member=member, value=value))
        return tuple(ids), fresh

    async def _next(self, place: str, answered: Answered, count: int, *, new: bool) -> str | None:
        """Return where it goes on; None at the end."""
        following: str | None = None
        match self._paging.by:
            case "link" if (link := self._pointer(answered)) is not None:
                following = self._absolute(link, place)
            case "token" if (token := self._pointer(answered)) is not None:
                following = token
                if self._paging.kept:
                    await self._memory.advance(token)
            case "repeat" if new:
                following = place
            case "offset" | "page" if count and new and self._inbox.acknowledge is not None:
                following = place
            case "offset" | "page" if count:
                following = str(int(place) + (count if self._paging.by == "offset" else 1))
        return following

    def _pointer(self, answered: Answered) -> str | None:
        scope = scope_of(self._operator, answered)
        picks = Picks(answered=answered, scope=scope, within=f"{self._key}.paging")
        return picks.text("next", self._paging.next)

    def _absolute(self, link: str, place: str) -> str:
        """Return a link as a whole URL; one that is not is meant from the page it stands on (RFC 3986, 5)."""
        page = making.url_of(self._request(place), self._scope(place), self._operator.bases[0])
        try:
            return str(page.join(URL(link)))
        except ValueError:
            return link
