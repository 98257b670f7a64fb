"""The files are edited while the hub runs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import trustme

from hub.domain.address import Address
from hub.domain.party import RPPS, Identifier
from tests.plugins.annuaire_local.house import AUBEPINE, SURGERY, House, der


async def test_a_change_counts_within_a_second(house: House) -> None:
    """A line that was added is a mailbox, and one that was deleted is none."""
    directory = await house.open()
    new = Address.parse("new@hautmont.example")
    before = directory.held()
    assert await directory.by_address(new) is None
    house.edit("people.csv", "jean.sorbier@", "new@")
    entry = await directory.by_address(new)
    assert entry is not None
    assert await directory.by_address(Address.parse("jean.sorbier@hautmont.example")) is None
    assert entry.source == directory.held().version != before.version


async def test_a_broken_file_changes_nothing(house: House) -> None:
    """The old content answers, from its old version; the log names file, line and column."""
    directory = await house.open()
    before = await directory.by_address(Address.parse(AUBEPINE))
    house.edit("people.csv", "10001234565;;;;10;", "10001234566;;;;10;")
    assert await directory.by_address(Address.parse(AUBEPINE)) == before
    (level, event, fields) = house.log.lines[-1]
    assert (level, event, fields["part"]) == ("warning", "sheet.broken", "directories.house")
    assert fields["reason"] == (
        "people.csv, line 2, “RPPS”: This RPPS number is mistyped: its last digit does not fit the others."
    )
    (house.folder / "people.csv").unlink()
    house.wait()
    assert await directory.by_address(Address.parse(AUBEPINE)) == before


async def test_a_new_certificate_counts_too(house: House) -> None:
    """The PEM files are watched like the files that name them, and make another version."""
    directory = await house.open()
    before = directory.held().version
    leaf = trustme.CA().issue_cert(SURGERY).cert_chain_pems[0].bytes()
    (house.folder / "pem" / "chirurgie.pem").write_bytes(leaf)
    house.wait()
    entry = await directory.by_address(Address.parse(SURGERY))
    assert entry is not None
    assert entry.certificates == (der(leaf),)
    assert entry.source != before


async def test_what_was_broken_at_the_beginning_is_mended(house: House) -> None:
    """A hub that was started on a broken file answers as soon as it is whole."""
    house.edit("services.toml", 'mailbox = "application"', "mailbox = 1")
    directory = await house.open()
    house.edit("services.toml", "mailbox = 1", 'mailbox = "application"')
    assert await directory.by_address(Address.parse(AUBEPINE)) is not None


async def test_the_age_of_the_files_is_told(house: House) -> None:
    """An export that stopped is seen, when it is said how often it comes."""
    directory = await house.open(max_age="1d")
    held = directory.held()
    assert held.version.startswith("local 20")
    assert abs(held.at - datetime.now(UTC)) < timedelta(hours=1)
    house.clock.jump(held.at + timedelta(hours=25) - house.clock.now())
    assert directory.held().old
    assert not (await house.open()).held().old


async def test_the_bearers_own_order_counts(house: House) -> None:
    """Of several mailboxes of one person the first in rank comes first."""
    directory = await house.open()
    found = await directory.by_identifier(Identifier(RPPS, "810001234565"))
    assert [str(one.address) for one in found] == ["e.aubepine@valbrume.example", AUBEPINE]
    assert found == await directory.by_identifier(Identifier(RPPS, "10001234565"))
