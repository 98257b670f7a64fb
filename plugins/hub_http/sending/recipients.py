"""What an answer says of each recipient of a message for several (`send.per_recipient`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hub.domain.ids import DeliveryId
from hub.domain.outcome import Outcome
from hub_http.description.picking import Meaning
from hub_http.description.requests import PerRecipient
from hub_http.mapping import picking
from hub_http.mapping.answered import Answered
from hub_http.sending.call import Call
from hub_http.sending.classify import by_row, fits
from hub_http.sending.outcomes import Rules, Taken
from hub_http.sending.requests import Asked


class SomeRefusedError(Exception):
    """Some recipients are left out of what is not made yet; `told` says why. It is made anew for the rest."""

    def __init__(self, told: Mapping[DeliveryId, Outcome]) -> None:
        super().__init__()
        self.told = told


def of_each(
    per: PerRecipient, asked: Asked, call: Call, rules: Rules, scope: Mapping[str, Any]
) -> dict[DeliveryId, Outcome]:
    """Return the outcomes of those who do not get it; who is not spoken of does."""
    members = picking.pick(per.each, asked.answered, scope)
    if members is picking.ABSENT or not isinstance(members, list):
        return {}
    told: dict[DeliveryId, Outcome] = {}
    sent = call.sent
    for member in members:
        one = Answered.of(member, within=asked.answered)
        named = picking.pick(per.recipient, one, scope)
        delivery = None if named is picking.ABSENT else sent.delivery_of(str(named))
        row = next((row for row in per.answers if fits(row, one, scope)), None)
        if delivery is None or row is None or row.class_ is Meaning.OK:
            continue
        judgement = by_row(row, "recipient", one, scope, scope["now"])
        outcome = rules.of_answer(judgement, effect="message", attempt=call.attempt)
        if outcome is not None and not isinstance(outcome, Taken):
            told[delivery] = outcome
    return told
