"""Checks of what is declared and what is used: parameters, secrets, tables of codes, hooks, values taken."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from hub.errors import ConfigError, Words
from hub_http import hooks
from hub_http.description.authentication import ApiKey, Basic, HmacRequest, Jwt, OAuth2
from hub_http.description.inbound import BasicPair, Hmac, Verification
from hub_http.description.mistakes import Mistake, Place, suggested, warning
from hub_http.description.model import Description
from hub_http.description.picking import Pick
from hub_http.description.requests import Step
from hub_http.description.texts import Used
from hub_http.description.walking import Spot

_SECRETS: Final[dict[type[Any], tuple[str, ...]]] = {
    ApiKey: ("secret",),
    Basic: ("password",),
    Jwt: ("key",),
    OAuth2: ("client_secret",),
    HmacRequest: ("key",),
    Hmac: ("key",),
    BasicPair: ("password",),
    Verification: ("bearer",),
}
"""Where a table names a secret."""


def check(description: Description, spots: list[Spot], used: Used) -> Iterator[Mistake]:
    """Check names both ways: what is used is declared, and what is declared is used."""
    secrets, codes = set(used.names("secrets")), {one for names in used.codes.values() for one in names}
    for place, names in used.codes.items():
        for name in sorted(names):
            yield from _declared(place, name, description.codes, _TABLE)
    hooked = False
    for place, key, name in _named(spots):
        if key == "codes":
            codes.add(name)
            yield from _declared((*place, key), name, description.codes, _TABLE)
        elif key == "hook":
            hooked = True
            yield from _hook((*place, key), name)
        else:
            secrets.add(name)
            yield from _declared((*place, key), name, description.secrets, _SECRET)
    if not hooked:  # what a hook uses can't be seen
        yield from _unused("parameters", description.parameters, used.names("parameters"))
        yield from _unused("secrets", description.secrets, secrets)
        yield from _unused("codes", description.codes, codes)
    yield from _needs(spots, used)


def _named(spots: list[Spot]) -> Iterator[tuple[Place, str, str]]:
    for spot in spots:
        for kind, keys in _SECRETS.items():
            if isinstance(spot.value, kind):
                for key in keys:
                    if (name := getattr(spot.value, key)) is not None:
                        yield spot.place, key, name
        if isinstance(spot.value, Pick) and spot.value.codes is not None:
            yield spot.place, "codes", spot.value.codes
        if (hook := getattr(spot.value, "hook", None)) is not None:
            yield spot.place, "hook", hook


def _declared(place: Place, name: str, known: Any, what: Words) -> Iterator[Mistake]:
    if name not in known:
        listed = ", ".join(sorted(known)) or "–"
        words = Words(
            en=f"names {what.en} {name}, which is not declared; there are: {listed}",
            fr=f"nomme {what.fr} {name}, qui n'est pas déclaré ; il y a : {listed}",
        )
        yield Mistake(place=place, words=suggested(words, name, known))


def _unused(key: str, declared: Any, used: Any) -> Iterator[Mistake]:
    for name in declared:
        if name not in used:
            yield warning(
                (key, name), "is declared, and nothing uses it", "est déclaré, et rien ne l'utilise"
            )


def _hook(place: Place, name: str) -> Iterator[Mistake]:
    try:
        hooks.named(name, object)
    except ConfigError as error:
        en, fr = error.words.en.partition(": ")[2], error.words.fr.partition(" : ")[2]
        yield Mistake(
            place=place,
            words=Words(
                en=f"can't be used here: {en.rstrip('.')}", fr=f"inutilisable ici : {fr.rstrip('.')}"
            ),
        )


def _needs(spots: list[Spot], used: Used) -> Iterator[Mistake]:
    """Yield values that others build on, and whose absence would not be noticed where it happens."""
    asked = used.names("taken")
    for spot in spots:
        if isinstance(spot.value, Step):
            for name in spot.value.take:
                if name in asked and name not in spot.value.needs:
                    yield warning(
                        (*spot.place, "take", name),
                        "is used later, and not in `needs`: an answer without it would pass for good",
                        "sert plus loin sans être dans `needs` : une réponse sans lui passerait pour bonne",
                    )


_TABLE: Final = Words(en="the table", fr="la table")
_SECRET: Final = Words(en="the secret", fr="le secret")
