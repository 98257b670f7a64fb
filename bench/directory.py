"""The whole country's directory: how fast it is imported, in how much memory, and how fast it answers.

    python bench/directory.py            # a hundredth of the country
    python bench/directory.py --full     # 1,800,000 people, 2,000,000 activities, 536,000 mailboxes

Makes the extractions of two days (`bench/country.py`), then measures, each phase in a process of its
own so that its memory is its own: the first import, the next day's, look-ups while either runs (in a
thread of the answering process, and in another process), and every kind of search. Memory is the
greatest resident set that the kernel has seen (`getrusage`) of the process and of those it started, added.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import country as countries
import questions

from hub.domain.address import Address
from hub.domain.party import RPPS, Identifier
from hub.plugin.ledger import EphemeralLedger
from hub.ports.filling import Loaded
from hub.ports.host import Host
from hub.testing.fakes import FixedChance, NullLog
from hub_annuaire.directory import Annuaire
from hub_annuaire.settings import Settings

SMALL = (18_000, 5_360)
FULL = (1_800_000, 536_000)
BURST, PAUSE = 20, 0.005
"""Look-ups at once while an import runs, and seconds between."""
LOOK_UPS = 20_000
PEOPLE_TYPED = 500
SHOWN = 20


class Now:
    """The machine's clock (`Clock`)."""

    def now(self) -> datetime:
        """Return the present in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds."""
        return time.monotonic()


def opened(data: Path) -> Annuaire:
    """Open the directory of a folder."""
    data.mkdir(exist_ok=True)
    host = Host(
        name="bench", hub_name="hub.example", address=Address.parse("hub@hub.example"), clock=Now(),
        chance=FixedChance(), log=NullLog(), data=data, ledger=EphemeralLedger())  # fmt: skip
    return Annuaire(Settings(max_age=timedelta(days=3650)), host)


def load(data: Path, country: countries.Country, day: str) -> Loaded:
    """Import a day's extractions."""
    return opened(data).load(country.files[day], lambda _file, _done, _all: None)


def measured(data: Path, country: countries.Country, day: str) -> None:
    """Import, and print how long it took and how much memory."""
    begun = time.perf_counter()
    loaded = load(data, country, day)
    spent = time.perf_counter() - begun
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    own, others = (one.ru_maxrss / 1024 for one in used)
    worked = sum(one.ru_utime + one.ru_stime for one in used)
    print(
        f"  {spent:.1f} s, in which it worked {worked:.1f} s (the machine has other work if that is far less)"
    )
    print(f"  {own + others:.0f} MiB at most ({own:.0f} own, {others:.0f} of its children)")
    size = opened(data).file.stat().st_size / 1e6
    print(
        f"  {loaded.professionals:,} professionals, {loaded.mailboxes:,} mailboxes; {size:.0f} MB of database"
    )
    if loaded.changes is not None:
        print(f"  found: {loaded.changes}")
        print(f"  made:  {country.changes}")


