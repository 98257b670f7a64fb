"""The connector of a described operator (`hub.ports.connector`); which one, the description decides.

Every one is `Delivers` and `Probes`. One whose description reads back what arrived is `Recovers`; one that
fetches an inbox, or asks what became of messages, is `Receives`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from yarl import URL

from hub.domain.ids import DeliveryId
from hub.domain.outcome import Outcome, Refused
from hub.errors import Words
from hub.ports.connector import Capabilities, Parcel
from hub.ports.intake import Intake
from hub_http import hooks
from hub_http.sending import requests
from hub_http.sending.operator import Operator
from hub_http.sending.outcomes import HARMLESS
from hub_http.sending.recovery import Recovery
from hub_http.sending.sender import MOST, Sender
from hub_http.wire.exchange import Request

Fetch = Callable[[Operator, Intake], Awaitable[None]]


class Connector:
    """One operator, reached as its description says."""

    def __init__(self, operator: Operator) -> None:
        self.operator = operator
        send = operator.description.send
        self._hook = None if send is None or send.hook is None else hooks.named(send.hook, hooks.SendsWhole)
        for step in () if send is None else send.steps:
            if step.hook is not None:
                hooks.named(step.hook, object)
        self._sender = None if send is None else Sender(operator, send)
        limits = operator.description.limits
        self._capabilities = Capabilities(
            max_bytes=limits.max_message,
            max_concurrency=limits.concurrency,
            max_recipients=MOST
            if send is None or send.recipients == "one"
            else min(send.max_recipients, MOST),
            resend_harmless=send is not None and send.idempotency in HARMLESS,
        )

    @property
    def capabilities(self) -> Capabilities:
        """What the description says that the operator can carry."""
        return self._capabilities

    async def deliver(self, parcel: Parcel) -> Mapping[DeliveryId, Outcome]:
        """Try once and return one outcome per addressee."""
        if self._hook is not None:
            return await self._hook.send(self.operator, parcel)
        if self._sender is None:
            return {one.delivery: _no_way(self.operator.name) for one in parcel.addressees}
        return await self._sender.send(parcel)

    async def probe(self) -> None:
        """Return when the operator answers; raise PeerError with words that say why not.

        Without a `[probe]` in the description, any answer at the base URL will do.
        """
        operator = self.operator
        if operator.description.probe is None:
            await operator.exchange.ask(Request(method="GET", url=URL(operator.bases[0])))
            return
        scope = {
            "hub": operator.host.hub_name,
            "operator": operator.name,
            "parameters": operator.parameters,
            "now": operator.host.clock.now(),
        }
        (await requests.ask(operator, operator.description.probe, scope)).expect()


class RecoveringConnector(Connector):
    """One that can ask what became of a send whose answer was lost."""

    def __init__(self, operator: Operator) -> None:
        super().__init__(operator)
        description = operator.description
        send, recover = description.send, description.recover
        self._whole: hooks.RecoversWhole | None = None
        self._recovery: Recovery | None = None
        if send is not None and recover is not None:
            self._recovery = Recovery(operator, send, recover)
        elif send is not None and send.hook is not None:
            self._whole = hooks.named(send.hook, hooks.RecoversWhole)

    async def recover(self, parcel: Parcel) -> Mapping[DeliveryId, Outcome]:
        """Return Delivered for what arrived, Deferred for what did not, Uncertain: ask again."""
        if self._recovery is not None:
            return await self._recovery.recover(parcel)
        return {} if self._whole is None else await self._whole.recover(self.operator, parcel)


class FetchingConnector(Connector):
    """One that also fetches what the operator holds for the hub, and asks what became of messages."""

    def __init__(self, operator: Operator, fetch: Fetch) -> None:
        super().__init__(operator)
        self._fetch = fetch

    async def receive(self, intake: Intake) -> None:
        """Fetch until cancelled; on cancellation finish what was begun."""
        await self._fetch(self.operator, intake)


class RecoveringFetchingConnector(RecoveringConnector):
    """One that can do all of it."""

    def __init__(self, operator: Operator, fetch: Fetch) -> None:
        super().__init__(operator)
        self._fetch = fetch

    async def receive(self, intake: Intake) -> None:
        """Fetch until cancelled; on cancellation finish what was begun."""
        await self._fetch(self.operator, intake)


def of(operator: Operator, fetch: Fetch) -> Connector:
    """Return the connector that the description asks for. Raises ConfigError for a hook that is not there."""
    description, send = operator.description, operator.description.send
    recovers = send is not None and send.idempotency == "recover"
    asks = (description.inbox, description.receipts, description.track)
    fetches = operator.settings.poll and any(one is not None for one in asks)
    if fetches:
        return (RecoveringFetchingConnector if recovers else FetchingConnector)(operator, fetch)
    return (RecoveringConnector if recovers else Connector)(operator)


def _no_way(operator: str) -> Refused:
    return Refused(
        code="http.no_send",
        reason=Words(
            en=f"Operator {operator} only gives messages to the hub: its description has no [send].",
            fr=f"L'opérateur {operator} ne fait que remettre au hub : sa description n'a pas de [send].",
        ),
    )
