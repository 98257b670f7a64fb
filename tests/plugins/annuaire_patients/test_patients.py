"""Patients' mailboxes: what is one, who may be written to, and that nobody is told more than they knew."""

from __future__ import annotations

import re
import subprocess
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

import hub_annuaire
from hub.domain.address import Address
from hub.domain.party import INS_NIA, INS_NIR, INS_TEST, Identifier
from hub.domain.target import ins, ins_key
from hub.errors import ConfigError
from hub.plugin import Registry, Table
from hub.plugin.ledger import EphemeralLedger
from hub.ports.directory import DirectoryUnavailableError, Entry, MailboxKind, Standing
from hub.ports.filling import Dated
from hub.ports.host import Host
from hub.ports.looking import Describes, Searches, Suggests
from hub.testing.directory_contract import DirectoryContract, DirectoryRig
from hub.testing.fakes import FixedChance, FixedClock, RecordingLog
from hub_annuaire.patients.directory import Patients, open_directory
from hub_annuaire.patients.settings import parse
from tests import counterparts

NOON: Final = datetime(2026, 8, 26, 12, tzinfo=UTC)
DOMAIN: Final = "patient.mssante.example"
CLAIRE: Final = "255081416802538"
CORSE: Final = f"199052A013001{ins_key('199052A013001'):02}"
WAITING: Final = f"8550814168025{ins_key('8550814168025'):02}"
PREFIX: Final = "The list of patients who are not to be written to can't be read: "
SALT: Final = "0123456789abcdef0123456789abcdef"


@dataclass(slots=True)
class Ward:
    """A folder with the list of the blocked, and directories over it."""

    folder: Path
    clock: FixedClock = field(default_factory=lambda: FixedClock(NOON))
    log: RecordingLog = field(default_factory=RecordingLog)
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def open(self, **values: Any) -> Patients:
        """Open a directory as the configuration would."""
        values.setdefault("domains", [DOMAIN])
        settings = parse(Table(values, file=self.folder / "hub.toml", path="directories.patients"))
        host = Host(
            name="patients",
            hub_name="hub.example",
            address=Address.parse("hub@hub.example"),
            clock=self.clock,
            chance=FixedChance(),
            log=self.log,
            data=self.folder,
            ledger=EphemeralLedger(),
        )
        return await self.stack.enter_async_context(open_directory(settings, host))

    def write(self, text: str, name: str = "blocked.csv") -> None:
        """Write a file, and let the second pass after which it is looked at."""
        (self.folder / name).write_text(text)
        self.clock.advance(timedelta(seconds=1))


@pytest.fixture
async def ward(tmp_path: Path) -> AsyncIterator[Ward]:
    """Return a place for each test."""
    ward = Ward(tmp_path)
    yield ward
    await ward.stack.aclose()


async def _entry(directory: Patients, number: str, domain: str = DOMAIN) -> Entry:
    entry = await directory.by_address(Address(number, domain))
    assert entry is not None
    return entry


def _by_openssl(number: str) -> str:
    openssl = [counterparts.program("openssl"), "dgst", "-sha256", "-hmac", SALT]
    made = subprocess.run(openssl, input=number, capture_output=True, text=True, check=True)
    return made.stdout.split()[-1]


class TestPatients(DirectoryContract):
    @pytest.fixture
    async def rig(self, ward: Ward) -> DirectoryRig:
        """Return a directory where one patient is blocked, and one whose list is missing."""
        ward.write(f"patient;since\n{CORSE};2026-08-01\n")
        directory = await ward.open(blocked=["blocked.csv"])
        return DirectoryRig(
            directory=directory,
            listed=[await _entry(directory, one) for one in (CLAIRE, CORSE, WAITING)],
            unavailable=await ward.open(blocked=["none.csv"]),
        )


