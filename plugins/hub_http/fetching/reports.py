"""Recording what an operator says of a delivery: its timeline first, then an end to asking."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from hub.domain.ids import DeliveryId
from hub.ports.intake import Acknowledgement, Intake, Peer
from hub.ports.ledger import Ledger, Line
from hub_http.description.inbound import About
from hub_http.description.picking import EventRule
from hub_http.fetching.events import delivery_of, news_of
from hub_http.mapping.answered import Answered
from hub_http.sending import lines
from hub_http.sending.operator import Operator

_DONE: Final = "done"
"""In a line's value: the deliveries that nothing more will come of."""


async def record(
    about: About,
    events: Sequence[EventRule],
    answered: Answered,
    scope: Mapping[str, Any],
    *,
    operator: Operator,
    intake: Intake,
    peer: Peer,
) -> bool:
    """Record what came as a receipt; durable on return. False when it matches no delivery of ours.

    What says nothing yet is True. Raises as `events.acknowledgement_of`, and StoreError.
    """
    news = news_of(operator.name, events, answered, scope)
    if news is None:
        return True
    delivery = await delivery_of(about, answered, scope, operator.ledger)
    said = Acknowledgement(outcome=news.outcome, event=news.event, delivery=delivery)
    matched = await intake.acknowledge(peer, said)
    if matched and news.final:
        await finish(operator.ledger, delivery)
    return matched


async def finish(ledger: Ledger, delivery: DeliveryId) -> None:
    """Ask no more what became of a delivery. Its line stays: further receipts may come by the same id."""
    line = await ledger.get(lines.key_of(delivery))
    if line is None:
        return
    await _settle(ledger, line, delivery)
    call = lines.read(line).call
    if call != delivery and (shared := await ledger.get(lines.call_key(call))) is not None:
        await _settle(ledger, shared, delivery)


def done(line: Line) -> frozenset[DeliveryId]:
    """Return the deliveries of a line that nothing more will come of."""
    return frozenset(map(DeliveryId, json.loads(line.value).get(_DONE, ())))


def with_done(line: Line, ended: frozenset[DeliveryId]) -> Line:
    """Return a line that says so."""
    if not ended:
        return line
    value = {**json.loads(line.value), _DONE: sorted(ended)}
    return replace(line, value=json.dumps(value, ensure_ascii=False, separators=(",", ":")))


async def _settle(ledger: Ledger, line: Line, delivery: DeliveryId) -> None:
    if line.due_at is None:
        return
    ended = done(line) | {delivery}
    left = frozenset(lines.read(line).recipients.values()) - ended
    alone = line.key == lines.key_of(delivery)
    await ledger.put(replace(line, due_at=None) if alone or not left else with_done(line, ended))
