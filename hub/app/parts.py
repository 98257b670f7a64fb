"""Opening what plugins offer: a part that fails is named, and the rest goes on.

What stands in for a part that is not there never lets more through than the part would have:
a missing directory or policy makes its users wait.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, contextmanager
from types import TracebackType
from typing import Any, Final

from hub.adapters.clock import SystemChance, SystemClock
from hub.adapters.plugins import faults
from hub.app.settings import OperatorSettings, PartSettings, Settings
from hub.core.operators import Operator
from hub.domain.address import Address
from hub.domain.outcome import Refused
from hub.domain.party import Identifier
from hub.errors import ConfigError, HubError, PeerError, Words
from hub.plugin.ledger import EphemeralLedger
from hub.plugin.registry import PartType
from hub.ports.connector import Delivers
from hub.ports.directory import Directory, DirectoryUnavailableError, Entry
from hub.ports.filling import Held
from hub.ports.host import Host, Log, Receives
from hub.ports.keyring import Opens
from hub.ports.ledger import Ledger
from hub.ports.policy import Case, Policy
from hub.ports.trust import Admission, TrustSpace, TrustUnavailableError

CLOSING: Final = 10.0
"""Seconds that a part has to close."""


class UnavailableDirectory:
    """Stands for a directory that could not be opened: what depends on it waits (`Directory`)."""

    def __init__(self, name: str) -> None:
        self._words = Words(
            en=f"Directory {name} could not be opened.", fr=f"L'annuaire {name} n'a pas pu être ouvert."
        )

    async def by_address(self, address: Address) -> Entry | None:
        """Raise DirectoryUnavailableError."""
        del address
        raise DirectoryUnavailableError("directory.not_open", self._words)

    async def by_identifier(self, identifier: Identifier) -> tuple[Entry, ...]:
        """Raise DirectoryUnavailableError."""
        del identifier
        raise DirectoryUnavailableError("directory.not_open", self._words)


class UnavailableTrust:
    """Stands for a space of trust that could not be opened: nothing is admitted by it (`TrustSpace`)."""

    def __init__(self, name: str) -> None:
        self._words = Words(
            en=f"Space of trust {name} could not be opened.",
            fr=f"L'espace de confiance {name} n'a pas pu être ouvert.",
        )

    def admission(self, domain: str) -> Admission | None:
        """Raise TrustUnavailableError."""
        del domain
        raise TrustUnavailableError("trust.not_open", self._words)

    def held(self) -> Held:
        """Raise TrustUnavailableError."""
        raise TrustUnavailableError("trust.not_open", self._words)


class UnavailablePolicy:
    """Stands for a policy that could not be opened: nothing passes unjudged (`Policy`)."""

    def __init__(self, name: str) -> None:
        self._words = Words(
            en=f"Policy {name} could not be opened; nothing passes without it.",
            fr=f"La règle {name} n'a pas pu être ouverte ; rien ne passe sans elle.",
        )

    async def judge(self, case: Case) -> Refused | None:
        """Raise PeerError."""
        del case
        raise PeerError("policy.not_open", self._words)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Keep the garbage collector away while much is made that stays: it would go through all of it often."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def operator(settings: OperatorSettings, connector: Delivers | None) -> Operator:
    """Join an operator's settings and its connector; without one its deliveries wait."""
    return Operator(
        name=settings.name,
        domains=settings.domains,
        peers=settings.peers,
        connector=connector,
        concurrency=settings.concurrency,
        deadline=settings.deadline,
        retry=settings.retry,
        breaker_failures=settings.breaker_failures,
        breaker_pause=settings.breaker_pause,
    )


