"""Whatever rows are written in the real format are found again, word for word."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.domain.address import Address
from hub.domain.party import RPPS, Identifier
from hub.errors import MalformedError
from hub.ports.directory import Standing
from hub_annuaire import identifiers, names
from hub_annuaire.mailboxes import _Keys
from tests import build_annuaire as sample
from tests.plugins.annuaire.place import ACTIVITY, MAILBOXES, Place

_name = st.text(
    st.characters(codec="utf-8", categories=["L", "Nd"], include_characters=" -'’"), min_size=1
).filter(lambda text: names.clean(text) != "")
_local = st.from_regex(r"[A-Za-z0-9_+-]{1,12}(\.[A-Za-z0-9é-]{1,12}){0,3}", fullmatch=True)
_domain = st.sampled_from([sample.VALBRUME, sample.HOSPITAL, "Cabinet-LILAS.mssante.example"])
_people = st.lists(
    st.builds(
        sample.Professional,
        serial=st.integers(0, 9_999_999),
        given=_name,
        family=_name,
        local=_local,
        domain=_domain,
        works=st.sampled_from([(), (sample.TOWN,), (sample.TOWN, sample.CLINIC)]),
    ),
    min_size=1,
    max_size=20,
    unique_by=(lambda one: one.serial, lambda one: Address.parse(one.address).key),
).filter(lambda people: any(one.works for one in people))


@settings(max_examples=40, deadline=None)
@given(_people)
async def test_generated_rows_round_trip(people: list[sample.Professional]) -> None:
    """Each professional is found by address and by RPPS, with name and standing."""
    with tempfile.TemporaryDirectory() as folder:
        place = Place(Path(folder))
        (place.folder / "files").mkdir()
        rows = [sample.SEPARATOR.join(sample.MAILBOX_COLUMNS), *map(sample.personal, people)]
        place.path(MAILBOXES).write_bytes(("\n".join(rows) + "\n").encode())
        place.path(ACTIVITY).write_bytes(sample.activity_file(people).encode())
        loaded = place.load()
        directory = place.directory()
        assert loaded.mailboxes == len(people)
        assert loaded.professionals == sum(bool(one.works) for one in people)
        for one in people:
            entry = await directory.by_address(Address.parse(one.address.upper()))
            assert entry is not None
            assert entry.address == Address.parse(one.address)
            assert entry.name == names.of_person(one.title, one.given, one.family)
            assert entry.standing == (Standing.ACTIVE if one.works else Standing.UNKNOWN)
            assert await directory.by_identifier(Identifier(RPPS, f"8{one.rpps}")) == (entry,)
        place.close()


@given(st.text(alphabet="aA.@é%/-_ xX09", max_size=80) | st.builds("{}@{}".format, _local, _domain))
def test_the_fast_way_to_a_key_is_the_strict_parsers(text: str) -> None:
    """Whatever the address, and whether its domain was seen before or not."""
    keys = _Keys()
    for seen in ("a@aa.xx", "a@valbrume.mssante.example", "a@x-x.aa"):
        keys.of(seen)
    try:
        expected = Address.parse(text).key
    except MalformedError:
        expected = None
    for _ in range(2):
        try:
            found = keys.of(text)
        except MalformedError:
            found = None
        assert expected == found


@given(st.integers(0, 9_999_999), st.integers(0, 10), st.integers(1, 9))
def test_a_misread_digit_of_an_rpps_is_noticed(serial: int, place: int, by: int) -> None:
    """The sample writes the check digit in full, the plugin by table: they agree."""
    rpps = sample.rpps(serial)
    assert identifiers.check_digit(rpps[:-1]) == rpps[-1]
    assert identifiers.wrong_person(f"8{rpps}") is None
    misread = rpps[:place] + str((int(rpps[place]) + by) % 10) + rpps[place + 1 :]
    assert identifiers.wrong_person(f"8{misread}") is not None


@given(st.text())
def test_names_can_stand_in_an_envelope(text: str) -> None:
    """One line, normal form C, nothing invisible; cleaning again changes nothing."""
    cleaned = names.clean(text)
    assert cleaned.isprintable()
    assert cleaned == names.clean(cleaned)
