"""Message → canonical bytes → signature."""

from __future__ import annotations

from datetime import timedelta

from hub.domain import envelope, ids
from hub.domain.envelope import Envelope, SealedEnvelope
from hub.domain.ids import DeliveryId, EnvelopeId
from hub.domain.message import Message
from hub.errors import LimitError, Words
from hub.ports.clock import Chance, Clock
from hub.ports.keyring import Seals


class Sealer:
    """Gives messages their id, their dates and the hub's signature."""

    def __init__(self, seals: Seals, clock: Clock, chance: Chance, expiry: timedelta) -> None:
        self._seals = seals
        self._clock = clock
        self._chance = chance
        self._expiry = expiry

    def seal(self, message: Message) -> SealedEnvelope:
        """Seal a message now. Pure CPU work, some tenth of a millisecond.

        Raises LimitError when its names, identifiers and references are too long for an envelope:
        nobody could open it.
        """
        now = self._clock.now()
        now = now.replace(microsecond=now.microsecond // 1000 * 1000)
        sealed = Envelope(
            id=EnvelopeId(self.new_id()), created_at=now, expires_at=now + self._expiry, message=message
        )
        payload = envelope.to_bytes(sealed)
        if len(payload) > envelope.MAX_BYTES:
            raise LimitError(
                "envelope.too_large",
                Words(
                    en=f"The names, identifiers and references come to over {envelope.MAX_BYTES} bytes.",
                    fr=f"Les noms, identifiants et références dépassent {envelope.MAX_BYTES} octets.",
                ),
                limit=envelope.MAX_BYTES,
            )
        return SealedEnvelope(envelope=sealed, jws=self._seals.seal(payload))

    def new_id(self) -> str:
        """Make a fresh UUIDv7."""
        return ids.uuid7(int(self._clock.now().timestamp() * 1000), self._chance.bytes(10))

    def new_delivery(self) -> DeliveryId:
        """Make an id for a delivery."""
        return DeliveryId(self.new_id())
