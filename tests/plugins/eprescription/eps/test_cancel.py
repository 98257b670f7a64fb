"""What asking EPS to cancel comes to: by its own codes, whatever the transport says."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from hub.domain.prescription import CancelResult, PrescriptionState, may_move
from hub.errors import PeerError
from hub.ports.prescription import Reason
from hub.testing.prescription_contract import issued
from hub_eprescription.eps import cancel, names, outcome
from tests.plugins.eprescription.eps import examples
from tests.plugins.eprescription.eps.practice import CAMILLE, DoubleRig, practice

_R, _S = CancelResult, PrescriptionState
RECORDED = {
    "R-0002-Cancellation.json": ("R-0002", _R.WITH_DISPENSER, _S.CLAIMED),
    "R-0003-Cancellation.json": ("R-0003", _R.WITH_DISPENSER, _S.PARTLY_DISPENSED),
    "R-0004-Cancellation.json": ("R-0004", _R.DISPENSED, _S.COMPLETED),
    "R-0005-Cancellation.json": ("R-0005", _R.EXPIRED, _S.EXPIRED),
    "R-0006-Cancellation.json": ("R-0006", _R.ALREADY_CANCELLED, _S.CANCELLED),
    "R-0007-Cancellation.json": ("R-0007", _R.OTHER_PRESCRIBER, _S.ACTIVE),
    "R-0008-Cancellation.json": ("R-0008", _R.NOT_FOUND, _S.ACTIVE),
    "R-0009-Cancellation.json": ("R-0009", _R.NOT_SUPPORTED, _S.ACTIVE),
    "R-0010-Cancellation.json": ("R-0010", _R.EXPIRED, _S.EXPIRED),
    "R-5000-Cancellation.json": ("R-5000", _R.INVALID, _S.ACTIVE),
    "R-5888-Cancellation.json": ("R-5888", _R.INVALID, _S.ACTIVE),
    "bundle-success.json": ("R-0001", _R.CANCELLED, _S.CANCELLED),
    "bundle-error.json": ("R-0006", _R.ALREADY_CANCELLED, _S.CANCELLED),
}
NUMBERS = {
    "bundle-success.json": "0A446C-A99968-4CC380",
    "bundle-error.json": "1E5135-A99968-4595BT",
    "R-0006-Cancellation.json": "",
}


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[DoubleRig]:
    """Yield a hub that signs, and the service; prescriptions have three items."""
    async with practice(tmp_path) as one:
        yield DoubleRig(one, items=3)


def test_every_recorded_answer_is_in_the_table() -> None:
    """No example is left out."""
    folder = examples.ASSETS / examples.CANCELS
    assert {one.name for one in folder.iterdir()} - {"R-0006-Prescription.json"} == set(RECORDED)
    assert {code for code, _, _ in RECORDED.values()} == set(cancel.CODES)


@pytest.mark.parametrize("name", sorted(RECORDED))
def test_each_recorded_answer_gives_its_outcome(name: str) -> None:
    """Result, state, words in both languages, and the service's own code."""
    code, result, state = RECORDED[name]
    data = examples.read(examples.CANCELS / name)
    number = NUMBERS.get(name, "FB6EC1-A83008-DC0346") or _number(data)
    answer = cancel.read(data, names.MEDIA_TYPE, number)
    assert answer is not None
    assert answer.code == code
    said = cancel.combine([answer], PrescriptionState.ACTIVE)
    assert said.result is result
    assert said.state is state
    assert said.words.en
    assert said.words.fr
    assert code in json.dumps(said.detail)
    if not result.done:
        assert "The service says: “" in said.words.en
        assert "not cancelled" in said.words.en or "expired" in said.words.en


def test_every_answer_to_a_cancel_elsewhere_in_the_examples_is_understood() -> None:
    """Success, as the longer examples record it."""
    for name, data in examples.events(names.RESPONSE):
        answer = cancel.read(data, names.MEDIA_TYPE, _number(data))
        assert answer is not None, name


def test_an_answer_about_another_prescription_says_nothing() -> None:
    """It is not taken for ours."""
    data = examples.read(examples.CANCELS / "bundle-success.json")
    assert cancel.read(data, names.MEDIA_TYPE, "0A446C-A99968-4CC381") is None


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"resourceType": "Parameters"}', b"\xff"])
def test_what_says_nothing_is_no_answer(body: bytes) -> None:
    """Noise neither cancels nor refuses."""
    assert cancel.read(body, names.MEDIA_TYPE, "") is None


def test_an_unknown_code_is_no_answer() -> None:
    """A code that the hub can't place is never read as success."""
    data = examples.read(examples.CANCELS / "bundle-success.json").replace(b"R-0001", b"R-0099")
    assert cancel.read(data, names.MEDIA_TYPE, "0A446C-A99968-4CC380") is None


@pytest.mark.parametrize("code", sorted(cancel.CODES))
@pytest.mark.parametrize("state", list(PrescriptionState))
def test_no_answer_makes_a_move_that_the_table_forbids(code: str, state: PrescriptionState) -> None:
    """Wherever it stood."""
    meaning = cancel.CODES[code]
    said = cancel.combine([cancel.Answer(code=code, meaning=meaning, said=outcome.NOTHING)], state)
    assert said.state is state or may_move(state, said.state)


