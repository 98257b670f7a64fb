"""Who may practise, by the one table, and which mailbox is open."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.ports.directory import Entry, MailboxKind, Standing
from hub_annuaire.fhir import joining, reading, standing
from hub_annuaire.fhir import vocabulary as fr
from hub_annuaire.fhir.joining import Web
from hub_annuaire.fhir.records import Tenure
from hub_annuaire.fhir.standing import Bearer, Verdict
from tests.plugins.annuaire_fhir.resources import Resource, mailbox, organization, practitioner, role

TODAY = date(2026, 8, 26)
YESTERDAY = TODAY - timedelta(days=1)
ADDRESS = "dr.aubepine@valbrume.mssante.example"

_tenures = st.builds(
    Tenure,
    active=st.none() | st.booleans(),
    ended=st.none() | st.dates(date(2026, 1, 1), date(2027, 1, 1)),
    died=st.booleans(),
    unregistered=st.booleans(),
)


def _entry(*sent: Resource) -> Entry:
    web = Web()
    web.add(one for resource in sent if (one := reading.read(resource)) is not None)
    made = joining.bearing(ADDRESS, web)
    assert made is not None
    return joining.entry(made, "fhir", TODAY)


def _registration(**parts: object) -> Resource:
    period = {"url": "period", "valuePeriod": {"start": "2010-01-01"} | parts}
    return {"url": fr.REGISTRATION, "extension": [{"url": "isFirst", "valueBoolean": False}, period]}


@pytest.mark.parametrize(
    ("tenure", "expected"),
    [
        (Tenure(active=True), Verdict(Standing.ACTIVE)),
        (Tenure(active=False), Verdict(Standing.CEASED)),
        (Tenure(), Verdict(Standing.UNKNOWN)),
        (Tenure(active=True, unregistered=True), Verdict(Standing.UNKNOWN)),
        (Tenure(active=True, ended=TODAY), Verdict(Standing.CEASED, since=TODAY)),
        (Tenure(active=False, ended=YESTERDAY), Verdict(Standing.CEASED, since=YESTERDAY)),
        (Tenure(active=True, ended=TODAY, died=True), Verdict(Standing.DECEASED, since=TODAY)),
        (
            Tenure(active=True, ended=TODAY + timedelta(days=1)),
            Verdict(Standing.ACTIVE, until=TODAY),
        ),
    ],
)
def test_the_table(tenure: Tenure, expected: Verdict) -> None:
    """Each line, and the day."""
    assert expected == standing.judge(tenure, TODAY)


@given(_tenures)
def test_only_who_is_said_to_be_active_practises(tenure: Tenure) -> None:
    """Never by silence, and never after the last day."""
    if standing.judge(tenure, TODAY).standing is Standing.ACTIVE:
        assert tenure.active is True
        assert not tenure.unregistered
        assert tenure.ended is None or tenure.ended > TODAY


@given(st.lists(st.builds(Bearer, tenure=_tenures, own=st.booleans(), posts=st.just(())), max_size=4))
def test_a_personal_mailbox_is_open_when_each_bearer_may_practise(bearers: list[Bearer]) -> None:
    """A practice's when one may."""
    able = [standing.of_bearer(one, TODAY).standing is Standing.ACTIVE for one in bearers]
    personal = standing.of_mailbox(MailboxKind.PERSONAL, bearers, TODAY).standing is Standing.ACTIVE
    shared = standing.of_mailbox(MailboxKind.PRACTICE, bearers, TODAY).standing is Standing.ACTIVE
    assert personal == (bool(able) and all(able))
    assert shared == any(able)


def test_who_is_off_the_register_has_ceased_that_day() -> None:
    """The end of a registration is the day from which its bearer may no longer practise."""
    sent = practitioner("p", "10000000017", mailbox(ADDRESS), extension=[_registration(end="2026-08-26")])
    assert (_entry(sent).standing, _entry(sent).since) == (Standing.CEASED, TODAY)


def test_a_transfer_to_another_register_ends_nothing() -> None:
    """As long as one registration goes on."""
    both = [_registration(end="2020-01-01"), _registration()]
    sent = practitioner("p", "10000000017", mailbox(ADDRESS), extension=both)
    assert _entry(sent).standing is Standing.ACTIVE


def test_a_mailbox_on_an_activity_ends_with_it() -> None:
    """They practise elsewhere now; what goes to the old place reaches nobody."""
    post = role("r", "p", "o", mailbox(ADDRESS), period={"start": "2020", "end": "2026-07"})
    entry = _entry(practitioner("p", "10000000017"), post, organization("o", "670000001"))
    assert (entry.standing, entry.since) == (Standing.CEASED, date(2026, 8, 1))
    assert entry.structure == "CH DE HAUTMONT"


def test_a_mailbox_on_the_practitioner_outlives_an_activity() -> None:
    """It is theirs, wherever they work."""
    post = role("r", "p", "o", active=False)
    assert _entry(practitioner("p", "10000000017", mailbox(ADDRESS)), post).standing is Standing.ACTIVE


def test_a_death_that_one_activity_tells_of_ends_everything() -> None:
    """Even where the practitioner is still said to be active."""
    cause = {"url": fr.END_CAUSE, "valueCodeableConcept": {"coding": [{"code": "DCD"}]}}
    post = role("r", "p", "o", period={"end": "2026-08-01"}, extension=[cause])
    entry = _entry(practitioner("p", "10000000017", mailbox(ADDRESS)), post)
    assert (entry.standing, entry.since) == (Standing.DECEASED, date(2026, 8, 2))


def test_an_activity_of_nobody_gives_no_right() -> None:
    """The practitioner that it refers to is not there."""
    assert _entry(role("r", "p", "o", mailbox(ADDRESS))).standing is Standing.UNKNOWN


def test_a_closed_structure_has_ceased() -> None:
    """By its period of use, and by `active`."""
    closed = organization("o", "670000001", mailbox(ADDRESS, "ORG"), active=False)
    assert _entry(closed).standing is Standing.CEASED
    over = {"url": fr.USE_PERIODS[0], "valuePeriod": {"end": "2026-08-25"}}
    ended = organization("o", "670000001", mailbox(ADDRESS, "ORG"), extension=[over])
    assert (_entry(ended).standing, _entry(ended).since) == (Standing.CEASED, TODAY)


def test_one_address_on_two_people_is_read_strictly() -> None:
    """A personal mailbox of two is open when both may practise."""
    able = practitioner("p", "10000000017", mailbox(ADDRESS))
    barred = practitioner("q", "10000000025", mailbox(ADDRESS), active=False)
    assert _entry(able, barred).standing is Standing.CEASED


def test_a_practices_mailbox_is_open_while_one_practises() -> None:
    """And bears the numbers of all."""
    able = practitioner("p", "10000000017", mailbox(ADDRESS, "CAB", description="Cabinet des Lilas"))
    barred = practitioner("q", "10000000025", mailbox(ADDRESS, "CAB"), active=False)
    entry = _entry(able, barred)
    assert entry.standing is Standing.ACTIVE
    assert entry.name == "Cabinet des Lilas"
    assert {one.value for one in entry.identifiers} == {"810000000017", "810000000025"}
