"""Whether what one plugin offers could work, and stands in nobody's way.

Not checked here: that an opener yields a part that keeps its contract; the contract suites of
`hub.testing` do that.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from typing import Any, Final

from hub.adapters.plugins import faults
from hub.plugin.registry import Offer, PartType, Registry

_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,31}")

Offers = dict[tuple[PartType, str], Offer[Any]]


def check(registry: Registry, offers: Offers, commands: Mapping[str, str], reserved: frozenset[str]) -> None:
    """Raise ConfigError for the first thing in `registry` that can't stand beside what is there.

    `commands` maps the names of commands to their plugins; `reserved` are the hub's own commands.
    """
    for offer in registry.offers:
        _check_offer(offer)
        other = offers.get((offer.type, offer.kind))
        if other:
            raise faults.kind_taken(offer.type.value, offer.kind, other.plugin)
    for name in registry.commands:
        _check_name("command", name)
        if name in reserved:
            raise faults.kind_taken("command", name, "hub")
        if name in commands:
            raise faults.kind_taken("command", name, commands[name])


def _check_offer(offer: Offer[Any]) -> None:
    what, kind = offer.type.value, offer.kind
    _check_name(what, kind)
    for role, function in (("parse", offer.parse), ("opener", offer.open)):
        if not callable(function):
            raise faults.offer_invalid(
                what, kind, f"its {role} can't be called", f"son {role} n'est pas appelable"
            )
    if inspect.iscoroutinefunction(offer.parse):
        raise faults.offer_invalid(
            what, kind, "its parse is asynchronous; it reads a table", "son parse est asynchrone"
        )
    if inspect.iscoroutinefunction(offer.open) or inspect.isasyncgenfunction(offer.open):
        raise faults.offer_invalid(
            what, kind, "its opener lacks @asynccontextmanager", "son opener n'a pas @asynccontextmanager"
        )


def _check_name(what: str, name: object) -> None:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise faults.offer_invalid(
            what,
            str(name),
            "a name has up to 32 of a-z, 0-9, - and _, a letter first",
            "un nom compte jusqu'à 32 signes parmi a-z, 0-9, - et _, une lettre d'abord",
        )