async def test_every_item_is_cancelled(rig: DoubleRig) -> None:
    """A message for each, as the service demands; the prescription is cancelled when all are."""
    record = await issued(rig)
    said = await rig.service.cancel(record, Reason(code="0002"), CAMILLE)
    assert said.result is CancelResult.CANCELLED
    assert said.words.en == "It is cancelled."
    assert rig.practice.double.asked["cancel"] == 3
    bodies = [json.loads(body) for what, _, body in rig.practice.double.requests if what == "cancel"]
    for body in bodies:
        (request,) = (
            one["resource"] for one in body["entry"] if one["resource"]["resourceType"] == "MedicationRequest"
        )
        assert request["statusReason"]["coding"][0] == {
            "system": names.CANCEL_REASON,
            "code": "0002",
            "display": "Clinical contra-indication",
        }
    assert await rig.count() == 0


async def test_what_is_left_is_told(rig: DoubleRig) -> None:
    """One item is cancelled, then a pharmacy takes the rest: the prescriber learns both."""
    record = await issued(rig)
    held = rig.practice.double.held[record.number or ""]
    rig.practice.double.spoil("cancel", None)
    rig.practice.double.spoil("cancel", (503, b""))
    with pytest.raises(PeerError):
        await rig.service.cancel(record, Reason(code="0001"), CAMILLE)
    assert len(held.cancelled) == 1
    held.status = "0003"
    said = await rig.service.cancel(record, Reason(code="0001"), CAMILLE)
    assert said.result is CancelResult.WITH_DISPENSER
    assert said.state is PrescriptionState.PARTLY_DISPENSED
    assert "1 of its 3 items" in said.words.en
    assert "1 de ses 3 lignes" in said.words.fr


async def test_a_repeat_is_the_same_request_and_a_later_wish_is_another(rig: DoubleRig) -> None:
    """So the service can tell a repetition from a second wish, after it said no to the first."""
    record = await issued(rig)
    rig.practice.double.held[record.number or ""].status = "0002"
    await rig.service.cancel(record, Reason(code="0001"), CAMILLE)
    await rig.service.cancel(record, Reason(code="0001"), CAMILLE)
    asked = [request for what, request, _ in rig.practice.double.requests if what == "cancel"]
    assert asked[:3] == asked[3:]
    assert len(set(asked)) == 3
    rig.practice.double.held[record.number or ""].status = "0001"
    answered = replace(record, cancelled=CancelResult.WITH_DISPENSER)
    said = await rig.service.cancel(answered, Reason(code="0001"), CAMILLE)
    assert said.result is CancelResult.CANCELLED


@pytest.mark.parametrize("reason", [Reason(), Reason(code="9999"), Reason(text="because")])
async def test_a_reason_of_the_service_s_own_is_needed(rig: DoubleRig, reason: Reason) -> None:
    """Without one nothing is asked, and the reasons are listed."""
    record = await issued(rig)
    said = await rig.service.cancel(record, reason, CAMILLE)
    assert said.result is CancelResult.INVALID
    assert "0001 Prescribing Error" in said.words.en
    assert "0001" in said.words.fr
    assert rig.practice.double.asked["cancel"] == 0


async def test_a_reason_may_be_given_by_its_name(rig: DoubleRig) -> None:
    """As a person writes it."""
    record = await issued(rig)
    said = await rig.service.cancel(record, Reason(text=" prescribing error "), CAMILLE)
    assert said.result.done


@pytest.mark.parametrize("answer", [(200, b""), (200, b"<html>"), (500, b""), (401, b""), (429, b"")])
async def test_a_cancel_that_is_not_answered_is_not_done(rig: DoubleRig, answer: tuple[int, bytes]) -> None:
    """It is said as such, so that the hub asks again."""
    record = await issued(rig)
    rig.practice.double.spoil("cancel", answer)
    with pytest.raises(PeerError):
        await rig.service.cancel(record, Reason(code="0001"), CAMILLE)
    assert await rig.count() == 1


async def test_a_consent_without_a_code_is_none(rig: DoubleRig) -> None:
    """An OperationOutcome that only informs does not say that it is cancelled."""
    record = await issued(rig)
    informed = {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "information", "code": "informational"}],
    }
    rig.practice.double.spoil("cancel", (200, informed))
    with pytest.raises(PeerError) as caught:
        await rig.service.cancel(record, Reason(code="0001"), CAMILLE)
    assert caught.value.code == "prescription.answer_unclear"


def test_the_service_s_own_word_for_not_found_is_understood() -> None:
    """The specification names it beside R-0008."""
    issue = {
        "severity": "error",
        "code": "not-found",
        "details": {"coding": [{"code": "PRESCRIPTION_NOT_FOUND"}]},
    }
    body = json.dumps({"resourceType": "OperationOutcome", "issue": [issue]}).encode()
    answer = cancel.read(body, names.MEDIA_TYPE, "")
    assert answer is not None
    assert answer.meaning.result is CancelResult.NOT_FOUND


def test_a_passing_failure_is_no_answer() -> None:
    """It may work another time."""
    issue = {"severity": "error", "code": "throttled"}
    body = json.dumps({"resourceType": "OperationOutcome", "issue": [issue]}).encode()
    assert cancel.read(body, names.MEDIA_TYPE, "") is None


async def test_what_the_hub_never_sent_is_not_cancelled(rig: DoubleRig) -> None:
    """Without the order there is nothing to say to the service."""
    record = await issued(rig)
    said = await rig.service.cancel(replace(record, facts={}), Reason(code="0001"), CAMILLE)
    assert said.result is CancelResult.NOT_FOUND


def _number(data: bytes) -> str:
    return next(
        str(one["resource"]["groupIdentifier"]["value"])
        for one in json.loads(data)["entry"]
        if one["resource"]["resourceType"] == "MedicationRequest"
    )