class TestPatientsForTests(DirectoryContract):
    @pytest.fixture
    async def rig(self, ward: Ward) -> DirectoryRig:
        """Return a directory of the test range."""
        directory = await ward.open(test=True)
        return DirectoryRig(
            directory=directory,
            listed=[await _entry(directory, one) for one in (CLAIRE, CORSE, WAITING)],
            unavailable=await ward.open(blocked=["none.csv"], test=True),
        )


@pytest.mark.parametrize(
    ("number", "system"), [(CLAIRE, INS_NIR), (CORSE, INS_NIR), (CORSE.lower(), INS_NIR), (WAITING, INS_NIA)]
)
async def test_a_well_formed_number_is_a_mailbox(number: str, system: str, ward: Ward) -> None:
    """Its bearer is a patient without a name, and nobody is shown it."""
    entry = await _entry(await ward.open(), number)
    assert entry == Entry(
        address=Address(number.upper(), DOMAIN),
        mailbox=MailboxKind.PATIENT,
        name="Patient",
        identifiers=(Identifier(system, number.upper()),),
        standing=Standing.ACTIVE,
        source="patients",
        unlisted=True,
    )


@given(number=st.from_regex(r"[1-8][0-9]{4}([0-9]{2}|2A|2B)[0-9]{6}", fullmatch=True), off=st.integers(0, 96))
async def test_only_the_right_key_is_a_mailbox(
    number: str, off: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A mistyped number reaches nobody, let alone somebody else."""
    ward = Ward(tmp_path_factory.mktemp("ward"))
    async with ward.stack:
        directory = await ward.open()
        key = ins_key(number)
        other = (key - 1 + off) % 97 + 1
        found = await directory.by_address(Address(f"{number}{other:02}", DOMAIN))
        assert (found is not None) == (other == key)


@pytest.mark.parametrize(
    "address",
    [
        f"{CLAIRE[:13]}@{DOMAIN}",
        f"{CLAIRE}0@{DOMAIN}",
        f"{CLAIRE}+news@{DOMAIN}",
        f"claire@{DOMAIN}",
        f"{CLAIRE}@mssante.example",
        f"{CLAIRE}@x.{DOMAIN}",
    ],
)
async def test_nothing_else_is_a_mailbox(address: str, ward: Ward) -> None:
    """Neither half a number, nor a name, nor another domain."""
    assert await (await ward.open()).by_address(Address.parse(address)) is None


async def test_a_number_leads_to_the_address(ward: Ward) -> None:
    """At each of the domains, the preferred first; numbers for tests lead nowhere."""
    directory = await ward.open(domains=[DOMAIN, "citoyen.example"])
    found = await directory.by_identifier(ins(CLAIRE))
    assert [str(one.address) for one in found] == [f"{CLAIRE}@{DOMAIN}", f"{CLAIRE}@citoyen.example"]
    assert await directory.by_identifier(Identifier(INS_TEST, CLAIRE)) == ()


async def test_a_directory_for_tests_takes_all_for_tests(ward: Ward) -> None:
    """Whatever system is asked for, the identity is of the test range."""
    directory = await ward.open(test=True)
    for system in (INS_NIR, INS_NIA, INS_TEST):
        (entry,) = await directory.by_identifier(Identifier(system, CLAIRE))
        assert entry.identifiers == (Identifier(INS_TEST, CLAIRE),)


async def test_nobody_can_look_around_in_it(ward: Ward) -> None:
    """There is no list of patients, and no number is suggested for another."""
    directory = await ward.open()
    assert not isinstance(directory, Searches | Describes | Suggests)
    assert isinstance(directory, Dated)
    assert directory.held().version == "patients"


@pytest.mark.parametrize("spelling", ["plain", "digest"])
async def test_a_blocked_patient_is_not_written_to(spelling: str, ward: Ward) -> None:
    """From the first day to the last, whether the list says the number or its digest."""
    (ward.folder / "salt").write_text(SALT + "\n")
    column, value = ("patient", CLAIRE) if spelling == "plain" else ("Empreinte", _by_openssl(CLAIRE))
    ward.write(f"{column};depuis;jusqu'au\n{value};2026-08-27;2026-08-28\n{value};2026-09-01;\n")
    directory = await ward.open(blocked=["blocked.csv"], salt="salt")
    told = []
    for _ in range(7):
        entry = await _entry(directory, CLAIRE)
        told.append((entry.standing, entry.since, entry.until))
        ward.clock.advance(timedelta(days=1))
    first = (Standing.CEASED, date(2026, 8, 27), date(2026, 8, 28))
    second = (Standing.CEASED, date(2026, 9, 1), None)
    free = (Standing.ACTIVE, None, None)
    assert told == [free, first, first, free, free, free, second]
    assert (await _entry(directory, CORSE)).standing is Standing.ACTIVE


async def test_the_list_may_change(ward: Ward) -> None:
    """It counts within a second, its version says which one decided, and a broken one changes nothing."""
    ward.write("ins\n")
    directory = await ward.open(blocked=["blocked.csv"])
    before = await _entry(directory, CLAIRE)
    ward.write(f"ins\n{CLAIRE}\n")
    after = await _entry(directory, CLAIRE)
    assert (before.standing, after.standing) == (Standing.ACTIVE, Standing.CEASED)
    assert before.source != after.source == directory.held().version
    ward.write(f"ins\n{CLAIRE[:-1]}9\n")
    assert await _entry(directory, CLAIRE) == after
    assert ward.log.lines[-1][2]["reason"] == (
        "blocked.csv, line 2, “ins”: This INS matricule is mistyped: its key does not fit the number."
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"ins\n{CLAIRE}\n{CLAIRE}\n", "blocked.csv, line 3, “ins”: stands already in blocked.csv, line 2."),
        ("ins;digest\n;00\n", "blocked.csv, line 2, “digest”: can't be compared without the key “salt”"),
        (f"ins;digest\n{CLAIRE};00\n", "blocked.csv, line 2, “digest”: stands beside the number"),
        ("ins;since\n;2026-01-01\n", "blocked.csv, line 2, “ins”: is missing: it takes a text."),
    ],
)
async def test_a_mistake_in_the_list_makes_everything_wait(text: str, words: str, ward: Ward) -> None:
    """Nobody is written to who might be on it; file, line and column are named, numbers are not."""
    ward.write(text)
    directory = await ward.open(blocked=["blocked.csv"])
    with pytest.raises(DirectoryUnavailableError) as caught:
        await directory.by_address(Address(CLAIRE, DOMAIN))
    assert caught.value.words.en.removeprefix(PREFIX).startswith(words)
    assert CLAIRE not in str(caught.value) + caught.value.words.fr + str(ward.log.lines)


async def test_a_digest_must_be_one(ward: Ward) -> None:
    """64 hexadecimal signs, of the configured secret."""
    (ward.folder / "salt").write_text(SALT)
    ward.write("digest\n00\n")
    directory = await ward.open(blocked=["blocked.csv"], salt="salt")
    with pytest.raises(DirectoryUnavailableError, match="64 hexadecimal signs"):
        await directory.by_address(Address(CLAIRE, DOMAIN))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"domains": []}, "domains names no domain"),
        ({"domains": ["nowhere"]}, "domains names no domain"),
        ({"salt": "none"}, "salt is not a file that can be read"),
        ({"salt": "short"}, "salt is a file of less than 16 bytes"),
        ({"colour": 1}, "colour is not known here; known are blocked, domains, encoding, salt, test, zone"),
    ],
)
async def test_a_wrong_table_is_named(values: dict[str, Any], words: str, ward: Ward) -> None:
    """File and key, and what would be right."""
    ward.write("secret", "short")
    with pytest.raises(ConfigError, match=re.escape(f"directories.patients.{words}")):
        await ward.open(**values)


def test_the_plugin_offers_the_kind() -> None:
    """Under the name that the configuration uses."""
    registry = Registry("annuaire")
    hub_annuaire.hub_register_directories(registry)
    assert ("directories", "patients") in [(offer.type.value, offer.kind) for offer in registry.offers]
