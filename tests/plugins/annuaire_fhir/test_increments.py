"""However changes come, a copy that followed them holds what a new one would."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Event

from hypothesis import given, settings
from hypothesis import strategies as st
from yarl import URL

from hub.domain.party import FINESS, RPPS, Identifier
from hub.ports.directory import Coded, MailboxKind
from hub.ports.filling import Loaded
from hub_annuaire.fhir import schema
from hub_annuaire.fhir.applying import Applying
from hub_annuaire.fhir.arriving import Arriving, Task
from hub_annuaire.fhir.files import Files
from hub_annuaire.fhir.pages import Page
from hub_annuaire.fhir.records import Box, Record, Tenure
from hub_annuaire.fhir.vocabulary import Kind

NOON = datetime(2026, 8, 26, 12, tzinfo=UTC)
KEYS = ("a@x.example", "b@x.example", "c@x.example")

_boxes = st.lists(
    st.builds(
        Box,
        address=st.sampled_from(KEYS),
        key=st.just(""),
        mailbox=st.sampled_from([MailboxKind.PERSONAL, MailboxKind.PRACTICE, MailboxKind.ORGANISATIONAL]),
        rank=st.sampled_from([None, 1, 2]),
        unlisted=st.booleans(),
        service=st.sampled_from(["", "Chirurgie"]),
    ),
    max_size=2,
)
_tenures = st.builds(
    Tenure,
    active=st.sampled_from([True, True, False, None]),
    ended=st.sampled_from([None, None, date(2026, 8, 1), date(2027, 1, 1)]),
    died=st.booleans(),
)


@st.composite
def _records(draw: st.DrawFn) -> Record:
    kind = draw(st.sampled_from(Kind))
    number = draw(st.integers(0, 2))
    boxes = tuple(
        Box(address=one.address, key=one.address, mailbox=one.mailbox, rank=one.rank,
            unlisted=one.unlisted, service=one.service)
        for one in {one.address: one for one in draw(_boxes)}.values()
    )  # fmt: skip
    person = draw(st.sampled_from(["0", "1", "2", "absent"]))
    place = draw(st.sampled_from(["0", "1", "2", "absent", ""]))
    system = {Kind.PRACTITIONER: RPPS, Kind.ORGANIZATION: FINESS}.get(kind)
    return Record(
        kind=kind,
        id=str(number),
        tenure=draw(_tenures),
        name=draw(st.sampled_from(["", "Aubépine", "Bruyère"])),
        identifiers=(Identifier(system, str(number)),) if system else (),
        profession=Coded("10", "Médecin") if kind is Kind.PRACTITIONER else None,
        practitioner=person if kind is Kind.ROLE else "",
        organization=place if kind is Kind.ROLE else "",
        town=draw(st.sampled_from(["", "Hautmont"])) if kind is Kind.ORGANIZATION else "",
        boxes=boxes,
    )


def _synchronise(folder: Path, records: Sequence[Record], since: str, at: datetime) -> Loaded:
    files = Files(folder)
    arriving = Arriving.begin(files, Task(server="s", since=since))
    page = Page(records=tuple(records), unreadable=(), next=None, total=None)
    arriving.take(Kind.ROLE, URL("https://x.example/"), page, at.isoformat())
    applying = Applying(files=files, now=at, max_loss=100, stop=Event())
    held = files.current()
    if since and held is not None:
        loaded = applying.increment(arriving, held)
    else:
        loaded = applying.whole(arriving, held)
    arriving.close()
    return loaded


def _answers(folder: Path) -> list[list[tuple[object, ...]]]:
    path = Files(folder).current()
    assert path is not None
    with closing(schema.open_reading(path)) as connection:
        return [
            connection.execute(statement).fetchall()
            for statement in (
                "SELECT * FROM mailbox ORDER BY key",
                "SELECT * FROM bearer ORDER BY system, value, key",
                "SELECT key, band, name, trade, town, other FROM looking_row ORDER BY key",
                "SELECT value FROM fact WHERE name IN ('people', 'mailboxes') ORDER BY name",
            )
        ]


@given(st.lists(st.lists(_records(), min_size=1, max_size=4), min_size=1, max_size=5))
@settings(max_examples=30, deadline=None)
def test_following_changes_comes_to_the_same_as_a_new_copy(steps: list[list[Record]]) -> None:
    """Mailboxes, bearers, what can be searched, and the counts."""
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        everything: dict[tuple[Kind, str], Record] = {}
        for number, step in enumerate(steps):
            everything |= {(record.kind, record.id): record for record in step}
            at = NOON + timedelta(hours=number)
            _synchronise(Path(one), step, at.isoformat() if number else "", at)
        last = NOON + timedelta(hours=len(steps) - 1)
        _synchronise(Path(other), list(everything.values()), "", last)
        assert _answers(Path(one)) == _answers(Path(other))


@given(st.lists(_records(), max_size=6), st.lists(_records(), max_size=6))
@settings(max_examples=30, deadline=None)
def test_changes_are_counted_alike(before: list[Record], after: list[Record]) -> None:
    """By an increment, and by a new copy that is compared with the old one."""
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        at = NOON + timedelta(hours=1)
        for folder in (one, other):
            _synchronise(Path(folder), before, "", NOON)
        merged = {(record.kind, record.id): record for record in [*before, *after]}
        by_increment = _synchronise(Path(one), after, at.isoformat(), at).changes
        by_copy = _synchronise(Path(other), list(merged.values()), "", at).changes
        assert by_increment == by_copy
