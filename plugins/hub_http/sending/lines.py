"""What is remembered of a send: which call a delivery went with, and by which ids the operator knows it.

For each delivery there is a line `d:<delivery>`; its alias is the operator's own id, once it is known. A
message for several recipients has one more, `c:<call>`, which holds that alias in their place and names
them all. `of_remote`, `of_ours` find what somebody speaks about by either id.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from hub.domain.address import Address
from hub.domain.ids import DeliveryId
from hub.errors import HubError, LimitError, Words
from hub.ports.ledger import MAX_KEY, Ledger, Line

KEPT: Final = timedelta(days=30)
"""How long after the message's end a line is kept: receipts may come late."""

MAX_ID: Final = 4000
"""Characters of an operator's own id: it may be a URL."""
MOST: Final = 16 << 10
"""Bytes of a line, whatever an operator says of a message."""

_encode: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What is known of one call.

    `call` is our stable id, as it was sent. `recipients` maps address keys to deliveries, all that the
    call was for. `left_at` is when a request that may make the message was about to leave.
    """

    call: str
    recipients: Mapping[str, DeliveryId]
    remote: str | None = None
    taken: Mapping[str, Any] = field(default_factory=dict)
    left_at: datetime | None = None

    def delivery_of(self, recipient: str | None) -> DeliveryId | None:
        """Return which delivery is meant by an address or a delivery id; the only one for None."""
        if recipient is None:
            return next(iter(self.recipients.values())) if len(self.recipients) == 1 else None
        if recipient in self.recipients.values():
            return DeliveryId(recipient)
        return self.recipients.get(_key(recipient))


def key_of(delivery: str) -> str:
    """Return the key of a delivery's line."""
    return f"d:{delivery}"


def call_key(call: str) -> str:
    """Return the key of the line of a call for several recipients."""
    return f"c:{call}"


def line_of(
    key: str, sent: Sent, until: datetime, *, alias: bool = True, due_at: datetime | None = None
) -> Line:
    """Write a line of `sent`. Raises LimitError when the operator says more of a message than `MOST`."""
    value: dict[str, Any] = {"call": sent.call, "to": dict(sent.recipients)}
    if sent.remote is not None:
        value["remote"] = sent.remote
    if sent.taken:
        value["taken"] = dict(sent.taken)
    if sent.left_at is not None:
        value["left"] = sent.left_at.isoformat()
    text = _encode(value)
    if len(text.encode("utf-8", "surrogatepass")) > MOST:
        raise _too_much()
    return Line(
        key=key,
        value=text,
        until=until,
        alias=None if sent.remote is None or not alias else _alias(sent.remote),
        due_at=due_at,
    )


def read(line: Line) -> Sent:
    """Read a line of either kind."""
    value = json.loads(line.value)
    left = value.get("left")
    return Sent(
        call=value["call"],
        recipients={key: DeliveryId(one) for key, one in value["to"].items()},
        remote=value.get("remote"),
        taken=value.get("taken", {}),
        left_at=None if left is None else datetime.fromisoformat(left),
    )


async def of_delivery(ledger: Ledger, delivery: str) -> Sent | None:
    """Return what is known of a delivery's last call. Raises StoreError."""
    line = await ledger.get(key_of(delivery))
    return None if line is None else read(line)


async def of_remote(ledger: Ledger, remote: str) -> Sent | None:
    """Return the call that the operator knows under its own id. Raises StoreError."""
    line = await ledger.named(_alias(remote))
    return None if line is None or not line.key.startswith(("d:", "c:")) else read(line)


async def of_ours(ledger: Ledger, ours: str) -> Sent | None:
    """Return the call that went out under our own stable id. Raises StoreError."""
    # A message to several may have but one recipient: then both lines are there, and the call's has all.
    line = await ledger.get(call_key(ours)) or await ledger.get(key_of(ours))
    return None if line is None else read(line)


def _too_much() -> LimitError:
    return LimitError(
        "ledger.too_large",
        Words(
            en=f"What the operator says of a message has over {MOST} bytes; that is not kept.",
            fr=f"Ce que l'opérateur dit d'un message dépasse {MOST} octets ; ce n'est pas gardé.",
        ),
        limit=MOST,
    )


def _alias(remote: str) -> str:
    """Return the alias for an operator's own id: of one too long for it, a digest."""
    data = remote.encode("utf-8", "surrogatepass")
    return remote if len(data) <= MAX_KEY else f"sha256:{hashlib.sha256(data).hexdigest()}"


def _key(recipient: str) -> str:
    try:
        return Address.parse(recipient.strip()).key
    except HubError:
        return recipient.strip()
