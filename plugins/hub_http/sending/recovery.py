"""Finding out by reading what became of a send whose answer was lost (`[recover]`).

1. A delivery for which nothing that may make a message ever left has not arrived: the ledger says so.
2. The operator is asked by our own id, once for each call.
3. An absence counts only `absent_after` after the attempt ended: until then it may still be on its way.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hub.domain.ids import DeliveryId
from hub.domain.outcome import Deferred, Delivered, Outcome, Refused, Uncertain
from hub.errors import HubError, LimitError, StoreError, Words
from hub.ports.connector import Addressee, Parcel
from hub_http.description.inbound import Recover
from hub_http.description.picking import FindingRule, Meaning
from hub_http.description.requests import Send
from hub_http.mapping.answered import Answered
from hub_http.sending import lines, requests, wording
from hub_http.sending.call import Call
from hub_http.sending.classify import MAX_CODE, MAX_REASON, Judgement, fits, picked, told
from hub_http.sending.lines import Sent
from hub_http.sending.memory import Memory
from hub_http.sending.operator import Operator
from hub_http.sending.requests import Asked
from hub_http.sending.sender import receipt_of, rules_of, scope_of

_GOOD: Final = range(200, 300)


class Recovery:
    """Asks one operator about sends whose answers were lost."""

    def __init__(self, operator: Operator, send: Send, recover: Recover) -> None:
        self._operator = operator
        self._send = send
        self._recover = recover
        self._memory = Memory(operator, rules_of(operator.name, operator.description, send))

    async def recover(self, parcel: Parcel) -> dict[DeliveryId, Outcome]:
        """Return Delivered, Deferred (`http.absent`), Refused, or Uncertain: ask again."""
        found: dict[DeliveryId, Outcome] = {}
        calls: dict[str, tuple[Sent, list[Addressee]]] = {}
        for one in parcel.addressees:
            try:
                sent = await self._sent(one.delivery)
            except StoreError as error:
                found[one.delivery] = Uncertain(code=error.code, reason=error.words)
                continue
            if sent is None or sent.left_at is None:
                # 1. The line is written before anything that may make a message leaves.
                found[one.delivery] = Deferred(code="http.absent", reason=self._words(_NEVER_LEFT))
            else:
                calls.setdefault(sent.call, (sent, []))[1].append(one)
        for sent, addressees in calls.values():
            call = Call(
                id=sent.call,
                parcel=parcel,
                addressees=tuple(addressees),
                recipients=sent.recipients,
                remote=sent.remote,
                taken=dict(sent.taken),
                left_at=sent.left_at,
            )
            found.update(dict.fromkeys(call.deliveries, await self._of(call)))
        return found

    async def _sent(self, delivery: DeliveryId) -> Sent | None:
        sent = await lines.of_delivery(self._operator.ledger, delivery)
        if sent is None or (self._send.recipients == "one" and sent.call == delivery):
            return sent
        return await lines.of_ours(self._operator.ledger, sent.call)

    async def _of(self, call: Call) -> Outcome:
        # 2. Ask.
        scope = scope_of(self._operator, call)
        try:
            asked = await requests.ask(
                self._operator, self._recover.request, scope, addressees=call.addressees
            )
        except HubError as error:
            return Uncertain(code=error.code, reason=error.words)
        row = finding_of(self._recover, asked.answered, scope)
        match row.is_ if row is not None else "unknown":
            case "arrived":
                return await self._arrived(call, asked, scope)
            case "absent":
                return self._absent(call)
            case "refused" if row is not None:
                self._operator.flights.landed(call.id)
                return self._refused(row, asked, scope)
        return Uncertain(code="http.unknown", reason=wording.answered(self._operator.name, asked.judgement))

    async def _arrived(self, call: Call, asked: Asked, scope: Mapping[str, Any]) -> Outcome:
        remote = picked(self._recover.remote, asked.answered, scope, lines.MAX_ID)
        if remote is not None and remote != call.remote:
            call.remote, call.dirty = remote, True
        call.taken.update(asked.taken)
        try:
            await self._memory.delivered(call)
        except StoreError as error:
            return Uncertain(code=error.code, reason=error.words)
        except LimitError as error:
            # as when it is sent: it arrived, whatever we can't keep of it
            self._operator.host.log.warning(
                "http.unremembered", operator=self._operator.name, code=error.code
            )
        self._operator.flights.landed(call.id)
        seen = {**scope, "remote": call.remote, "taken": call.taken}
        return Delivered(receipt=receipt_of(self._operator, self._send, call, seen, asked.judgement.status))

    def _absent(self, call: Call) -> Outcome:
        # 3. Not there, or not there yet.
        assert call.left_at is not None  # noqa: S101 - those without were sorted out
        if self._operator.host.clock.now() - call.left_at < self._recover.absent_after:
            return Uncertain(code="http.not_there_yet", reason=self._words(_NOT_YET))
        self._operator.flights.landed(call.id)
        return Deferred(code="http.absent", reason=self._words(_ABSENT))

    def _refused(self, row: FindingRule, asked: Asked, scope: Mapping[str, Any]) -> Refused:
        own_code, own_reason = told(asked.answered)
        judgement = Judgement(
            meaning=Meaning.REFUSED,
            status=asked.judgement.status,
            code=picked(row.code, asked.answered, scope, MAX_CODE) or own_code,
            reason=picked(row.reason, asked.answered, scope, MAX_REASON) or own_reason,
        )
        return Refused(code="http.refused", reason=wording.answered(self._operator.name, judgement))

    def _words(self, words: Words) -> Words:
        name = self._operator.name
        return Words(en=words.en.format(name), fr=words.fr.format(name))


def finding_of(recover: Recover, answered: Answered, scope: Mapping[str, Any]) -> FindingRule | None:
    """Return the first row that fits. One that names no status is about good answers only.

    A page of errors has no id of ours in it either: it must not pass for an absence.
    """
    good = answered.status in _GOOD
    return next(
        (row for row in recover.findings if (row.status or good) and fits(row, answered, scope)), None
    )


_NEVER_LEFT: Final = Words(
    en="The message never left for operator {}: it may be sent again.",
    fr="Le message n'est jamais parti vers l'opérateur {} : il peut être renvoyé.",
)
_ABSENT: Final = Words(
    en="Operator {} does not have the message: it is sent again.",
    fr="L'opérateur {} n'a pas le message : il est renvoyé.",
)
_NOT_YET: Final = Words(
    en="Operator {} does not have the message, or not yet: it is asked again.",
    fr="L'opérateur {} n'a pas le message, ou pas encore : il est interrogé de nouveau.",
)
