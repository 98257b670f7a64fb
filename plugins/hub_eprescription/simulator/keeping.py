"""What the double holds: in memory, and in a folder when it is given one, so that a restart keeps it.

One JSON file for each prescription, replaced whole; only its owner may read it. Messages between patients and
pharmacies, consents and bills live in memory only.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from hub.errors import StoreError, Words
from hub_eprescription.simulator import numbers, tasks
from hub_eprescription.simulator.tasks import Held, State

_SUFFIX: Final = ".json"


class Kept:
    """All prescriptions of one service, by number. `first` is where numbers begin.

    A service that begins later numbers higher: what a hub remembers of an earlier one never gets mixed up.
    """

    def __init__(self, folder: Path | None = None, *, first: int = 0) -> None:
        """Read what the folder holds. Raises StoreError."""
        self._folder = folder
        self._held: dict[str, Held] = {}
        self._serial = first
        if folder is not None:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for path in sorted(folder.glob(f"*{_SUFFIX}")):
                one = _load(path)
                self._held[one.number] = one
                self._serial = max(self._serial, numbers.serial(one.number))

    def __iter__(self) -> Iterator[Held]:
        return iter(list(self._held.values()))

    def get(self, number: str) -> Held | None:
        """Return one by its number."""
        return self._held.get(number)

    def next_number(self, flow: str) -> str:
        """Return a number that no prescription has had."""
        self._serial += 1
        return numbers.number(flow, self._serial)

    def put(self, held: Held) -> None:
        """Keep one as it is now; in its folder when this returns. Raises OSError."""
        self._held[held.number] = held
        if self._folder is None:
            return
        path = self._folder / f"{held.number}{_SUFFIX}"
        beside = path.with_suffix(".new")
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123 - by descriptor, for its mode
            json.dump(tasks.spelt(held), file, ensure_ascii=False)
        beside.replace(path)

    def clear(self) -> None:
        """Forget all; no number comes again."""
        if self._folder is not None:
            for number in self._held:
                (self._folder / f"{number}{_SUFFIX}").unlink(missing_ok=True)
        self._held.clear()

    def counts(self) -> dict[str, int]:
        """Return how many stand in each state."""
        counted = Counter(one.state for one in self._held.values())
        return {state.value: counted[state] for state in State}


def _load(path: Path) -> Held:
    try:
        return tasks.told(json.loads(path.read_text("utf-8")))
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
