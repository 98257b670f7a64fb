"""How fast the national directory is imported, in how much memory, and how fast it answers.

    python bench/directory.py --mailboxes 536000 --lines 2000000

Makes files of the real shape (31 and 56 columns, several lines per professional), imports them twice
(the second import has a history), then looks up addresses at random and identifiers in turn.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import resource
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hub.domain.address import Address
from hub.domain.party import RPPS, Identifier
from hub.ports.host import Host
from hub.testing.fakes import FixedChance, NullLog
from hub_annuaire.directory import Annuaire
from hub_annuaire.identifiers import check_digit
from hub_annuaire.settings import Settings

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
import build_annuaire as shape

LOOK_UPS = 50_000
NAMES = ("Extraction_Correspondance_MSSante", "PS_LibreAcces_Personne_activite")


class Now:
    """The machine's clock (`Clock`)."""

    def now(self) -> datetime:
        """Return the present in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds."""
        return time.monotonic()


def professional(serial: int) -> shape.Professional:
    """Return the invented professional of a number."""
    return shape.Professional(
        serial=serial, given="Élodie", family=f"Aubépine {serial}", domain=shape.VALBRUME, works=()
    )


def rpps(serial: int) -> str:
    """Return the national identifier of a number."""
    digits = f"999{serial:07d}"
    return f"8{digits}{check_digit(digits)}"


def write(folder: Path, mailboxes: int, lines: int) -> list[Path]:
    """Write both extractions; every sixth mailbox is a structure's."""
    people = max(lines * 6 // 10, mailboxes)
    person = shape.personal(professional(7)).split("|")
    structure = shape.shared("ORG", "x@y.example", shape.HAUTMONT, "Chirurgie").split("|")
    works = shape.activity(professional(7), shape.HAUTMONT).split("|")
    paths = [folder / f"{name}_{shape.TODAY}.txt" for name in NAMES]
    with paths[0].open("w", encoding="utf-8", buffering=1 << 20) as file:
        file.write("|".join(shape.MAILBOX_COLUMNS) + "\n")
        for number in range(mailboxes):
            if of_structure(number):
                structure[1] = f"service.{number}@{shape.HOSPITAL}"
                structure[6] = f"99{number % 40_000:07d}"
                file.write("|".join(structure) + "\n")
            else:
                national = rpps(number)
                person[1], person[3], person[4] = address(number), national[1:], national
                file.write("|".join(person) + "\n")
    with paths[1].open("w", encoding="utf-8", buffering=1 << 20) as file:
        file.write("|".join(shape.ACTIVITY_COLUMNS) + "\n")
        for number in range(lines):
            national = rpps(number * people // lines)
            works[1], works[2] = national[1:], national
            file.write("|".join(works) + "\n")
    return paths


def of_structure(number: int) -> bool:
    """Whether a mailbox is a structure's: every sixth."""
    return number % 6 == 0


def address(number: int) -> str:
    """Return the mailbox of a number; the file is not in the order of addresses."""
    return f"elodie.{number * 7919 % 1_000_003:06d}.{number}@{shape.VALBRUME}"


async def time_look_ups(ask: Sequence[Callable[[], Awaitable[object]]]) -> str:
    """Ask each question once; return p50 and p99 in microseconds."""
    spent = []
    for question in ask:
        begun = time.perf_counter_ns()
        answer = await question()
        spent.append(time.perf_counter_ns() - begun)
        if not answer:
            raise SystemExit("a mailbox that was imported is not found")
    spent.sort()
    return f"p50 {spent[len(spent) // 2] / 1000:.1f} µs  p99 {spent[len(spent) * 99 // 100] / 1000:.1f} µs"


async def look_up(directory: Annuaire, mailboxes: int) -> None:
    """Print how fast it answers."""
    chance = random.Random(1)  # noqa: S311 - to be the same in every run is its purpose
    numbers = [one for one in (chance.randrange(mailboxes) for _ in range(LOOK_UPS)) if not of_structure(one)]
    addresses = [Address.parse(address(one)) for one in numbers]
    identifiers = [Identifier(RPPS, rpps(one)) for one in numbers]
    print(
        "by address   ", await time_look_ups([lambda one=one: directory.by_address(one) for one in addresses])
    )
    print(
        "by identifier",
        await time_look_ups([lambda one=one: directory.by_identifier(one) for one in identifiers]),
    )
    again = addresses[:1000] * 20
    print("again        ", await time_look_ups([lambda one=one: directory.by_address(one) for one in again]))


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--mailboxes", type=int, default=50_000)
    parser.add_argument("--lines", type=int, default=200_000, help="lines of the activity file")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        host = Host(
            name="bench",
            hub_name="hub.example",
            address=Address.parse("hub@hub.example"),
            clock=Now(),
            chance=FixedChance(),
            log=NullLog(),
            data=folder,
        )
        directory = Annuaire(Settings(max_age=timedelta(days=3650)), host)
        files = write(folder, asked.mailboxes, asked.lines)
        print(*(f"{one.name}: {one.stat().st_size / 1e6:.0f} MB" for one in files), sep="\n")
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for what in ("first import ", "second import"):
            begun = time.perf_counter()
            loaded = directory.load(files, lambda _file, _done, _all: None)
            spent = time.perf_counter() - begun
            total = asked.mailboxes + asked.lines
            print(f"{what} {total / spent:,.0f} lines/s ({spent:.1f} s, {loaded.mailboxes:,} mailboxes)")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        print(f"memory        {peak / 1024:.0f} MiB at most, {before / 1024:.0f} MiB before the imports")
        print(f"database      {directory.file.stat().st_size / 1e6:.0f} MB")
        asyncio.run(look_up(directory, asked.mailboxes))
        directory.close()


if __name__ == "__main__":
    main()
