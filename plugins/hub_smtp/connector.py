"""The SMTP connector (`hub.ports.connector`): `Delivers` and `Probes`.

One attempt: the composer makes mails of the parcel; each goes to the relay, or by MX to the hosts of its
addressees' domain; every addressee gets an outcome that says how far it came. Nothing here raises for
what a server does: an error before the final dot has left is Deferred, after it Uncertain.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final, Protocol

from hub.domain.ids import DeliveryId
from hub.domain.outcome import Deferred, Outcome, Refused
from hub.errors import HubError, InputError, PeerError, Words
from hub.ports.connector import Addressee, Capabilities, Parcel
from hub.ports.host import Host
from hub_smtp import outcomes, pins, tls
from hub_smtp.client import Connection, Step, connect
from hub_smtp.mx import Mx
from hub_smtp.opening import Target, UnservedError
from hub_smtp.pool import Pool
from hub_smtp.settings import ConnectorSettings
from hub_smtp.wire import Outgoing

_MAX_TARGETS: Final = 10
"""Addresses tried in one attempt."""


class Composer(Protocol):
    """Makes mails of parcels; see `composing`."""

    async def mails(self, parcel: Parcel) -> tuple[Sequence[Outgoing], Mapping[DeliveryId, Outcome]]:
        """Return the mails to send, and the outcomes of addressees for whom none can be made."""
        ...


@asynccontextmanager
async def open_connector(
    settings: ConnectorSettings, composer: Composer, host: Host
) -> AsyncIterator[Connector]:
    """Yield a connector; it connects when there is something to send.

    Raises ConfigError when the TLS files can't be used.
    """
    connector = Connector(settings, composer, host, tls.client_context(settings.tls))
    try:
        yield connector
    finally:
        await connector.close()


class Connector:
    """One operator, reached by SMTP."""

    def __init__(
        self, settings: ConnectorSettings, composer: Composer, host: Host, context: ssl.SSLContext
    ) -> None:
        self._settings = settings
        self._composer = composer
        self._host = host
        self._context = context
        self._pool = Pool(settings.idle_timeout.total_seconds(), settings.connections)
        self._mx = None if settings.relay else Mx(settings.nameservers, host.chance)
        self._size_limit: int | None = None

    @property
    def capabilities(self) -> Capabilities:
        """What it can carry: the smaller of our limit and the server's, once it has said its own."""
        most = self._settings.max_message
        return Capabilities(
            max_bytes=min(self._size_limit or most, most),
            max_concurrency=self._settings.connections,
            max_recipients=self._settings.max_recipients,
            resend_harmless=self._settings.when_uncertain == "resend",
        )

    async def deliver(self, parcel: Parcel) -> Mapping[DeliveryId, Outcome]:
        """Try once and return one outcome per addressee."""
        told: dict[DeliveryId, Outcome] = {}
        deadline = asyncio.get_running_loop().time() + self._settings.attempt_timeout.total_seconds()
        try:
            async with asyncio.timeout_at(deadline):
                mails, unmade = await self._composer.mails(parcel)
        except HubError as error:
            return dict.fromkeys(_deliveries(parcel.addressees), _unmade(error))
        except TimeoutError:
            return dict.fromkeys(_deliveries(parcel.addressees), _late())
        except Exception as error:  # noqa: BLE001 - nothing has left, which only this place knows
            self._host.log.warning("smtp.compose_failed", error=type(error).__name__)
            return dict.fromkeys(_deliveries(parcel.addressees), _broken())
        told.update(unmade)
        for mail in mails:
            for group in self._groups(mail):
                await self._try(mail, group, told, deadline)
        return told

    async def probe(self) -> None:
        """Connect to the relay, or use a connection that stands. Raises PeerError.

        By MX there is no one host to ask; then it only returns.
        """
        if self._settings.relay is None:
            return
        (target,) = self._relay()
        self._pool.give(self._pool.take(target) or await self._connect(target))

    async def close(self) -> None:
        """Close what is idle."""
        await self._pool.close()

    # Who, where.

    def _groups(self, mail: Outgoing) -> Iterator[list[Addressee]]:
        """Split the addressees of a mail by the host that serves them, and by how many it takes."""
        by_domain: dict[str, list[Addressee]] = {}
        for one in mail.addressees:
            by_domain.setdefault("" if self._mx is None else one.party.address.domain, []).append(one)
        most = self._settings.max_recipients
        for group in by_domain.values():
            for start in range(0, len(group), most):
                yield group[start : start + most]

    def _relay(self) -> tuple[Target, ...]:
        relay = self._settings.relay
        assert relay is not None  # noqa: S101 - asked by those who know
        return (Target(relay.host, relay.port, self._settings.server_name or relay.host),)

    async def _targets(self, domain: str) -> Sequence[Target] | Refused:
        """Return where to try, in order. Raises PeerError."""
        if self._mx is None:
            return self._relay()
        hosts = await self._mx.hosts(domain)
        if isinstance(hosts, Refused):
            return hosts
        targets: list[Target] = []
        failure: PeerError | None = None
        for host in hosts:
            try:
                addresses = await self._mx.addresses(host)
            except PeerError as error:
                failure = error
                continue
            name = self._settings.server_name or host
            targets += [Target(address, self._settings.port, name) for address in addresses]
        if not targets and failure is not None:
            raise failure
        return targets[:_MAX_TARGETS]

    # One mail to one group.

    async def _try(
        self,
        mail: Outgoing,
        group: Sequence[Addressee],
        told: dict[DeliveryId, Outcome],
        deadline: float,
    ) -> None:
        """Put an outcome into `told` for everybody in the group. Raises nothing but cancellation."""
        left = [one for one in group if one.delivery not in told]
        while left:
            verdict = await self._try_once(mail, left, told, deadline)
            left = [one for one in left if one.delivery not in told]
            if verdict is not None:
                told.update((one.delivery, verdict) for one in left)
                return

    async def _try_once(
        self,
        mail: Outgoing,
        group: Sequence[Addressee],
        told: dict[DeliveryId, Outcome],
        deadline: float,
    ) -> Outcome | None:
        """Send the mail once; return the outcome of those for whom `told` has none, if it is settled."""
        connection: Connection | None = None
        try:
            async with asyncio.timeout_at(deadline):
                targets = await self._targets(group[0].party.address.domain)
                if isinstance(targets, Refused):
                    return targets
                connection = self._idle(targets, group)
                if connection is not None and await _is_stale(connection, mail, group, told):
                    connection = None
                    group = [one for one in group if one.delivery not in told]
                if connection is None:
                    connection = await self._first(targets, group)
                    await connection.send(mail, group, told)
        except asyncio.CancelledError:
            _abort(connection)
            raise
        except Exception as error:  # noqa: BLE001 - only here is it known how far the mail has come
            return self._verdict(error, connection)
        self._size_limit = connection.size_limit
        self._pool.give(connection)
        return None

    def _idle(self, targets: Iterable[Target], group: Sequence[Addressee]) -> Connection | None:
        for target in targets:
            while (connection := self._pool.take(target)) is not None:
                if pins.serves(connection.names, group):
                    return connection
                # The space of trust, or the server behind the name, has changed since it was opened.
                connection.quit()
        return None

    async def _first(self, targets: Sequence[Target], group: Sequence[Addressee]) -> Connection:
        """Connect to the first host that serves us and shows a certificate that is named for the group.

        Raises the last one's PeerError; the last is returned whatever it shows.
        """
        *others, last = targets
        for target in others:
            try:
                connection = await self._connect(target)
            except PeerError:
                continue
            if pins.serves(connection.names, group):
                return connection
            connection.quit()
        return await self._connect(last)

    async def _connect(self, target: Target) -> Connection:
        return await connect(target, self._settings, self._context, self._host.hub_name)

    def _verdict(self, error: Exception, connection: Connection | None) -> Outcome:
        step = connection.step if connection is not None else Step.IDLE
        _abort(connection)
        if isinstance(error, TimeoutError):
            late = _late()
            error = PeerError(late.code, late.reason)
        elif not isinstance(error, HubError):
            self._host.log.warning("smtp.attempt_failed", error=type(error).__name__)
            error = PeerError(_broken().code, _broken().reason)
        if connection is not None and step is Step.SENT:
            return outcomes.uncertain(error, connection.target.name)
        match error:
            case UnservedError():
                return error.outcome
            case PeerError():
                return outcomes.failed(error)
            case _:
                return _unmade(error)