class _Closing:
    """Closes a part, within `CLOSING`: one that fails to, or hangs, keeps no other from it."""

    def __init__(self, name: str, opening: AbstractAsyncContextManager[Any], log: Log) -> None:
        self._name = name
        self._opening = opening
        self._log = log

    async def __aenter__(self) -> None:
        """Be open already."""

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        raised: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it; never swallows what the hub itself raised."""
        try:
            async with asyncio.timeout(CLOSING):
                await self._opening.__aexit__(kind, raised, trace)
        except Exception as error:  # noqa: BLE001 - whatever it is, the rest closes too
            if error is not raised:
                self._log.warning("part.not_closed", part=self._name, error=type(error).__name__)


class Opening:
    """Opens parts on one exit stack. `failed` has, by `type.name`, the error of each that would not.

    `ledger` opens the ledger of a part; by default one that keeps nothing, for those who only look.
    `opens` verifies what other hubs have sealed.
    """

    def __init__(
        self,
        settings: Settings,
        stack: AsyncExitStack,
        log: Log,
        ledger: Callable[[str], Ledger] = lambda _part: EphemeralLedger(),
        opens: Opens | None = None,
    ) -> None:
        self._ledger = ledger
        self._opens = opens
        self._settings = settings
        self._stack = stack
        self._log = log
        self.failed: dict[str, Exception] = {}

    async def part(self, part: PartSettings) -> Any:
        """Open one part; None, and a line in the log, when it can't be."""
        name = f"{part.offer.type.value}.{part.name}"
        try:
            opening = part.offer.open(part.own, self._host(part))
            ready = await opening.__aenter__()
        except Exception as error:  # noqa: BLE001 - a broken plugin is named, and the rest runs
            self.failed[name] = error
            self._log.warning(
                "part.not_open",
                part=name,
                plugin=part.offer.plugin or None,
                code=error.code if isinstance(error, HubError) else type(error).__name__,
                # Nothing has come in yet that an error's text could quote.
                reason=faults.told(error),
            )
            return None
        self._stack.push_async_exit(_Closing(name, opening, self._log))
        return ready

    async def parts(self, parts: Sequence[PartSettings]) -> list[tuple[str, Any]]:
        """Open several, and leave out those that can't be."""
        opened = [(one.name, await self.part(one)) for one in parts]
        return [(name, ready) for name, ready in opened if ready is not None]

    async def directories(self) -> list[Directory]:
        """Open every directory; one that can't be opened makes its users wait, never say 'not listed'."""
        return [await self.part(one) or UnavailableDirectory(one.name) for one in self._settings.directories]

    async def trust(self) -> list[TrustSpace]:
        """Open every space of trust; what one that can't be opened might admit waits."""
        return [await self.part(one) or UnavailableTrust(one.name) for one in self._settings.trust]

    async def policies(self) -> list[Policy]:
        """Open every policy; one that can't be opened lets nothing pass."""
        return [await self.part(one) or UnavailablePolicy(one.name) for one in self._settings.policies]

    async def operators(self) -> list[Operator]:
        """Open every operator's connector; deliveries of one that can't be opened wait."""
        with _uncollected():
            return [operator(one, await self.part(one.part)) for one in self._settings.operators]

    async def doors(self) -> list[tuple[str, Receives]]:
        """Open every receiver. Raises the ConfigError of one that can't be used, such as a port in use.

        A hub without one of its doors would look well and let nobody in. A plugin that was refused or
        blocked is no such error: it is named, and the rest runs.
        """
        doors = await self.parts(self._settings.receivers)
        for name, error in self.failed.items():
            ours = name.startswith(f"{PartType.RECEIVER.value}.")
            if ours and isinstance(error, ConfigError) and not error.code.startswith("plugin."):
                raise error
        return doors

    def _host(self, part: PartSettings) -> Host:
        data = self._settings.hub.data
        for name in ("", part.offer.type.value, part.name):
            data /= name
            data.mkdir(mode=0o700, exist_ok=True)
        return Host(
            name=part.name,
            hub_name=self._settings.hub.name,
            address=self._settings.hub.own.address,
            clock=SystemClock(),
            chance=SystemChance(),
            log=self._log,
            data=data,
            ledger=self._ledger(f"{part.offer.type.value}.{part.name}"),
            opens=self._opens,
        )
