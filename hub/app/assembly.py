"""The only composition root: `open_hub` stacks every part on one exit stack, ready to run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

from hub.adapters.clock import SystemChance, SystemClock
from hub.adapters.http.server import open_api
from hub.adapters.keys import files, names
from hub.adapters.keys.jws import Opener
from hub.adapters.keys.vault import Vault
from hub.adapters.queue.store import Store, open_store
from hub.app.parts import Opening, operator
from hub.app.running import Hub
from hub.app.settings import Settings
from hub.core.acknowledge import Acknowledger
from hub.core.attend import Attendant
from hub.core.correspondents import Correspondents
from hub.core.notice import Notifier
from hub.core.operators import Operator, Operators
from hub.core.people import People
from hub.core.prescribing import Prescribing
from hub.core.receive import Reception
from hub.core.register import Register
from hub.core.seal import Sealer
from hub.core.settle import Settler
from hub.core.submit import Submitter
from hub.core.tell import Teller
from hub.core.trust import Trust
from hub.core.worker import Worker
from hub.plugin.registry import PartType
from hub.ports.host import Log, Receives
from hub.ports.observer import Event, Observer


@asynccontextmanager
async def open_hub(settings: Settings, log: Log) -> AsyncIterator[Hub]:
    """Open everything that the configuration names. Parts close in reverse order.

    A plugin's part that can't be opened is named in the log; the rest runs without it. Raises
    ConfigError (keys, an address in use) and StoreError (another hub holds the store, …).
    """
    clock, chance = SystemClock(), SystemChance()
    async with AsyncExitStack() as stack:
        sealer = _sealer(settings)
        store = await stack.enter_async_context(_store(settings, exclusive=True))
        # What this store's only process had leased when it ended may have left: it is asked about.
        await store.expire_leases(clock.now(), everything=True)
        opening = Opening(
            settings, stack, log, store.ledger, Opener(files.load_anchors(settings.keys.anchors))
        )
        observe = _telling([one for _, one in await opening.parts(settings.observers)], log)
        operators = await opening.operators()
        services = Correspondents(operators)
        people = People([services, *await opening.directories()])
        register = Register(
            directory=people,
            operators=Operators(operators),
            trust=Trust(await opening.trust(), own=services.domains),
            preference=settings.hub.preference,
        )
        notifier = Notifier(store, register.operators, sealer, settings.hub.own)
        worker = Worker(
            queue=store,
            register=register,
            settler=Settler(notifier, clock, chance),
            clock=clock,
            log=log,
            observe=observe,
        )
        submitter = Submitter(
            queue=store,
            register=register,
            sealer=sealer,
            policies=await opening.policies(),
            limits=settings.hub.limits,
            clock=clock,
        )
        reception = Reception(
            submitter=submitter,
            catalogue=people,
            acknowledger=Acknowledger(store, notifier, clock),
            teller=Teller(store, notifier, clock),
            names_of=names.names_of,
            wake=worker.wake,
            log=log,
            observe=observe,
        )
        receivers = [*await opening.doors(), *_fetching(operators)]
        if settings.api is not None:
            await stack.enter_async_context(
                open_api(
                    settings.api,
                    intake=reception,
                    records=store,
                    prescriptions=Prescribing(
                        intake=reception,
                        records=store,
                        queue=store,
                        operators=register.operators,
                        clock=clock,
                        wake=worker.wake,
                    ),
                    names_of=names.names_of,
                    log=log,
                    clock=clock,
                    chance=chance,
                )
            )
        yield Hub(
            reception=reception,
            worker=worker,
            store=store,
            receivers=receivers,
            log=log,
            clock=clock,
            drain=settings.hub.drain,
        )


def _fetching(operators: Sequence[Operator]) -> list[tuple[str, Receives]]:
    """Return the connectors that also fetch what their operator holds for the hub."""
    found: list[tuple[str, Receives]] = []
    for one in operators:
        connector: object = one.connector
        if isinstance(connector, Receives):
            found.append((f"{PartType.OPERATOR.value}.{one.name}", connector))
    return found


@asynccontextmanager
async def open_records(settings: Settings) -> AsyncIterator[Store]:
    """Open the store alone, beside a running hub or without one."""
    async with _store(settings, exclusive=False) as store:
        yield store


def attendant(settings: Settings, store: Store, by: str) -> Attendant:
    """Make what moves deliveries on a person's word. Nothing of an operator is opened for it."""
    operators = Operators(operator(one, None) for one in settings.operators)
    notifier = Notifier(store, operators, _sealer(settings), settings.hub.own)
    return Attendant(store, notifier, SystemClock(), by)


def _store(settings: Settings, *, exclusive: bool) -> AbstractAsyncContextManager[Store]:
    chance = SystemChance()
    vault = Vault.open(settings.keys.vault, chance)
    return open_store(settings.store, vault=vault, clock=SystemClock(), chance=chance, exclusive=exclusive)


def _sealer(settings: Settings) -> Sealer:
    keys = settings.keys
    seal = files.load_signing(keys.signing_key, keys.signing_certificates)
    return Sealer(seal, SystemClock(), SystemChance(), settings.hub.expiry)


def _telling(observers: Sequence[Observer], log: Log) -> Callable[[Event], None]:
    def tell(event: Event) -> None:
        for one in observers:
            try:
                one.saw(event)
            except Exception as error:  # noqa: BLE001 - who listens must not disturb
                log.warning("observer.failed", event_name=event.name, error=type(error).__name__)

    return tell
