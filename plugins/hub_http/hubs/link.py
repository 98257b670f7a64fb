"""The hook `hub`, by both ends of a link: `read` of the step that posts, `take` of the webhook."""

from __future__ import annotations

from collections.abc import Mapping

from hub.domain.ids import DeliveryId
from hub.domain.outcome import Outcome
from hub.ports.connector import Parcel
from hub.ports.intake import Intake
from hub_http.hooks import Answer, Call, Operator, Reply
from hub_http.hubs import receipt, taking


async def read(operator: Operator, parcel: Parcel, answer: Answer) -> Mapping[DeliveryId, Outcome]:
    """Return what the other hub's answer proves (`hub_http.hooks.ReadsAnswer`)."""
    return receipt.read(operator, parcel, answer)


async def take(operator: Operator, call: Call, intake: Intake) -> Reply:
    """Take another hub's package (`hub_http.hooks.TakesCall`)."""
    return await taking.take(operator, call, intake)
