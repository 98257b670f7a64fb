"""Hands a parcel over: who goes with whom, under which id, where, and what each recipient is told of it.

One message for each recipient, or one for many, as the description says. Fail-over happens only while
nothing uncertain has left: a draft is made anew at the other place.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from hub.domain.ids import DeliveryId
from hub.domain.outcome import Deferred, Delivered, Outcome, Uncertain
from hub.errors import HubError, LimitError, StoreError, Words
from hub.ports.connector import Addressee, Parcel
from hub_http.description.model import Description
from hub_http.description.picking import Meaning
from hub_http.description.requests import Send
from hub_http.mapping import subjects, templates
from hub_http.sending import late, outcomes, requests, wording
from hub_http.sending.bases import Bases
from hub_http.sending.call import Call, id_of
from hub_http.sending.memory import Memory
from hub_http.sending.operator import Operator
from hub_http.sending.outcomes import Rules, Taken
from hub_http.sending.recipients import SomeRefusedError
from hub_http.sending.steps import End, Run, StaleDraftError
from hub_http.wire.faults import WireFault

MOST: Final = 100
"""Recipients of one message at most, whatever the description says: the ledger names them in one line."""
_ROOM: Final = 8 << 10
"""Bytes of addresses in one message at most, for the same reason."""
_NOTHING: Final = End()


class Sender:
    """Sends parcels to one operator."""

    def __init__(self, operator: Operator, send: Send) -> None:
        self._operator = operator
        self._send = send
        self._rules = rules_of(operator.name, operator.description, send, len(operator.bases))
        self._memory = Memory(operator, self._rules)
        self._bases = Bases(operator.bases, operator.host.clock)
        self._slots = asyncio.Semaphore(operator.description.limits.concurrency)

    async def send(self, parcel: Parcel) -> dict[DeliveryId, Outcome]:
        """Try once and return one outcome per addressee."""
        if len(parcel.addressees) == 1:
            return await self._group(parcel, parcel.addressees)
        groups = list(self._groups(parcel.addressees))
        if len(groups) == 1:
            return await self._group(parcel, groups[0])
        async with asyncio.TaskGroup() as tasks:
            sending = [tasks.create_task(self._group(parcel, group)) for group in groups]
        return {delivery: one for task in sending for delivery, one in task.result().items()}

    def _groups(self, addressees: Sequence[Addressee]) -> Iterator[tuple[Addressee, ...]]:
        if self._send.recipients == "one":
            yield from ((one,) for one in addressees)
            return
        group: list[Addressee] = []
        room = _ROOM
        for one in addressees:
            room -= len(one.party.address.key.encode())
            if group and (room < 0 or len(group) >= min(self._send.max_recipients, MOST)):
                yield tuple(group)
                group, room = [], _ROOM
            group.append(one)
        if group:
            yield tuple(group)

    async def _group(self, parcel: Parcel, group: tuple[Addressee, ...]) -> dict[DeliveryId, Outcome]:
        """Send to a group. Those whom a draft refuses are left out, and the others tried anew."""
        told: dict[DeliveryId, Outcome] = {}
        async with self._slots:
            while left := tuple(one for one in group if one.delivery not in told):
                ids = tuple(one.delivery for one in left)
                call = Call(id=id_of(ids), parcel=parcel, addressees=left)
                with self._operator.flights.sending():
                    said = await self._call(call)
                told.update(said)
                if not said:
                    break
        return told

    async def _call(self, call: Call) -> Mapping[DeliveryId, Outcome]:
        """Send one message; raises nothing but cancellation. Who is missing is to be tried anew."""
        try:
            return await self._tried(call)
        except SomeRefusedError as refused:
            return refused.told
        except WireFault as error:
            outcome: Deferred | Uncertain = self._rules.of_fault(error, effect="none")
        except HubError as error:
            outcome = outcomes.unmade(error)
        except Exception as error:  # noqa: BLE001 - only here is it known how far the message has come
            self._operator.host.log.warning(
                "http.attempt_failed", operator=self._operator.name, error=type(error).__name__
            )
            outcome = Deferred(code="http.internal", reason=_BROKEN)
        if call.airborne:
            outcome = Uncertain(code=outcome.code, reason=wording.lost(self._operator.name, outcome.reason))
        return dict.fromkeys(call.deliveries, outcome)

    async def _tried(self, call: Call) -> Mapping[DeliveryId, Outcome]:
        requests.check_held(self._operator)
        await self._memory.resume(call)
        end = _NOTHING
        order = self._bases.order()
        for number, base in enumerate(order, 1):
            end = await self._run(call, base)
            if not self._rules.tries_elsewhere(end.meaning, end.outcome):
                break
            self._bases.failed(base)
            if number < len(order):
                _anew(call)
        return await self._told(call, end)

    async def _run(self, call: Call, base: str) -> End:
        try:
            return await Run(
                operator=self._operator,
                send=self._send,
                rules=self._rules,
                memory=self._memory,
                call=call,
                scope=self._scope(call),
                base=base,
            ).run()
        except StaleDraftError:
            _anew(call)
            return await self._run(call, base)

    def _scope(self, call: Call) -> dict[str, Any]:
        return scope_of(self._operator, call)

    # What each recipient is told.

    async def _told(self, call: Call, end: End) -> Mapping[DeliveryId, Outcome]:
        outcome = end.outcome
        self._warn(end)
        effect = "message" if end.step is None else end.step.effect
        if self._rules.burnt(outcome, effect, left=call.left_at is not None or end.meaning is None):
            await self._memory.burn(call)
            outcome = Deferred(code="http.id_used", reason=_words(_ID_USED, self._operator.name))
        if isinstance(outcome, Uncertain):
            await self._lost(call)
        else:
            self._operator.flights.landed(call.id)
        if outcome is None or isinstance(outcome, Taken):
            outcome = Delivered(receipt=self._receipt(call, end))
            await self._remember(call)
        return {**dict.fromkeys(call.deliveries, outcome), **call.told}

    async def _lost(self, call: Call) -> None:
        """Count from now how long an absence says nothing, and let early reports wait."""
        self._operator.flights.lost(call.id)
        try:
            await self._memory.lost(call)
        except StoreError as error:
            self._operator.host.log.warning(
                "http.unremembered", operator=self._operator.name, code=error.code
            )

    async def _remember(self, call: Call) -> None:
        try:
            await self._memory.delivered(call)
        except (StoreError, LimitError) as error:
            # It was taken, whatever we can't keep of it: its receipts may find nobody.
            self._operator.host.log.warning(
                "http.unremembered", operator=self._operator.name, code=error.code
            )

    def _receipt(self, call: Call, end: End) -> str:
        status = None if end.last is None else end.last.judgement.status
        return receipt_of(self._operator, self._send, call, end.scope, status)

    def _warn(self, end: End) -> None:
        """Tell who configures the operator that they must act."""
        if end.meaning in _ACT and end.last is not None:
            self._operator.host.log.warning(
                _ACT[end.meaning],
                operator=self._operator.name,
                part=end.step and end.step.name,
                status=end.last.judgement.status,
            )
        elif end.meaning is Meaning.WARNING and end.last is not None:
            self._operator.host.log.info(
                "http.warned", operator=self._operator.name, status=end.last.judgement.status
            )


def scope_of(operator: Operator, call: Call) -> dict[str, Any]:
    """Return what templates see of a call, `taken` and `remote` as they are known so far."""
    seen = subjects.of_parcel(
        late.unopened(call.parcel),
        call.addressees,
        host=operator.host,
        parameters=operator.parameters,
        call=call.id,
        codes=operator.description.codes,
    )
    seen["taken"], seen["remote"] = call.taken, call.remote
    return seen


def receipt_of(
    operator: Operator, send: Send, call: Call, scope: Mapping[str, Any], status: int | None
) -> str:
    """Return what is kept as the operator's receipt; never empty."""
    said = "" if status is None else wording.status_line(status)
    if send.receipt is not None:
        try:
            return templates.text(send.receipt, scope) or said or call.id
        except templates.TemplateError as error:
            operator.host.log.warning("http.template", operator=operator.name, code=error.code)
    return " ".join(one for one in (call.remote, said) if one) or call.id


def rules_of(name: str, description: Description, send: Send, places: int = 1) -> Rules:
    """Return what follows from an operator's answers. `places` counts its base URLs."""
    return Rules(operator=name, send=send, classes=description.classes, failover=places > 1)


def _anew(call: Call) -> None:
    """Forget the drafts of a call: they are made anew."""
    call.remote, call.taken, call.resumed, call.dirty = None, {}, False, False


def _words(words: Words, operator: str) -> Words:
    return Words(en=words.en.format(operator), fr=words.fr.format(operator))


_ACT: Final = {
    Meaning.AUTHENTICATION: "http.authentication",
    Meaning.CONFIGURATION: "http.configuration",
}
"""Classes that somebody has to act on, and the event that tells them."""
_BROKEN: Final = Words(
    en="The HTTP connector failed; the hub's log says more.",
    fr="Le connecteur HTTP a échoué ; le journal du hub en dit plus.",
)
_ID_USED: Final = Words(
    en="Operator {} knows this id from a draft whose answer was lost; the next attempt takes another id.",
    fr="L'opérateur {} connaît cet identifiant par un brouillon dont la réponse s'est perdue ; "
    "la prochaine tentative en prend un autre.",
)
