"""The tables that plugins fill: the generic keys are read here, the rest by the plugin's own parser.

A table whose kind nobody offers is an error, unless a plugin was refused or blocked: then the kind
may have been that plugin's. Such a part is kept as one that can't be opened, and the rest runs.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Final, Protocol, TypeVar

from hub.adapters.plugins.manager import Plugins
from hub.app.settings import OperatorSettings, PartSettings
from hub.domain.address import parse_domain
from hub.domain.ids import OperatorName
from hub.domain.retry import RetryPolicy
from hub.errors import ConfigError, HubError, MalformedError, Words
from hub.plugin.registry import Offer, PartType
from hub.plugin.table import Table
from hub.ports.host import Host

T = TypeVar("T")
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
_PEERS: Final = {
    "dns": re.compile(r"[a-z0-9.-]+"),
    "email": re.compile(r"[^@\s]+@[a-z0-9.-]+"),
    "sha256": re.compile(r"[0-9a-f]{64}"),
    "spki": re.compile(r"[0-9a-f]{64}"),
}


class Collect(Protocol):
    """Runs a reading and keeps its ConfigError instead of raising it."""

    def __call__(self, read: Callable[[], T], /) -> T | None:
        """Return what `read` gives, or None."""
        ...


def read_operators(table: Table, plugins: Plugins, collect: Collect) -> tuple[OperatorSettings, ...]:
    """Read every `[operators.<name>]`."""
    owners: dict[str, str] = {}
    tables = collect(lambda: table.tables(PartType.OPERATOR.value)) or {}
    found = [
        collect(lambda name=name, inner=inner: _operator(name, inner, plugins, owners))  # type: ignore[misc]
        for name, inner in tables.items()
    ]
    return tuple(one for one in found if one is not None)


def read_parts(table: Table, part: PartType, plugins: Plugins, collect: Collect) -> tuple[PartSettings, ...]:
    """Read every table of one type of part, in the order in which they are written."""
    tables = collect(lambda: table.tables(part.value)) or {}
    found = [
        collect(lambda name=name, inner=inner: _part(name, inner, part, plugins))  # type: ignore[misc]
        for name, inner in tables.items()
    ]
    return tuple(one for one in found if one is not None)


def _operator(name: str, table: Table, plugins: Plugins, owners: dict[str, str]) -> OperatorSettings:
    domains = frozenset(_domain(table, one) for one in table.texts("domains"))
    if not domains:
        raise table.wrong("domains", "names no domain", "ne nomme aucun domaine")
    peers = frozenset(_peer(table, one) for one in table.texts("peers", []))
    for key, claimed in (("domains", domains), ("peers", peers)):
        for one in sorted(claimed):
            _claim(table, key, one, name, owners)
    return OperatorSettings(
        name=OperatorName(name),
        domains=domains,
        peers=peers,
        concurrency=table.integer("concurrency", 10, least=1, most=1000),
        deadline=table.duration("deadline", "5m"),
        retry=RetryPolicy(base=table.duration("retry_base", "30s"), cap=table.duration("retry_cap", "1h")),
        breaker_failures=table.integer("breaker_failures", 5, least=1, most=1000),
        breaker_pause=table.duration("breaker_pause", "10s"),
        part=_part(name, table, PartType.OPERATOR, plugins),
    )


def _part(name: str, table: Table, part: PartType, plugins: Plugins) -> PartSettings:
    # The name becomes a folder's, and stands in logs.
    if not _NAME.fullmatch(name):
        raise table.wrong(
            "kind",
            "stands in a table whose name is not up to 32 of a-z, 0-9, - and _",
            "est dans une table dont le nom n'est pas fait de 32 signes au plus parmi a-z, 0-9, - et _",
        )
    if plugins.broken or plugins.blocked:
        kind = table.text("kind")
        if kind not in plugins.kinds(part):
            return PartSettings(name=name, offer=_missing(part, kind, plugins), own=None)
    else:
        kind = table.choice("kind", plugins.kinds(part))
    offer = plugins.offer(part, kind)
    try:
        own = offer.parse(table)
    except ConfigError:
        raise
    except Exception as error:
        raise _parser_failed(table, offer, error) from error
    table.finish()
    return PartSettings(name=name, offer=offer, own=own)


def _parser_failed(table: Table, offer: Offer[Any], error: Exception) -> ConfigError:
    said = error.words if isinstance(error, HubError) else None
    kind = type(error).__name__
    return table.wrong(
        "kind",
        f"leads to the plugin {offer.plugin}, which could not read this table: {said.en if said else kind}",
        f"mène à l'extension {offer.plugin}, qui n'a pas pu lire cette table : {said.fr if said else kind}",
    )


def _missing(part: PartType, kind: str, plugins: Plugins) -> Offer[Any]:
    gone = ", ".join((*(one.name for one in plugins.broken), *plugins.blocked))
    error = ConfigError(
        "plugin.kind_missing",
        Words(
            en=f"No plugin that stands offers {kind!r}; refused or blocked: {gone} (see `hub plugins list`).",
            fr=f"Aucune extension valable n'offre {kind!r} ; refusées ou bloquées : {gone}"
            " (voir `hub plugins list`).",
        ),
        kind=kind,
    )

    def fail(_own: Any, _host: Host) -> AbstractAsyncContextManager[Any]:
        raise error

    return Offer(plugin="", type=part, kind=kind, parse=lambda _table: None, open=fail)


def _domain(table: Table, text: str) -> str:
    try:
        return parse_domain(text)
    except MalformedError:
        raise table.wrong(
            "domains",
            f"holds {text!r}, which is no domain name such as clinic.example",
            f"contient {text!r}, qui n'est pas un nom de domaine tel que clinique.example",
        ) from None


def _peer(table: Table, text: str) -> str:
    scheme, colon, value = text.partition(":")
    value = value.lower().replace(":", "") if scheme in {"sha256", "spki"} else value.lower()
    form = _PEERS.get(scheme)
    if not colon or form is None or not form.fullmatch(value):
        raise table.wrong(
            "peers",
            f"holds {text!r}, which is not dns:<name>, email:<address>, sha256:<fingerprint> or spki:<its "
            "key's>",
            f"contient {text!r}, qui n'est pas dns:<nom>, email:<adresse>, sha256:<empreinte> ou spki:<celle "
            "de sa clé>",
        )
    return f"{scheme}:{value}"


def _claim(table: Table, key: str, value: str, name: str, owners: dict[str, str]) -> None:
    owner = owners.setdefault(value, name)
    if owner != name:
        raise table.wrong(
            key,
            f"holds {value}, which belongs to operator {owner} already",
            f"contient {value}, qui appartient déjà à l'opérateur {owner}",
        )
