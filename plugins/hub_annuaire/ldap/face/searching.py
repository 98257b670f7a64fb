"""One search: from a base, a scope and a filter to entries and a result code (RFC 4511, 4.5)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, runtime_checkable

from hub.domain.address import Address
from hub.domain.party import Identifier
from hub.errors import MalformedError, Words
from hub.ports.directory import Entry
from hub.ports.looking import Catalogue
from hub_annuaire.ldap import filters
from hub_annuaire.ldap.face import planning, root, words
from hub_annuaire.ldap.face.matching import fits
from hub_annuaire.ldap.face.names import Name
from hub_annuaire.ldap.face.settings import Settings
from hub_annuaire.ldap.face.shown import SUBSCHEMA, Shown, may_be_shown, show
from hub_annuaire.ldap.messages import Code, Scope, Search

_BREATH: Final = 10
"""Entries after which others get their turn."""
_SUBSCHEMA: Final = Name.parse(SUBSCHEMA).key


@runtime_checkable
class Identifies(Protocol):
    """A catalogue that can also be asked by identifier."""

    async def by_identifier(self, identifier: Identifier) -> Sequence[Entry]:
        """Return the mailboxes of the bearer. Raises DirectoryUnavailableError."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a search came to. With any `code` there may be entries."""

    found: tuple[Shown, ...] = ()
    code: Code = Code.SUCCESS
    text: Words | None = None
    matched: str = ""


def is_public(search: Search) -> bool:
    """Whether a search is for what anybody may know: the server's own entries."""
    if search.scope is not Scope.BASE:
        return False
    try:
        return Name.parse(search.base).key in {(), _SUBSCHEMA}
    except MalformedError:
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Finder:
    """Finds entries for the searches of one receiver."""

    settings: Settings
    catalogue: Catalogue

    async def find(self, search: Search) -> Outcome:  # noqa: PLR0911 - one return for each kind of base
        """Search. Raises DirectoryUnavailableError, and whatever else the directory does."""
        base = self.settings.base
        try:
            asked = Name.parse(search.base)
        except MalformedError:
            return Outcome(code=Code.INVALID_DN, text=words.NO_NAME)
        # 1. What can't be answered at any price.
        deep = filters.depth(search.filter) > self.settings.max_filter_depth
        if deep or filters.width(search.filter) > self.settings.max_filter_width:
            return Outcome(code=Code.ADMIN_LIMIT, text=words.COMPLEX)
        # 2. The server's own entries.
        if not asked.parts:
            if search.scope is Scope.BASE:
                return _one(search, root.root(base, tls=self.settings.identity is not None))
            asked = base
        elif asked.key == _SUBSCHEMA:
            return _one(search, root.subschema()) if search.scope is not Scope.ONE else Outcome()
        # 3. The tree: its base, and one level of entries below it.
        if asked.key == base.key:
            return await self._below(search)
        if asked.parent.key == base.key:
            return await self._leaf(search, asked)
        matched = str(base) if asked.is_under(base) else ""
        return Outcome(code=Code.NO_SUCH_OBJECT, text=words.NO_OBJECT, matched=matched)

    async def _below(self, search: Search) -> Outcome:
        top = root.top(self.settings.base)
        if search.scope is Scope.BASE:
            return _one(search, top)
        found = [top] if search.scope is Scope.SUB and fits(search.filter, top) else []
        try:
            questions = planning.plan(search.filter, self.settings.least_letters)
        except planning.TooManyError:
            return Outcome(code=Code.ADMIN_LIMIT, text=words.COMPLEX)
        if questions is None:
            return Outcome(found=tuple(found), code=Code.SIZE_LIMIT, text=words.SAY_MORE)
        most = min(search.size or self.settings.max_answers, self.settings.max_answers)
        cut = await self._gather(search, questions, found, most)
        if cut:
            return Outcome(found=tuple(found), code=Code.SIZE_LIMIT, text=words.CUT)
        return Outcome(found=tuple(found))

    async def _gather(
        self, search: Search, questions: Sequence[planning.Question], found: list[Shown], most: int
    ) -> bool:
        """Add what fits, up to `most`; return whether there is more, or may be."""
        cut = False
        seen: set[str] = set()
        async for entry in self._candidates(questions):
            if entry is None:
                cut = True
            elif entry.address.key not in seen and may_be_shown(entry):
                seen.add(entry.address.key)
                shown = show(entry, self.settings.base)
                if fits(search.filter, shown):
                    if len(found) == most:
                        return True
                    found.append(shown)
                if len(seen) % _BREATH == 0:
                    await asyncio.sleep(0)
        return cut

    async def _candidates(self, questions: Sequence[planning.Question]) -> AsyncIterator[Entry | None]:
        """Yield everything that could fit; None when a question had more answers than were taken."""
        most = self.settings.max_candidates
        for question in questions:
            if isinstance(question, planning.Words):
                entries = await self.catalogue.search(" ".join(question.words), most)
                if len(entries) >= most:
                    yield None
            elif isinstance(question, Address):
                entry = await self.catalogue.by_address(question)
                entries = () if entry is None else (entry,)
            elif isinstance(self.catalogue, Identifies):
                entries = await self.catalogue.by_identifier(question)
            else:
                entries = ()
            for one in entries:
                yield one

    async def _leaf(self, search: Search, asked: Name) -> Outcome:
        kind, value = asked.parts[0]
        entry = None
        if kind in {"mail", "rfc822mailbox", "0.9.2342.19200300.100.1.3"}:
            try:
                entry = await self.catalogue.by_address(Address.parse(value))
            except MalformedError:
                entry = None
        if entry is None or not may_be_shown(entry):
            return Outcome(code=Code.NO_SUCH_OBJECT, text=words.NO_OBJECT, matched=str(self.settings.base))
        # it has nothing below it
        return Outcome() if search.scope is Scope.ONE else _one(search, show(entry, self.settings.base))


def _one(search: Search, entry: Shown) -> Outcome:
    return Outcome(found=(entry,)) if fits(search.filter, entry) else Outcome()
