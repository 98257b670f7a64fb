"""The small document beside a prescription in its envelope: what the prescriber asked for, sealed with it."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from hub.domain import canonical
from hub.domain.address import Address
from hub.domain.party import Identifier
from hub.domain.prescription import Handing
from hub.domain.target import Description, Target
from hub.errors import MalformedError, Words

MEDIA_TYPE: Final = "application/vnd.caducee.prescription-order+json"
NAME: Final = "prescription-order.json"
MAX_BYTES: Final = 64 << 10


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOrder:
    """To whom a prescription is handed over, and in what form."""

    to: Target
    form: Handing = Handing.TOKEN

    @property
    def name(self) -> str:
        """A name for it: the same for the same person and form."""
        return canonical.encode(_spelled(self)).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """`options` are the service's own words, such as `workflow`."""

    options: Mapping[str, str] = field(default_factory=dict)
    hand_over: Sequence[HandOrder] = ()


def spell(wishes: Wishes) -> bytes:
    """Write it, in its one spelling."""
    said: dict[str, Any] = {"v": 1}
    if wishes.options:
        said["options"] = {_nfc(name): _nfc(value) for name, value in wishes.options.items()}
    if wishes.hand_over:
        said["hand_over"] = [_spelled(one) for one in wishes.hand_over]
    return canonical.encode(said)


def read(data: bytes) -> Wishes:
    """Read it. Raises MalformedError."""
    said = canonical.decode(data, MAX_BYTES)
    try:
        return Wishes(
            options={str(name): str(value) for name, value in said.get("options", {}).items()},
            hand_over=tuple(hand_order(one) for one in said.get("hand_over", ())),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise MalformedError(
            "prescription.order",
            Words(
                en="This is not the order of a prescription as this hub writes it.",
                fr="Ceci n'est pas la commande d'une ordonnance telle que ce hub l'écrit.",
            ),
        ) from error


def hand_order(said: Mapping[str, Any]) -> HandOrder:
    """Read one hand-over. Raises KeyError, TypeError, ValueError, MalformedError."""
    return HandOrder(to=_target(said["to"]), form=Handing(said["as"]))


def _target(said: Any) -> Target:
    if isinstance(said, str):
        return Address.parse(said)
    if "system" in said:
        return Identifier(said["system"], said["value"])
    return Description(name=said["name"], specialty=said.get("specialty", ""), town=said.get("town", ""))


def _spelled(one: HandOrder) -> dict[str, Any]:
    to: Any
    match one.to:
        case Identifier(system=system, value=value):
            to = {"system": system, "value": value}
        case Description(name=name, specialty=specialty, town=town):
            given = {"name": _nfc(name), "specialty": _nfc(specialty), "town": _nfc(town)}
            to = {part: text for part, text in given.items() if text}
        case Address():
            to = str(one.to)
    return {"to": to, "as": one.form.value}


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)
