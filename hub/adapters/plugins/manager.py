"""Which plugins there are, what each offers, and which are refused and why.

Every entry point of group `hub` is imported, checked and registered alone; one that fails leaves no
trace in what the others offer. The hub's own distribution comes first, so that nobody takes a bundled
kind, then the names in order: the same set of plugins always gives the same answer.
Not checked here: whether a plugin is trustworthy. It runs in the hub's process; `blocked` keeps one
from being imported at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final

from hub.adapters.plugins import faults, offered
from hub.adapters.plugins.facade import COMMANDS, HOOKS, Facade
from hub.errors import ConfigError, Words
from hub.plugin.names import GROUP
from hub.plugin.registry import Offer, PartType, Registry

DISTRIBUTION: Final = "caducee-hub"


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A plugin that stands. `offers` spells what it adds: `operators smtp`, `command annuaire`."""

    name: str
    version: str
    distribution: str
    module: str
    offers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A plugin that was refused. `words` say why; `code` is stable (`plugin.import` …)."""

    name: str
    distribution: str
    module: str
    code: str
    words: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugins:
    """All that was found. `blocked` are the names that were found and, as asked, not imported."""

    loaded: tuple[Loaded, ...]
    broken: tuple[Broken, ...]
    blocked: tuple[str, ...]
    offers: Mapping[tuple[PartType, str], Offer[Any]]
    commands: Mapping[str, Any]

    def offer(self, part: PartType, kind: str) -> Offer[Any]:
        """Return who offers `kind`. Raises ConfigError, which names the kinds there are."""
        found = self.offers.get((part, kind))
        if found:
            return found
        known = ", ".join(self.kinds(part)) or "–"
        broken = ", ".join(one.name for one in self.broken)
        raise ConfigError(
            "plugin.kind_unknown",
            Words(
                en=f"No plugin offers {kind!r} for {part.value}; known are: {known}."
                + (f" Refused at start: {broken} (see `hub plugins list`)." if broken else ""),
                fr=f"Aucune extension ne propose {kind!r} pour {part.value} ; connus : {known}."
                + (f" Refusées au démarrage : {broken} (voir `hub plugins list`)." if broken else ""),
            ),
            kind=kind,
        )

    def kinds(self, part: PartType) -> tuple[str, ...]:
        """Return the kinds on offer for one type of part, in order."""
        return tuple(sorted(kind for type_, kind in self.offers if type_ is part))


def discover(
    blocked: frozenset[str] = frozenset(),
    *,
    reserved: frozenset[str] = frozenset(),
    only_commands: bool = False,
) -> Plugins:
    """Import and register every installed plugin but the `blocked` ones. Never raises for a plugin.

    `reserved` are command names that are the hub's own. With `only_commands` no other hook is called:
    the cheap way to a list of commands, if plugins import what is heavy inside their hooks.
    """
    hooks = (COMMANDS,) if only_commands else HOOKS
    loaded: list[Loaded] = []
    broken: list[Broken] = []
    skipped: list[str] = []
    owners: dict[str, str] = {}
    offers: offered.Offers = {}
    commands: dict[str, tuple[str, Any]] = {}
    for entry in sorted(entry_points(group=GROUP), key=_order):
        if entry.name in blocked:
            skipped.append(entry.name)
            continue
        try:
            if entry.name in owners:
                raise faults.name_taken(owners[entry.name])
            registry = _register(entry, hooks)
            taken = {name: owner for name, (owner, _) in commands.items()}
            offered.check(registry, offers, taken, reserved)
        except ConfigError as error:
            broken.append(_broken(entry, error))
        else:
            offers.update({(offer.type, offer.kind): offer for offer in registry.offers})
            commands.update({name: (entry.name, app) for name, app in registry.commands.items()})
            loaded.append(_loaded(entry, registry))
        owners.setdefault(entry.name, _distribution(entry))
    return Plugins(
        loaded=tuple(loaded),
        broken=tuple(broken),
        blocked=tuple(skipped),
        offers=offers,
        commands={name: app for name, (_, app) in commands.items()},
    )


def _register(entry: EntryPoint, hooks: tuple[str, ...]) -> Registry:
    try:
        module = entry.load()
    except (Exception, SystemExit) as error:
        raise faults.import_failed(entry, error) from error
    registry = Registry(plugin=entry.name)
    Facade(entry.name, module).fill(registry, hooks)
    return registry


def _order(entry: EntryPoint) -> tuple[bool, str, str]:
    return _distribution(entry) != DISTRIBUTION, entry.name, _distribution(entry)


def _distribution(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist else ""


def _loaded(entry: EntryPoint, registry: Registry) -> Loaded:
    return Loaded(
        name=entry.name,
        version=entry.dist.version if entry.dist else "",
        distribution=_distribution(entry),
        module=entry.value,
        offers=(
            *(f"{offer.type.value} {offer.kind}" for offer in registry.offers),
            *(f"command {name}" for name in registry.commands),
        ),
    )


def _broken(entry: EntryPoint, error: ConfigError) -> Broken:
    return Broken(
        name=entry.name,
        distribution=_distribution(entry),
        module=entry.value,
        code=error.code,
        words=error.words,
    )
