"""Results in pages (RFC 2696): what was found and not yet given, for one connection."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from hub_annuaire.ldap.face import words
from hub_annuaire.ldap.face.searching import Outcome
from hub_annuaire.ldap.messages import Code, Page, Search

MAX_PLACES: Final = 4
"""Searches in pages that one connection may have open; the oldest is forgotten for a new one."""
_COOKIE: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where a search stands: what is left of its outcome."""

    search: Search
    left: Outcome


class Pages:
    """The open places of one connection."""

    def __init__(self, random: Callable[[int], bytes]) -> None:
        self._random = random
        self._places: OrderedDict[bytes, _Place] = OrderedDict()

    def go_on(self, search: Search) -> Outcome | None:
        """Return what is left for a search that brings a cookie; None: it has to be searched first."""
        if search.page is None or not search.page.cookie:
            return None
        place = self._places.pop(search.page.cookie, None)
        if place is None or place.search != _without(search):
            return Outcome(code=Code.UNWILLING, text=words.COOKIE)
        # a size of none says that the client wants no more
        return place.left if search.page.size > 0 else Outcome()

    def cut(self, search: Search, outcome: Outcome) -> tuple[Outcome, Page | None]:
        """Return the next page of an outcome, and the control that goes with it."""
        if search.page is None:
            return outcome, None
        size = search.page.size
        if size <= 0 or len(outcome.found) <= size:
            return outcome, Page(size=0)
        cookie = self._random(_COOKIE)
        self._places[cookie] = _Place(
            search=_without(search), left=replace(outcome, found=outcome.found[size:])
        )
        while len(self._places) > MAX_PLACES:
            self._places.popitem(last=False)
        return Outcome(found=outcome.found[:size]), Page(size=len(outcome.found), cookie=cookie)


def _without(search: Search) -> Search:
    return replace(search, page=None)
