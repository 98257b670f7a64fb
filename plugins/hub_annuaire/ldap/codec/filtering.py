"""The library's filters ↔ ours."""

from __future__ import annotations

import sansldap

from hub_annuaire.ldap import filters


def parse_filter(text: str) -> filters.Filter:
    """Read a filter written by an administrator (RFC 4515). Raises ValueError."""
    return from_library(sansldap.LDAPFilter.from_string(text))


def from_library(given: sansldap.LDAPFilter) -> filters.Filter:  # noqa: C901, PLR0911 - one return for each kind
    """Turn the library's filter into ours. Raises ValueError."""
    match given:
        case sansldap.FilterAnd(filters=parts):
            return filters.All(tuple(map(from_library, parts)))
        case sansldap.FilterOr(filters=parts):
            return filters.Some(tuple(map(from_library, parts)))
        case sansldap.FilterNot(filter=part):
            return filters.Not(from_library(part))
        case sansldap.FilterEquality():
            return filters.Equal(given.attribute, given.value)
        case sansldap.FilterSubstrings():
            if given.initial is None and not given.any and given.final is None:
                raise ValueError("no piece of text")
            return filters.Pieces(given.attribute, given.initial, tuple(given.any), given.final)
        case sansldap.FilterPresent():
            return filters.Present(given.attribute)
        case sansldap.FilterApproxMatch():
            return filters.Like(given.attribute, given.value)
        case sansldap.FilterGreaterOrEqual():
            return filters.Ordered(given.attribute, given.value, most=False)
        case sansldap.FilterLessOrEqual():
            return filters.Ordered(given.attribute, given.value, most=True)
        case sansldap.FilterExtensibleMatch():
            return filters.Extensible(given.attribute, given.rule, given.value, given.dn_attributes)
        case _:
            raise ValueError("not a filter")


def to_library(given: filters.Filter) -> sansldap.LDAPFilter:  # noqa: PLR0911 - one return for each kind
    """Turn our filter into the library's."""
    match given:
        case filters.All(parts):
            return sansldap.FilterAnd(filters=[to_library(one) for one in parts])
        case filters.Some(parts):
            return sansldap.FilterOr(filters=[to_library(one) for one in parts])
        case filters.Not(part):
            return sansldap.FilterNot(filter=to_library(part))
        case filters.Equal(attribute, value):
            return sansldap.FilterEquality(attribute=attribute, value=value)
        case filters.Pieces(attribute, first, middle, last):
            return sansldap.FilterSubstrings(attribute=attribute, initial=first, any=list(middle), final=last)
        case filters.Present(attribute):
            return sansldap.FilterPresent(attribute=attribute)
        case filters.Like(attribute, value):
            return sansldap.FilterApproxMatch(attribute=attribute, value=value)
        case filters.Ordered(attribute, value, most):
            kind = sansldap.FilterLessOrEqual if most else sansldap.FilterGreaterOrEqual
            return kind(attribute=attribute, value=value)
        case filters.Extensible(attribute, rule, value, names):
            return sansldap.FilterExtensibleMatch(
                rule=rule, attribute=attribute, value=value, dn_attributes=names
            )
