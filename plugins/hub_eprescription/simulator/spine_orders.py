"""One prescription as EPS holds it, and what it holds altogether: in memory, and in a folder when asked."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from hub.errors import StoreError, Words
from hub_eprescription.simulator import fhir
from hub_eprescription.simulator.fhir import Resource
from hub_eprescription.simulator.spine_names import ITEM, NHS_NUMBER, NUMBER, ODS, SDS_USER, Business

_SIGNS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ+"


@dataclass(slots=True, kw_only=True)
class Order:
    """One prescription. `message` is the identifier of what made it, `seal` the digest of those bytes.

    `marked`: it is cancelled when the pharmacy gives it back. `cancelled_items` are those that went.
    """

    number: str
    message: str
    seal: str
    bundle: Resource = field(repr=False)
    status: Business = Business.TO_BE_DISPENSED
    marked: bool = False
    cancelled_items: list[str] = field(default_factory=list)

    @property
    def patient(self) -> str:
        """The patient's NHS number."""
        return patient(self.bundle)

    @property
    def hands(self) -> frozenset[str]:
        """Who answers for it: user ids and practices."""
        return hands(self.bundle)

    @property
    def items(self) -> list[str]:
        """The identifiers of its items."""
        return [item(one) for one in fhir.entries(self.bundle, "MedicationRequest")]


class Orders:
    """All prescriptions of one service, by number."""

    def __init__(self, folder: Path | None = None) -> None:
        """Read what the folder holds. Raises StoreError."""
        self._folder = folder
        self._held: dict[str, Order] = {}
        if folder is not None:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for path in sorted(folder.glob("*.json")):
                one = _load(path)
                self._held[one.number] = one

    def __iter__(self) -> Iterator[Order]:
        return iter(list(self._held.values()))

    def get(self, number: str) -> Order | None:
        """Return one by its number."""
        return self._held.get(number)

    def by_message(self, message: str) -> Order | None:
        """Return the one that a message made."""
        return next((one for one in self._held.values() if one.message == message), None)

    def put(self, order: Order) -> None:
        """Keep one as it is now; in its folder when this returns. Raises OSError."""
        self._held[order.number] = order
        if self._folder is None:
            return
        path = self._folder / f"{order.number}.json"
        beside = path.with_suffix(".new")
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123 - by descriptor, for its mode
            json.dump(asdict(order), file, ensure_ascii=False)
        beside.replace(path)

    def counts(self) -> dict[str, int]:
        """Return how many stand in each state."""
        counted = Counter(one.status for one in self._held.values())
        return {status.value: counted[status] for status in Business if counted[status]}


def number(bundle: Resource) -> str:
    """Return the number of the prescription in a message; empty when it has none, or several."""
    found = {
        fhir.text(one, "groupIdentifier", "value")
        for one in fhir.entries(bundle, "MedicationRequest")
        if fhir.text(one, "groupIdentifier", "system") == NUMBER
    }
    return found.pop() if len(found) == 1 else ""


def checks(text: str) -> bool:
    """Whether the last sign of a number is the check character of the others (ISO 7064, MOD 37-2)."""
    signs = text.replace("-", "")
    if not signs or any(one not in _SIGNS for one in signs):
        return False
    total = 0
    for one in signs[:-1]:
        total = (total + _SIGNS.index(one)) * 2 % len(_SIGNS)
    return (total + _SIGNS.index(signs[-1])) % len(_SIGNS) == 1


def patient(bundle: Resource) -> str:
    """Return the NHS number of a message's patient."""
    found = fhir.entries(bundle, "Patient")
    return (fhir.identified(found[0].get("identifier"), NHS_NUMBER) or "") if found else ""


def hands(bundle: Resource) -> frozenset[str]:
    """Return SDS user ids of the prescribers in a message, and ODS codes of their practices."""
    users = (fhir.identified(one.get("identifier"), SDS_USER) for one in fhir.entries(bundle, "Practitioner"))
    codes = (fhir.identified(one.get("identifier"), ODS) for one in fhir.entries(bundle, "Organization"))
    return frozenset(one for one in (*users, *codes) if one is not None)


def item(request: Resource) -> str:
    """Return the identifier of an item."""
    return fhir.identified(request.get("identifier"), ITEM) or ""


def _load(path: Path) -> Order:
    try:
        held = json.loads(path.read_text("utf-8"))
        return Order(**{**held, "status": Business(held["status"])})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(
            "simulator.folder",
            Words(
                en=f"{path} is not a prescription that the simulator has kept; remove it, or name another "
                "folder.",
                fr=f"{path} n'est pas une prescription conservée par le simulateur ; retirez ce fichier, ou "
                "indiquez un autre dossier.",
            ),
        ) from error
