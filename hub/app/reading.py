"""The configuration's tables → `Settings`, with every fault found, not only the first.

One fault per table is told: what follows a wrong key in the same table may only be its consequence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final, TypeVar

from hub.adapters.config.read import read
from hub.adapters.http.settings import ApiSettings, parse_api
from hub.adapters.plugins.manager import Plugins
from hub.adapters.queue.settings import StoreSettings, parse_store
from hub.app.parts_reading import read_operators, read_parts
from hub.app.settings import HubSettings, KeySettings, LogSettings, Settings
from hub.core.choosing import Preference
from hub.core.normalise import Limits
from hub.domain.address import Address, parse_domain
from hub.domain.party import Party, PartyKind
from hub.errors import ConfigError, HubError, Words
from hub.plugin.registry import PartType
from hub.plugin.table import Table
from hub.ports.directory import MailboxKind

T = TypeVar("T")
LEVELS: Final = ("debug", "info", "warning", "error")
STYLES: Final = ("json", "console")


class Faults:
    """Collects errors of the configuration while reading goes on."""

    def __init__(self) -> None:
        self._found: list[ConfigError] = []

    def collect(self, read: Callable[[], T]) -> T | None:
        """Return what `read` gives; None, and its error kept, when it fails."""
        try:
            return read()
        except ConfigError as error:
            self._found.append(error)
            return None

    def finish(self) -> None:
        """Raise what was found: one error as it is, several as one `config.several`."""
        if len(self._found) == 1:
            raise self._found[0]
        if self._found:
            raise several(self._found)


def several(errors: Iterable[ConfigError]) -> ConfigError:
    """Make one error of many, a line each; `errors` in its fields has them one by one."""
    found = tuple(errors)
    return ConfigError(
        "config.several",
        Words(en="\n".join(one.words.en for one in found), fr="\n".join(one.words.fr for one in found)),
        errors=found,
    )


def parse(table: Table, plugins: Plugins) -> Settings:
    """Read the whole configuration.

    Raises ConfigError with file, line, key and what would be right; `config.several` for many.
    """
    faults = Faults()
    hub = faults.collect(lambda: _hub(table.table("hub", optional=False)))
    store = faults.collect(lambda: _store(table.table("store"), hub))
    keys = faults.collect(lambda: _keys(table.table("keys")))
    log = faults.collect(lambda: _log(table.table("log")))
    api = faults.collect(lambda: _api(table))
    operators = read_operators(table, plugins, faults.collect)
    parts = {
        part: read_parts(table, part, plugins, faults.collect)
        for part in PartType
        if part is not PartType.OPERATOR
    }
    faults.collect(table.finish)
    faults.finish()
    if hub is None or store is None or keys is None or log is None:
        raise AssertionError("what could not be read was reported above")
    return Settings(
        hub=hub,
        store=store,
        keys=keys,
        log=log,
        api=api,
        operators=operators,
        receivers=parts[PartType.RECEIVER],
        directories=parts[PartType.DIRECTORY],
        trust=parts[PartType.TRUST],
        policies=parts[PartType.POLICY],
        observers=parts[PartType.OBSERVER],
    )


def keys(file: Path) -> KeySettings:
    """Read only `[keys]` of a file; no plugin is needed for that. Raises ConfigError."""
    return _keys(read(file).table("keys"))


def _hub(table: Table) -> HubSettings:
    settings = HubSettings(
        name=table.parsed("name", parse_domain),
        own=Party(
            kind=PartyKind.APPLICATION,
            name=table.text("title", "Caducée"),
            address=table.parsed("address", Address.parse),
        ),
        expiry=table.duration("expiry", "48h"),
        drain=table.duration("drain", "30s"),
        limits=Limits(
            recipients=table.integer("max_recipients", 1000, least=1, most=10_000),
            documents=table.integer("max_documents", 100, least=1, most=1000),
            message_bytes=table.size("max_message", "100MiB"),
        ),
        data=table.file("data", "data"),
        preference=_preference(table),
    )
    table.finish()
    if not settings.expiry:
        raise table.wrong("expiry", "is 0: every message would be too late", "vaut 0 : tout serait en retard")
    return settings


def _preference(table: Table) -> Preference:
    standard = Preference()
    named = tuple(MailboxKind(one) for one in _kinds(table, [*standard.kinds]))
    return Preference(
        kinds=named + tuple(one for one in standard.kinds if one not in named),
        domains=tuple(_domain(table, one) for one in table.texts("prefer_domains", [])),
    )


def _kinds(table: Table, standard: list[str]) -> tuple[str, ...]:
    kinds = table.texts("prefer", standard)
    for one in kinds:
        if one not in standard:
            known = ", ".join(standard)
            raise table.wrong(
                "prefer",
                f"holds {one!r}, which is no kind of mailbox ({known})",
                f"contient {one!r}, qui n'est pas un genre de boîte ({known})",
            )
    return kinds


def _domain(table: Table, text: str) -> str:
    try:
        return parse_domain(text)
    except HubError:
        raise table.wrong(
            "prefer_domains",
            f"holds {text!r}, which is no domain name",
            f"contient {text!r}, qui n'est pas un domaine",
        ) from None


def _store(table: Table, hub: HubSettings | None) -> StoreSettings:
    settings = parse_store(table, hub.data.absolute()) if hub else parse_store(table)
    table.finish()
    return settings


def _keys(table: Table) -> KeySettings:
    settings = KeySettings(
        signing_key=table.file("signing_key", "keys/hub.key"),
        signing_certificates=table.file("signing_certificates", "keys/hub.pem"),
        vault=table.file("vault", "keys/vault"),
        anchors=table.files("anchors", ["keys/hub.pem"]),
    )
    table.finish()
    return settings


def _log(table: Table) -> LogSettings:
    settings = LogSettings(
        style=table.choice("style", STYLES, "json"), level=table.choice("level", LEVELS, "info")
    )
    table.finish()
    return settings


def _api(table: Table) -> ApiSettings | None:
    if "api" not in table.names():
        table.table("api")
        return None
    inner = table.table("api")
    settings = parse_api(inner)
    inner.finish()
    return settings
