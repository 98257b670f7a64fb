"""What a report, a webhook or a tracking answer says of a delivery → an `Acknowledgement`.

1. The first row of `events` that fits says what happened; `pending`, or no row, is nothing yet.
2. `about` says of which delivery: our own id as it was sent, or the operator's, and of many which recipient.

Not checked here: that the operator may speak of the delivery; the core does. Read only: `reports` records.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from hub.domain.ids import DeliveryId
from hub.domain.outcome import Deferred, Delivered, Refused
from hub.errors import Words
from hub.ports.intake import Acknowledgement
from hub.ports.ledger import Ledger
from hub_http.description.inbound import About
from hub_http.description.picking import EventRule
from hub_http.fetching.refusals import unknown_delivery, wrong
from hub_http.mapping.answered import Answered
from hub_http.sending import lines
from hub_http.sending.classify import MAX_CODE, MAX_REASON, fits, picked
from hub_http.sending.lines import Sent

DISPLAYED: Final = "acknowledgement.displayed"
DELIVERED: Final = "acknowledgement.delivered"
FAILED: Final = "acknowledgement.failed"
DELAYED: Final = "acknowledgement.delayed"


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What happened. `final` says that nothing more will come."""

    outcome: Delivered | Deferred | Refused
    event: str
    final: bool


def news_of(
    operator: str, events: Sequence[EventRule], answered: Answered, scope: Mapping[str, Any]
) -> News | None:
    """Return what the rows of `events` say; None for nothing yet."""
    row = next((one for one in events if fits(one, answered, scope)), None)
    if row is None or row.event == "pending":
        return None
    code = picked(row.code, answered, scope, MAX_CODE)
    reason = picked(row.reason, answered, scope, MAX_REASON)
    said = " ".join(one for one in (code, reason) if one)
    match row.event:
        case "delivered":
            return News(outcome=Delivered(receipt=said or row.event), event=DELIVERED, final=row.final)
        case "displayed":
            return News(outcome=Delivered(receipt=said or row.event), event=DISPLAYED, final=row.final)
        case "refused":
            words = _words(operator, said or "not delivered", said or "non remis")
            refused = Refused(code="recipient.undeliverable", reason=words)
            return News(outcome=refused, event=FAILED, final=row.final)
        case "delayed":
            words = _words(operator, said or "delayed", said or "retardé")
            return News(outcome=Deferred(code="recipient.delayed", reason=words), event=DELAYED, final=False)


async def acknowledgement_of(
    about: About,
    events: Sequence[EventRule],
    answered: Answered,
    scope: Mapping[str, Any],
    *,
    operator: str,
    ledger: Ledger,
) -> Acknowledgement | None:
    """Return what came as a receipt for one delivery; None when it says nothing yet.

    Raises MalformedError when it does not say for which delivery it is, UnknownDeliveryError when the
    ledger has none of that id, StoreError.
    """
    news = news_of(operator, events, answered, scope)
    if news is None:
        return None
    delivery = await delivery_of(about, answered, scope, ledger)
    return Acknowledgement(outcome=news.outcome, event=news.event, delivery=delivery)


async def delivery_of(
    about: About, answered: Answered, scope: Mapping[str, Any], ledger: Ledger
) -> DeliveryId:
    """Return which delivery something is about. Raises as `acknowledgement_of`."""
    ours = picked(about.delivery, answered, scope, lines.MAX_ID)
    remote = picked(about.remote, answered, scope, lines.MAX_ID)
    if ours is None and remote is None:
        raise wrong("about", "finds neither our id nor the operator's", "ne trouve ni notre id ni le sien")
    sent = None if ours is None else await lines.of_ours(ledger, ours)
    if sent is None and remote is not None:
        sent = await lines.of_remote(ledger, remote)
    if sent is not None:
        return _one_of(sent, picked(about.recipient, answered, scope, lines.MAX_ID), ours)
    if ours is None:
        raise unknown_delivery()
    # The ledger has forgotten it; the core may know it still, and says so if it does not.
    return DeliveryId(ours)


def _one_of(sent: Sent, recipient: str | None, ours: str | None) -> DeliveryId:
    """Return the delivery of a call that is meant: the only one, or by its recipient, or by its own id."""
    if (only := sent.delivery_of(None)) is not None:
        return only
    named = ours if recipient is None else recipient
    if named is not None and (delivery := sent.delivery_of(named)) is not None:
        return delivery
    if recipient is not None:
        raise unknown_delivery()
    raise wrong(
        "about.recipient",
        "is needed: the message had several recipients, and nothing says which is meant",
        "est nécessaire : le message avait plusieurs destinataires, et rien ne dit lequel",
    )


def _words(operator: str, en: str, fr: str) -> Words:
    return Words(en=f"Operator {operator} reports: {en}", fr=f"L'opérateur {operator} signale : {fr}")
