"""The configuration as frozen values: everything checked before anything opens."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from hub.adapters.http.settings import ApiSettings
from hub.adapters.queue.settings import StoreSettings
from hub.core.choosing import Preference
from hub.core.normalise import Limits
from hub.domain.ids import OperatorName
from hub.domain.party import Party
from hub.domain.retry import RetryPolicy
from hub.plugin.registry import Offer


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySettings:
    """Where the hub's own keys are. `anchors` are the authorities that `hub verify` trusts."""

    signing_key: Path
    signing_certificates: Path
    vault: Path
    anchors: tuple[Path, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    """How the hub logs, on standard error."""

    style: str
    level: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PartSettings:
    """One table that a plugin fills: its name, what the plugin offers, and its own settings."""

    name: str
    offer: Offer[Any]
    own: Any = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorSettings:
    """What the hub itself wants to know of an operator, beside its plugin's settings."""

    part: PartSettings
    name: OperatorName
    domains: frozenset[str]
    peers: frozenset[str]
    concurrency: int
    deadline: timedelta
    retry: RetryPolicy
    breaker_failures: int
    breaker_pause: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class HubSettings:
    """The hub itself. `own` is the party in whose name it writes, `data` the folder of its state.

    `preference` chooses among several mailboxes of one bearer.
    """

    name: str
    own: Party
    expiry: timedelta
    drain: timedelta
    limits: Limits
    data: Path
    preference: Preference = field(default_factory=Preference)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All of it."""

    hub: HubSettings
    store: StoreSettings
    keys: KeySettings
    log: LogSettings
    api: ApiSettings | None
    operators: tuple[OperatorSettings, ...]
    receivers: tuple[PartSettings, ...]
    directories: tuple[PartSettings, ...]
    trust: tuple[PartSettings, ...]
    policies: tuple[PartSettings, ...]
    observers: tuple[PartSettings, ...]