async def _is_stale(
    connection: Connection, mail: Outgoing, group: Sequence[Addressee], told: dict[DeliveryId, Outcome]
) -> bool:
    """Send over a connection that stood idle; True when it died before anything of the mail had left."""
    try:
        await connection.send(mail, group, told)
    except PeerError:
        if connection.step not in {Step.IDLE, Step.ENVELOPE}:
            raise
        connection.link.abort()
        return True
    return False


def _abort(connection: Connection | None) -> None:
    if connection is not None:
        connection.link.abort()


def _deliveries(addressees: Iterable[Addressee]) -> Iterator[DeliveryId]:
    return (one.delivery for one in addressees)


def _unmade(error: HubError) -> Deferred | Refused:
    """Return what it means that our side could not make, or would not send, the mail."""
    if isinstance(error, InputError):
        return Refused(code=error.code, reason=error.words)
    return Deferred(code=error.code, reason=error.words)


def _late() -> Deferred:
    return Deferred(
        code="smtp.attempt_timeout",
        reason=Words(
            en="The attempt took longer than it may (attempt_timeout).",
            fr="La tentative a dépassé la durée permise (attempt_timeout).",
        ),
        operator_failed=True,
    )


def _broken() -> Deferred:
    return Deferred(
        code="smtp.internal",
        reason=Words(
            en="The SMTP connector failed; the hub's log says more.",
            fr="Le connecteur SMTP a échoué ; le journal du hub en dit plus.",
        ),
    )
