"""What the hub lends to a plugin when it opens one of its parts."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from hub.domain.address import Address
from hub.ports.clock import Chance, Clock
from hub.ports.intake import Intake
from hub.ports.keyring import Opens
from hub.ports.ledger import Ledger


class Log(Protocol):
    """The hub's log: constant dotted event names, data in keys; keys off the allow-list are dropped."""

    def info(self, event: str, **fields: object) -> Any:
        """Record what is normal."""
        ...

    def warning(self, event: str, **fields: object) -> Any:
        """Record what somebody should look at."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """The hub, as a plugin's part sees it. `name` is the configured name of the part being opened.

    `data` is a folder of the hub's where this part may keep files of its own. `hub_name` is the
    host name by which the hub presents itself (EHLO, Message-ID), `address` its own mailbox: what it
    says in its own name comes from there, and receipts for what it delivered go there. `ledger` holds
    what this part must remember across restarts. `opens` verifies what other hubs have sealed, by the
    authorities of `[keys] anchors`; None for those who only check a configuration.
    """

    name: str
    hub_name: str
    address: Address
    clock: Clock
    chance: Chance
    log: Log
    data: Path
    ledger: Ledger
    opens: Opens | None = None


@runtime_checkable
class Receives(Protocol):
    """A door through which submissions come: a receiver for any number of operators, or a connector.

    A connector that is also a `Receives` fetches what its own operator holds for the hub.
    """

    def receive(self, intake: Intake) -> Awaitable[None]:
        """Serve until cancelled; on cancellation take nothing new and finish what was begun."""
        ...