class Asked:
    """Durations of answers, in nanoseconds."""

    def __init__(self) -> None:
        self.spent: list[int] = []
        self.versions: dict[str, None] = {}

    async def ask(self, question: Callable[[], Awaitable[object]]) -> object:
        """Ask, and take the time."""
        begun = time.perf_counter_ns()
        answer = await question()
        self.spent.append(time.perf_counter_ns() - begun)
        return answer

    def say(self, what: str) -> None:
        """Print what came out, in milliseconds."""
        spent = sorted(self.spent)
        p50, p95, p99 = (spent[len(spent) * part // 100] / 1e6 for part in (50, 95, 99))
        print(
            f"  {what:<12} p50 {p50:.3f}  p95 {p95:.3f}  p99 {p99:.3f}  max {spent[-1] / 1e6:.3f} ms "
            f"({len(spent):,} questions)"
        )


async def look_up(
    directory: Annuaire, country: countries.Country, until: Callable[[], bool], pause: float = PAUSE
) -> None:
    """Look people up by address and identifier until it is time to stop; whoever is missing ends it."""
    by_address, by_identifier = Asked(), Asked()
    versions: dict[str, None] = {}
    people = country.samples
    number = 0
    ending = False
    while not ending:
        ending = until()  # and once more after it
        for _ in range(BURST):
            one = people[number * 7919 % len(people)]
            number += 1
            address, rpps = Address.parse(one.address), Identifier(RPPS, f"8{one.rpps}")
            entry = await by_address.ask(lambda address=address: directory.by_address(address))
            entries = await by_identifier.ask(lambda rpps=rpps: directory.by_identifier(rpps))
            if entry is None or entry not in entries:
                raise SystemExit("somebody who stands in both files is not found")
            versions[entry.source] = None
        await asyncio.sleep(pause)
    by_address.say("by address")
    by_identifier.say("by RPPS")
    print(f"  answered from {', '.join(versions)}; every one found every time")


async def quiet(data: Path, country: countries.Country) -> None:
    """Look up while nothing else happens."""
    left = iter(range(LOOK_UPS // BURST))
    await look_up(opened(data), country, lambda: next(left, None) is None, 0)


async def in_thread(data: Path, imported: Path, country: countries.Country, day: str) -> None:
    """Look up while a thread of this process imports, into the same directory or another one."""
    directory = opened(data)
    loader = directory if imported == data else opened(imported)
    work = asyncio.create_task(
        asyncio.to_thread(loader.load, country.files[day], lambda _file, _done, _all: None)
    )
    begun = time.perf_counter()
    await look_up(directory, country, work.done)
    await work
    print(f"  (the import took {time.perf_counter() - begun:.1f} s beside this)")


async def beside(data: Path, imported: Path, folder: Path, country: countries.Country, day: str) -> None:
    """Look up while another process imports."""
    begun = time.perf_counter()
    other = await asyncio.create_subprocess_exec(*_command("load", data=imported, folder=folder, day=day))
    ended = asyncio.create_task(other.wait())
    await look_up(opened(data), country, ended.done)
    print(f"  (the import took {time.perf_counter() - begun:.1f} s beside this)")


async def search(data: Path, country: countries.Country) -> None:
    """Search as people type, mistype and describe."""
    directory = opened(data)
    typing, hard, slips, described = Asked(), Asked(), Asked(), Asked()
    for text in questions.typed(country.samples, PEOPLE_TYPED):
        asked = hard if text in questions.HARD else typing
        await asked.ask(lambda text=text: directory.search(text, SHOWN))
    typing.say("as one types")
    hard.say("hard ones")
    found = 0
    mistyped = list(questions.mistyped(country.samples, PEOPLE_TYPED))
    for address, meant in mistyped:
        near = await slips.ask(lambda address=address: directory.near(address))
        found += meant in {one.key for one in _addresses(near)}
    slips.say("mistyped")
    print(f"  {found * 100 // len(mistyped)} % of mistyped addresses are recognised")
    for sought in questions.descriptions(country.samples, PEOPLE_TYPED):
        if not await described.ask(lambda sought=sought: directory.by_description(sought, 10)):
            raise SystemExit("somebody is not found by what the files say of them")
    described.say("described")


def _addresses(near: object) -> Iterable[Address]:
    return near if isinstance(near, tuple) else ()


def _command(phase: str, **asked: object) -> list[str]:
    options = [part for name, value in asked.items() for part in (f"--{name}", str(value))]
    return [sys.executable, __file__, "--phase", phase, *options]


def _phase(asked: argparse.Namespace) -> None:
    country = countries.load(asked.folder)
    other = asked.imported or asked.data
    if asked.phase == "load":
        load(asked.data, country, asked.day)
    elif asked.phase == "measured":
        measured(asked.data, country, asked.day)
    elif asked.phase == "quiet":
        asyncio.run(quiet(asked.data, country))
    elif asked.phase == "thread":
        asyncio.run(in_thread(asked.data, other, country, asked.day))
    elif asked.phase == "beside":
        asyncio.run(beside(asked.data, other, asked.folder, country, asked.day))
    elif asked.phase == "search":
        asyncio.run(search(asked.data, country))


def _run(title: str, phase: str, **asked: object) -> None:
    print(title, flush=True)
    subprocess.run(_command(phase, **asked), check=True)


def everything(folder: Path, work: Path) -> None:
    """Run every phase over a country."""
    data, held = work / "data", work / "held"
    days = tuple(countries.DAYS)
    _run("first import (target: 90 s, 500 MB)", "measured", data=data, folder=folder, day=days[0])
    _run("look-ups, nothing else going on", "quiet", data=data, folder=folder)
    _run("searches (target: p95 30 ms)", "search", data=data, folder=folder)
    shutil.copytree(data, held)

    def again() -> None:
        shutil.rmtree(data)
        shutil.copytree(held, data)

    _run("next day's import (target: 30 s)", "measured", data=data, folder=folder, day=days[1])
    _run("searches after it", "search", data=data, folder=folder)
    target = "(target: p99 1 ms)"
    for where, phase in (("a thread", "thread"), ("another process", "beside")):
        again()
        _run(
            f"look-ups while {where} imports the next day {target}",
            phase,
            data=data,
            folder=folder,
            day=days[1],
        )
        first = work / f"first-{phase}"
        _run(
            f"look-ups while {where} makes a first import {target}",
            phase, data=data, imported=first, folder=folder, day=days[0],
        )  # fmt: skip
        shutil.rmtree(first)


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser(description="Measure the national directory.")
    parser.add_argument("--full", action="store_true", help="the whole country")
    parser.add_argument("--people", type=int)
    parser.add_argument("--mailboxes", type=int)
    parser.add_argument("--folder", type=Path, help="where the country is, or will be kept")
    parser.add_argument("--phase", help=argparse.SUPPRESS)
    parser.add_argument("--data", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--imported", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--day", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.phase:
        _phase(asked)
        return
    people, mailboxes = FULL if asked.full else SMALL
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        folder = asked.folder or work / "country"
        if not (folder / countries.NOTES).exists():
            size = (f"--people={asked.people or people}", f"--mailboxes={asked.mailboxes or mailboxes}")
            print("making the country", flush=True)
            subprocess.run([sys.executable, countries.__file__, str(folder), *size], check=True)
        country = countries.load(folder)
        print(
            f"{country.people:,} people, {country.lines:,} activities, {country.mailboxes:,} mailboxes; "
            f"{os.cpu_count()} cores",
            flush=True,
        )
        for path in country.files["day-1"]:
            print(f"  {path.name}: {path.stat().st_size / 1e6:.0f} MB", flush=True)
        everything(folder, work)


if __name__ == "__main__":
    main()
