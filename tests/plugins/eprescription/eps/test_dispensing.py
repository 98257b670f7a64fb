"""What comes back of itself: a pharmacy's notification, and a late answer to a cancel."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.domain.prescription import PrescriptionState
from hub.errors import InputError, MalformedError
from hub_eprescription.eps import cancel, dispensing, names, tracking
from tests.plugins.eprescription.eps import examples
from tests.plugins.eprescription.eps.test_reading import VALUES, paths

NOW = datetime(2026, 3, 28, 9, 30, tzinfo=UTC)
FOLDER = "spec/dispensing/dispense-notification"


@pytest.mark.parametrize(
    ("name", "state", "said"),
    [
        ("acute-primary-example-01-req.json", PrescriptionState.PARTLY_DISPENSED, "2 of 4"),
        ("acute-primary-example-03-req.json", PrescriptionState.COMPLETED, "finished"),
        ("acute-primary-example-05-req.json", PrescriptionState.EXPIRED, "did not get it"),
    ],
)
def test_a_notification_says_what_became_of_it(name: str, state: PrescriptionState, said: str) -> None:
    """State, time, number, and words without a medicine or a patient in them."""
    data = examples.read(f"{FOLDER}/{name}")
    (event,) = dispensing.dispensings(names.MEDIA_TYPE, data, NOW)
    assert event.state is state
    assert said in event.text.en
    assert event.text.fr
    assert event.number in {"24F5DA-A83008-7EFE6Z", "A0548B-A99968-451485"}
    assert event.at < NOW
    assert "capsules" not in event.text.en
    assert "capsules" not in repr(event)


def test_what_nothing_is_dispensed_of_is_only_claimed() -> None:
    """A pharmacy is at work, and has supplied nothing yet."""
    value = json.loads(examples.read(f"{FOLDER}/acute-primary-example-01-req.json"))
    for one in value["entry"]:
        if one["resource"]["resourceType"] == "MedicationDispense":
            one["resource"]["type"]["coding"][0]["code"] = "0004"
    (event,) = dispensing.dispensings(names.MEDIA_TYPE, json.dumps(value).encode(), NOW)
    assert event.state is PrescriptionState.CLAIMED


def test_a_late_answer_to_a_cancel_is_an_event() -> None:
    """A pharmacy gave back what was marked: it is cancelled after all."""
    data = examples.read(examples.CANCELS / "bundle-success.json")
    (event,) = dispensing.dispensings(names.MEDIA_TYPE, data, NOW)
    assert event.state is PrescriptionState.CANCELLED
    assert event.number == "0A446C-A99968-4CC380"
    assert event.text.en == "It is cancelled."


def test_a_late_answer_that_moves_nothing_is_none() -> None:
    """Another prescriber's wish says nothing of where the prescription stands."""
    data = examples.read(examples.CANCELS / "R-0007-Cancellation.json")
    assert dispensing.dispensings(names.MEDIA_TYPE, data, NOW) == []


@pytest.mark.parametrize("name", [examples.PREPARED, "spec/errors/task/success.json"])
def test_other_messages_say_nothing(name: str) -> None:
    """An order, a search: no event."""
    assert list(dispensing.dispensings(names.MEDIA_TYPE, examples.read(name), NOW)) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"24F5DA-A83008-7EFE6Z", b""),
        (b'"code": "0003"', b'"code": ""'),
        (b'"resourceType": "Bundle"', b'"resourceType": "Bundle", "resourceType": "Bundle"'),
    ],
)
def test_a_notification_that_can_t_be_read_is_malformed(old: bytes, new: bytes) -> None:
    """Who sent it learns that it was not taken."""
    data = examples.read(f"{FOLDER}/acute-primary-example-01-req.json")
    assert old in data
    with pytest.raises(MalformedError):
        dispensing.dispensings(names.MEDIA_TYPE, data.replace(old, new), NOW)


def test_an_unknown_state_leaves_it_with_the_pharmacy() -> None:
    """A pharmacy reports, so it has it; what else the code says is not guessed."""
    data = examples.read(f"{FOLDER}/acute-primary-example-01-req.json")
    (event,) = dispensing.dispensings(names.MEDIA_TYPE, data.replace(b'"0003"', b'"0099"'), NOW)
    assert event.state is PrescriptionState.PARTLY_DISPENSED


MESSAGES = {
    name: (json.loads(examples.read(name)), paths(json.loads(examples.read(name))))
    for name in (
        f"{FOLDER}/acute-primary-example-05-req.json",
        "spec/errors/prescription-order-update/R-0002-Cancellation.json",
        "spec/errors/prescription-order-update/R-0008-Cancellation.json",
        "spec/errors/task/success.json",
    )
}


@settings(deadline=None)
@given(st.sampled_from(sorted(MESSAGES)), st.data(), VALUES)
def test_whatever_stands_in_a_place_is_no_other_fault(name: str, data: st.DataObject, value: Any) -> None:
    """Any value of any type anywhere in what comes from outside: read, or an error of the message."""
    found, ways = MESSAGES[name]
    path = data.draw(st.sampled_from(ways))
    document = json.loads(json.dumps(found))
    inner = document
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    body = json.dumps(document).encode()
    try:
        dispensing.dispensings(names.MEDIA_TYPE, body, NOW)
    except InputError as error:
        assert error.words.fr  # noqa: PT017 -- either way is right
    try:
        tracking.read(body, "CDF34E-A99968-4FF3BQ")
    except InputError as error:
        assert error.words.fr  # noqa: PT017 -- either way is right
    cancel.read(body, names.MEDIA_TYPE, "FB6EC1-A83008-DC0346")


@pytest.mark.parametrize("when", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
def test_a_moment_that_utc_does_not_have(when: str) -> None:
    """It is passed by: what was dispensed is told as of another, or of now."""
    value = json.loads(examples.read(f"{FOLDER}/acute-primary-example-01-req.json"))
    for one in value["entry"]:
        if one["resource"]["resourceType"] == "MedicationDispense":
            one["resource"]["whenHandedOver"] = when
            one["resource"].pop("whenPrepared", None)
    (event,) = dispensing.dispensings(names.MEDIA_TYPE, json.dumps(value).encode(), NOW)
    assert event.at.astimezone(UTC) <= NOW
