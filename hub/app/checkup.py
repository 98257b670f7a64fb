"""Everything that a hub needs, looked at without sending anything: the work behind `hub check`.

Safe beside a running hub. Parts are opened as `hub serve` would; doors only when no hub holds the store.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final

from hub.adapters.http import tls
from hub.adapters.logs import setup
from hub.adapters.queue import lock
from hub.app import checkup_own
from hub.app.configuration import Configuration, load
from hub.app.findings import Finding, failed, fine, warning
from hub.app.parts import Opening, operator
from hub.app.settings import OperatorSettings, PartSettings, Settings
from hub.core.correspondents import Correspondents
from hub.domain.address import Address
from hub.errors import ConfigError, HubError, PeerError, StoreError, Words
from hub.ports.connector import Corresponds, Probes
from hub.ports.directory import Directory, DirectoryUnavailableError
from hub.ports.filling import Dated, Held
from hub.ports.trust import TrustUnavailableError

PATIENCE: Final = 30.0
"""Seconds that an operator has to answer a probe."""

Opened = Sequence[tuple[OperatorSettings, Any]]
"""Every operator, with its connector; None for one that could not be opened."""


async def check(file: Path, block: Iterable[str], reserved: frozenset[str]) -> list[Finding]:
    """Look at everything; never raises for what it finds."""
    try:
        configuration = load(file, block, reserved=reserved)
    except ConfigError as error:
        errors = error.fields.get("errors")
        return [failed("configuration", one) for one in (errors if isinstance(errors, tuple) else (error,))]
    settings = configuration.settings
    findings = [*_configuration(configuration), *checkup_own.keys(settings.keys)]
    findings += await checkup_own.store(settings)
    async with AsyncExitStack() as stack:
        opening = Opening(settings, stack, setup.get("check"))
        findings += [one async for one in _directories(opening, settings)]
        opened = [(one, await opening.part(one.part)) for one in settings.operators]
        findings += [one async for one in _trust(opening, settings, opened)]
        findings += await _operators(opening, opened)
        for part in (*settings.policies, *settings.observers):
            findings.append(await _opened(opening, part))
        findings += [one async for one in _doors(opening, settings)]
    findings += checkup_own.clock(settings.keys)
    return findings


def _configuration(configuration: Configuration) -> Iterator[Finding]:
    settings, plugins = configuration.settings, configuration.plugins
    yield fine("configuration", f"{configuration.file} can be read.", f"{configuration.file} est lisible.")
    for one in plugins.loaded:
        offers = _grouped(one.offers) or "–"
        yield fine(f"plugin {one.name}", f"offers {offers}", f"propose {offers}")
    for broken in plugins.broken:
        yield failed(f"plugin {broken.name}", ConfigError(broken.code, broken.words))
    for name in plugins.blocked:
        yield warning(f"plugin {name}", "is blocked, as asked.", "est bloquée, comme demandé.")
    if not settings.operators:
        yield warning("operators", "None is configured: nothing can go out.", "Aucun : rien ne peut sortir.")
    if not settings.directories:
        yield warning(
            "directories",
            "None is configured: nobody is known, so every message is refused.",
            "Aucun : personne n'est connu, donc tout message est refusé.",
        )
    if not settings.receivers and settings.api is None:
        yield warning(
            "receivers",
            "There is neither a receiver nor an API: nothing can come in.",
            "Ni récepteur ni API : rien ne peut entrer.",
        )


def _grouped(offers: Sequence[str]) -> str:
    """Name each sort of offer once: `directories annuaire, fhir; command ldap-account`."""
    sorts: dict[str, list[str]] = {}
    for sort, name in (one.split(" ", 1) for one in offers):
        sorts.setdefault(sort, []).append(name)
    return "; ".join(f"{sort} {', '.join(names)}" for sort, names in sorts.items())


async def _directories(opening: Opening, settings: Settings) -> AsyncIterator[Finding]:
    for part in settings.directories:
        name = f"directories.{part.name}"
        directory = await opening.part(part)
        if directory is None:
            yield failed(name, opening.failed[name])
            continue
        try:
            yield await _directory(name, directory, settings.hub.own.address)
        except DirectoryUnavailableError as error:
            yield failed(name, error)


async def _trust(opening: Opening, settings: Settings, opened: Opened) -> AsyncIterator[Finding]:
    """Say which list each space of trust holds, and which operators it leaves out.

    The hub's own services need no list to be admitted to their hub.
    """
    served = {domain for one, ready in opened if not isinstance(ready, Corresponds) for domain in one.domains}
    for part in settings.trust:
        name = f"trust.{part.name}"
        space = await opening.part(part)
        if space is None:
            yield failed(name, opening.failed[name])
            continue
        try:
            held = space.held()
            yield _held(name, held)
            if held.fault is not None:
                en, fr = held.fault.en, held.fault.fr
                yield warning(name, f"a newer list is refused: {en}", f"une plus récente est refusée : {fr}")
            outside = sorted(domain for domain in served if space.admission(domain) is None)
        except TrustUnavailableError as error:
            yield failed(name, error)
            continue
        if outside:
            listed = ", ".join(outside)
            yield warning(name, f"does not admit {listed}.", f"n'admet pas {listed}.")


async def _directory(name: str, directory: Directory, anybody: Address) -> Finding:
    await directory.by_address(anybody)
    if not isinstance(directory, Dated):
        return fine(name, "answers.", "répond.")
    return _held(name, directory.held())


def _held(name: str, held: Held) -> Finding:
    day = held.at.astimezone().isoformat(" ", "minutes")
    if held.old:
        return warning(
            name,
            f"{held.version}, of {day}: too old, get a newer one.",
            f"{held.version}, du {day} : trop ancien, il en faut un plus récent.",
        )
    return fine(name, f"{held.version}, of {day}.", f"{held.version}, du {day}.")


async def _operators(opening: Opening, opened: Opened) -> list[Finding]:
    try:
        Correspondents(operator(one, ready) for one, ready in opened)
    except ConfigError as error:
        return [failed("operators", error)]
    named = [(f"operators.{one.name}", connector) for one, connector in opened]
    return list(
        await asyncio.gather(
            *(
                _operator(name, connector)
                if connector is not None
                else _as_it_is(failed(name, opening.failed[name]))
                for name, connector in named
            )
        )
    )


async def _as_it_is(finding: Finding) -> Finding:
    return finding


async def _operator(name: str, connector: Any) -> Finding:
    if not isinstance(connector, Probes):
        return fine(name, "is open; it can't be probed.", "est ouvert ; il ne se laisse pas sonder.")
    try:
        async with asyncio.timeout(PATIENCE):
            await connector.probe()
    except TimeoutError:
        words = Words(en=f"It did not answer within {PATIENCE:g} s.", fr=f"Pas de réponse en {PATIENCE:g} s.")
        return failed(name, PeerError("operator.silent", words))
    except Exception as error:  # noqa: BLE001 - one operator's failure is a finding like any other
        return failed(name, error)
    return fine(name, "answers.", "répond.")


async def _opened(opening: Opening, part: PartSettings) -> Finding:
    name = f"{part.offer.type.value}.{part.name}"
    if await opening.part(part) is None:
        return failed(name, opening.failed[name])
    return fine(name, "is open.", "est ouvert.")


async def _doors(opening: Opening, settings: Settings) -> AsyncIterator[Finding]:
    if settings.api is not None:
        listen = f"{settings.api.listen.host}:{settings.api.listen.port}"
        try:
            tls.context_of(settings.api)
        except HubError as error:
            yield failed("api", error)
        else:
            yield fine(
                "api",
                f"will listen on {listen}; clients: {len(settings.api.clients)}.",
                f"écoutera sur {listen} ; clients : {len(settings.api.clients)}.",
            )
    if settings.receivers and _running(settings):
        yield fine(
            "receivers",
            "are not opened again: a hub is at work on this store.",
            "ne sont pas rouverts : un hub est à l'œuvre sur ce stockage.",
        )
        return
    for part in settings.receivers:
        yield await _opened(opening, part)


def _running(settings: Settings) -> bool:
    try:
        with lock.held(settings.store):
            return False
    except StoreError as error:
        return error.code == "store.in_use"
