"""Questions to a directory, as filters made of values: nothing that is asked can change a filter."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hub.domain.address import Address
from hub.domain.party import FINESS, RPPS, Identifier
from hub_annuaire.ldap import folding
from hub_annuaire.ldap.filters import All, Equal, Filter, Pieces, Present, Some
from hub_annuaire.ldap.messages import Scope, Search
from hub_annuaire.ldap.reading import spellings
from hub_annuaire.ldap.settings import Settings


def by_address(settings: Settings, address: Address) -> Search:
    """Ask for an address; `mail` is compared without regard to case (RFC 4524, 2.16)."""
    return _search(settings, Equal(settings.attributes.mail, str(address).encode()))


def by_identifier(settings: Settings, identifier: Identifier) -> Search | None:
    """Ask for the bearer of an identifier; None for a system that the directory does not hold."""
    named = {RPPS: settings.attributes.rpps, FINESS: settings.attributes.finess}.get(identifier.system)
    forms = spellings(identifier)
    # an assertion without a value, or with control characters, is not one of any server's
    if named is None or not forms[0] or not all(one.isprintable() for one in forms):
        return None
    return _search(settings, _some(Equal(named, one.encode()) for one in forms))


def by_words(settings: Settings, words: Sequence[str]) -> Search:
    """Ask for entries in which each word stands somewhere, inside a word too: LDAP knows no words."""
    return _search(
        settings,
        *(
            _some(
                Pieces(one, middle=(form.encode(),))
                for form in folding.forms(word)
                for one in settings.attributes.searched
            )
            for word in words
        ),
    )


def whether_there(settings: Settings) -> Search:
    """Ask for the base itself: nothing but whether the server can answer."""
    return Search(base=settings.base, scope=Scope.BASE, attributes=("1.1",))


def _some(parts: Iterable[Filter]) -> Filter:
    held = tuple(parts)
    return held[0] if len(held) == 1 else Some(held)


def _search(settings: Settings, *parts: Filter) -> Search:
    which = settings.filter or Present(settings.attributes.mail)
    return Search(
        base=settings.base,
        scope=Scope.SUB,
        filter=All((*parts, which)),
        attributes=settings.attributes.wanted,
        seconds=max(1, round(settings.timeout.total_seconds())),
    )
