"""One message on its way to an operator: for whom, under which id, and how far it has come."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from hub.domain.ids import DeliveryId
from hub.domain.outcome import Outcome
from hub.ports.connector import Addressee, Parcel
from hub_http.sending.lines import Sent

_NAMESPACE: Final = b"hub_http call\x00"
_MOST_TAKEN: Final = 3 << 10
"""Bytes of taken values that the ledger keeps for one call."""


@dataclass(slots=True, kw_only=True)
class Call:
    """A call and what is known of it so far.

    `id` is our stable id: the delivery's for one recipient, else one made of all of theirs, so that the same
    recipients give the same id. `recipients` are all of the call; of those, `addressees` are asked about now.
    `left_at` is when a request that may make the message was about to leave under this id, now or in an
    earlier attempt; `marked` says that this attempt has written it. `resumed` is set when drafts of an
    earlier attempt are used again. `dirty` says that something is known which the ledger does not have yet;
    `airborne` that something may have reached a recipient, should all fail now. `told` has outcomes that
    differ from the rest's.
    """

    id: str
    parcel: Parcel = field(repr=False)
    addressees: tuple[Addressee, ...] = field(repr=False)
    recipients: Mapping[str, DeliveryId] = field(default_factory=dict, repr=False)
    remote: str | None = None
    taken: dict[str, Any] = field(default_factory=dict, repr=False)
    left_at: datetime | None = None
    marked: bool = False
    resumed: bool = False
    dirty: bool = False
    airborne: bool = False
    told: dict[DeliveryId, Outcome] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if not self.recipients:
            self.recipients = {one.party.address.key: one.delivery for one in self.addressees}

    def opened(self) -> None:
        """Let the hub know that the message may be about to leave, though no document is in this request.

        It takes a parcel of which no content was opened for one that has not left, when an attempt is ended.
        """
        for one in self.parcel.contents:
            self.parcel.contents[one]
            break

    @property
    def deliveries(self) -> tuple[DeliveryId, ...]:
        """The deliveries that it makes."""
        return tuple([one.delivery for one in self.addressees])

    @property
    def attempt(self) -> int:
        """The highest number of an attempt among them."""
        return max([one.attempt for one in self.addressees])

    @property
    def sent(self) -> Sent:
        """What the ledger is to know."""
        return Sent(
            call=self.id,
            recipients=self.recipients,
            remote=self.remote,
            taken=plain(self.taken),
            left_at=self.left_at,
        )


def id_of(deliveries: Sequence[DeliveryId]) -> str:
    """Return our stable id for a message to these: the same for the same ones, in any order."""
    return deliveries[0] if len(deliveries) == 1 else _digest(sorted(deliveries))


def _digest(parts: Iterable[str]) -> str:
    """Return a UUID of version 8 (RFC 9562, 5.8) over the parts."""
    digest = bytearray(hashlib.sha256(_NAMESPACE + "\n".join(parts).encode()).digest()[:16])
    digest[6] = 0x80 | (digest[6] & 0x0F)
    digest[8] = 0x80 | (digest[8] & 0x3F)
    return str(uuid.UUID(bytes=bytes(digest)))


def next_id(call: Call) -> str:
    """Return the id that takes the place of a burnt one; it follows from that one alone."""
    return _digest([call.id, "burnt"])


def plain(taken: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of `taken` that the ledger can hold: texts, numbers and truths, not too large."""
    kept: dict[str, Any] = {}
    room = _MOST_TAKEN
    for name, value in taken.items():
        if isinstance(value, bool | int | float | str):
            size = len(name) + len(json.dumps(value))
            if size <= room:
                kept[name] = value
                room -= size
    return kept
