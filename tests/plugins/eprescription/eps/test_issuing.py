"""What an issue at EPS does, step by step, and what its prescriber is told when it comes to nothing."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from hub.domain.outcome import Deferred, Delivered, Refused, Uncertain
from hub.domain.party import Identifier
from hub.domain.prescription import PrescriptionState
from hub.errors import InputError, PeerError, StoreError, TrustError, Words
from hub.ports.prescription import Signing
from hub.ports.signing import Mechanism
from hub.testing.prescription_contract import attempt, begin, run
from hub_eprescription.eps import drafting, messages, names, number, reading
from hub_eprescription.signing import xmldsig
from hub_eprescription.signing.verdict import Verified
from tests.plugins.eprescription import prescribers
from tests.plugins.eprescription.eps import examples
from tests.plugins.eprescription.eps.practice import CAMILLE, LILAS, SDS, DoubleRig, order, practice

DUPLICATE = {
    "resourceType": "OperationOutcome",
    "issue": [
        {
            "severity": "error",
            "code": "duplicate",
            "details": {
                "coding": [{"code": "DUPLICATE_PRESCRIPTION_ID", "display": "Duplicate prescription."}]
            },
        }
    ],
}
INFORMED = {
    "resourceType": "OperationOutcome",
    "issue": [{"severity": "information", "code": "informational"}],
}


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[DoubleRig]:
    """Yield a hub that signs, and the service."""
    async with practice(tmp_path) as one:
        yield DoubleRig(one)


async def test_what_is_sent_is_the_order_with_its_signature(rig: DoubleRig) -> None:
    """The service gets the prescriber's own bytes; the hub keeps what it sent."""
    begun, journal = begin(rig)
    assert isinstance(await run(rig, begun, journal), Delivered)
    (_, _, prepared), (_, asked_as, sent) = rig.practice.double.requests
    assert prepared == begun.content
    assert sent == await journal.signed()
    assert sent.startswith(begun.content[: begun.content.rindex(b"]")].rstrip())
    assert asked_as == reading.bundle(sent).identifier
    assert journal.record.number == number.read(journal.record.number or "")
    assert journal.record.signed_type == names.MEDIA_TYPE
    assert journal.record.expires_at is not None


async def test_what_the_service_answers_stands_in_no_timeline(rig: DoubleRig) -> None:
    """Those who run the hub read timelines: they hold the number, and nothing of the patient."""
    begun, journal = begin(rig)
    outcome = await run(rig, begun, journal)
    assert isinstance(outcome, Delivered)
    assert outcome.receipt == journal.record.number
    assert journal.record.facts["receipt"]
    again = await rig.service.issue(begun, journal)
    assert again == outcome


async def test_a_repeat_is_the_same_request(rig: DoubleRig) -> None:
    """The same bytes under the same X-Request-ID, and another one for $prepare."""
    rig.practice.double.spoil("order", "before")
    begun, journal = begin(rig)
    assert isinstance(await run(rig, begun, journal), Delivered)
    prepare, first, second = rig.practice.double.requests
    assert first == second
    assert prepare[1] != first[1]


async def test_a_number_that_is_there_after_a_lost_answer_is_ours(rig: DoubleRig) -> None:
    """A service that forgot the request, not the prescription: issued once, and the prescriber is told."""
    rig.practice.double.spoil("order", "after")
    begun, journal = begin(rig)
    assert isinstance(await attempt(rig, begun, journal), Uncertain)
    rig.practice.double.answered.clear()
    assert isinstance(await attempt(rig, begun, journal, settle=True), Delivered)
    assert journal.record.state is PrescriptionState.ACTIVE
    (warning,) = journal.record.warnings
    assert "already" in warning.en
    assert await rig.count() == 1


async def test_a_number_of_another_patient_is_not_taken_for_ours(rig: DoubleRig) -> None:
    """After a lost answer too: the service says for whom it has that number."""
    rig.practice.double.spoil("order", "before")
    begun, journal = begin(rig)
    assert isinstance(await attempt(rig, begun, journal), Uncertain)
    other, journal_of_other = begin(rig, content=order(1).replace(b'"9000000001"', b'"9000000002"'))
    assert isinstance(await run(rig, other, journal_of_other), Delivered)
    rig.practice.double.answered.clear()
    outcome = await attempt(rig, begun, journal, settle=True)
    assert isinstance(outcome, Refused)
    assert outcome.code == "prescription.number_taken"


async def test_a_number_that_is_there_at_the_first_try_is_another_s(rig: DoubleRig) -> None:
    """Nothing had been sent before, so it can't be this one: the prescriber must take a new number."""
    begun, journal = begin(rig)
    await run(rig, begun, journal)
    again, fresh = begin(rig, content=order(1, identifier="5000000c-0000-4000-8000-000000000001"))
    outcome = await attempt(rig, again, fresh)
    assert isinstance(outcome, Refused)
    assert outcome.code == "prescription.number_taken"
    assert "number" in outcome.reason.en
    assert fresh.record.state is PrescriptionState.REJECTED
    assert "DUPLICATE_PRESCRIPTION_ID" in fresh.record.facts["outcome"]


@pytest.mark.parametrize(
    ("example", "status", "said"),
    [
        ("errors/1-Process-Response-Send-400_INVALID_CHECKSUM.json", 400, "check character"),
        (
            "errors/2-Prepare-Response-400_Invalid_Course_of_Therapy_mixed.json",
            400,
            "MedicationRequest.courseOf",
        ),
        ("errors/4-Process-Response-Send-400_invalid_intent.json", 400, "intent must be order"),
        ("spec/errors/example-a-validation-error-missing-field/Response-FhirError.json", 400, "missing"),
        ("errors/1-Process-Response-Send-400_INVALID_CHECKSUM.json", 200, "check character"),
        ("errors/1-Process-Response-Send-400_INVALID_CHECKSUM.json", 201, "check character"),
    ],
)
@pytest.mark.parametrize("operation", ["prepare", "order"])
async def test_a_refusal_is_told_in_words(
    rig: DoubleRig, operation: str, example: str, status: int, said: str
) -> None:
    """Whatever the HTTP status: ours first, then the service's own, and its OperationOutcome is kept."""
    value = json.loads(examples.read(example))
    rig.practice.double.spoil(operation, (status, value))
    begun, journal = begin(rig)
    outcome = await attempt(rig, begun, journal)
    assert isinstance(outcome, Refused)
    assert outcome.code == "prescription.refused"
    assert said in outcome.reason.en
    assert "The service says: “" in outcome.reason.en
    assert "Le service dit : « " in outcome.reason.fr
    assert "none was issued" in outcome.reason.en.lower()
    assert journal.record.state is PrescriptionState.REJECTED
    assert json.loads(journal.record.facts["outcome"])["issue"] == value["issue"]
    assert await rig.count() == 0
    again = await attempt(rig, begun, journal)
    assert isinstance(again, Refused)
    assert again.reason == outcome.reason


async def test_a_huge_outcome_is_cut(rig: DoubleRig) -> None:
    """What is kept and shown stays small, whatever the service writes."""
    issue = {"severity": "error", "code": "invalid", "diagnostics": "x" * 100_000}
    rig.practice.double.spoil("order", (400, {"resourceType": "OperationOutcome", "issue": [issue] * 3}))
    begun, journal = begin(rig)
    outcome = await attempt(rig, begun, journal)
    assert isinstance(outcome, Refused)
    assert len(outcome.reason.en) < 1000
    assert len(journal.record.facts["outcome"]) <= 16 << 10
    assert json.loads(journal.record.facts["outcome"])["resourceType"] == "OperationOutcome"


async def test_of_many_issues_as_many_as_fit_are_kept(rig: DoubleRig) -> None:
    """The first ones, whole."""
    issues = [
        {"severity": "error", "code": "invalid", "diagnostics": f"{at} " + "x" * 500} for at in range(100)
    ]
    rig.practice.double.spoil("order", (400, {"resourceType": "OperationOutcome", "issue": issues}))
    begun, journal = begin(rig)
    await attempt(rig, begun, journal)
    kept = json.loads(journal.record.facts["outcome"])["issue"]
    assert 1 < len(kept) < 100
    assert kept == issues[: len(kept)]


@pytest.mark.parametrize("status", [500, 502, 504])
async def test_a_failure_that_may_have_acted_is_asked_again(rig: DoubleRig, status: int) -> None:
    """The service tells to repeat the same payload; until then it is uncertain, and never sent anew."""
    rig.practice.double.spoil("order", (status, b"<html>"))
    begun, journal = begin(rig)
    outcome = await attempt(rig, begun, journal)
    assert isinstance(outcome, Uncertain)
    assert "Don't hand it in anew" in outcome.reason.en
    assert isinstance(await attempt(rig, begun, journal, settle=True), Delivered)
    assert await rig.count() == 1
    assert len(set(journal.signatures)) == 1


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"resourceType": "Bundle"}', b"{}"])
async def test_a_good_status_that_says_nothing_is_no_consent(rig: DoubleRig, body: bytes) -> None:
    """Success of transport is not success of business: it is asked again."""
    rig.practice.double.spoil("order", (200, body))
    begun, journal = begin(rig)
    assert isinstance(await attempt(rig, begun, journal), Uncertain)
    assert await rig.count() == 0
    assert isinstance(await attempt(rig, begun, journal, settle=True), Delivered)
    assert await rig.count() == 1


@pytest.mark.parametrize("status", [200, 400, 500])
async def test_a_passing_failure_inside_an_answer_is_no_refusal(rig: DoubleRig, status: int) -> None:
    """The service says that it timed out, with whatever status: it is asked again, for the same."""
    issue = {"severity": "error", "code": "timeout", "diagnostics": "Spine did not answer."}
    rig.practice.double.spoil("order", (status, {"resourceType": "OperationOutcome", "issue": [issue]}))
    begun, journal = begin(rig)
    outcome = await attempt(rig, begun, journal)
    assert isinstance(outcome, Uncertain)
    assert "Spine did not answer." in outcome.reason.en
    assert isinstance(await attempt(rig, begun, journal, settle=True), Delivered)


async def test_a_refused_repeat_of_what_was_issued_is_issued(rig: DoubleRig) -> None:
    """The service took it, its answer was lost, and it refuses the repetition: the search finds it."""
    rig.practice.double.spoil("order", "after")
    begun, journal = begin(rig)
    assert isinstance(await attempt(rig, begun, journal), Uncertain)
    refusal = json.loads(examples.read("errors/4-Process-Response-Send-400_invalid_intent.json"))
    rig.practice.double.spoil("order", (400, refusal))
    rig.practice.double.spoil("track", (500, b""))
    assert isinstance(await attempt(rig, begun, journal, settle=True), Uncertain)
    rig.practice.double.spoil("order", (400, refusal))
    assert isinstance(await attempt(rig, begun, journal, settle=True), Delivered)
    assert journal.record.state is PrescriptionState.ACTIVE


async def test_a_refused_repeat_of_what_never_arrived_is_refused(rig: DoubleRig) -> None:
    """The search finds nothing, so nothing was issued: the prescriber learns why."""
    rig.practice.double.spoil("order", "before")
    begun, journal = begin(rig)
    assert isinstance(await attempt(rig, begun, journal), Uncertain)
    refusal = json.loads(examples.read("errors/4-Process-Response-Send-400_invalid_intent.json"))
    rig.practice.double.spoil("order", (400, refusal))
    outcome = await attempt(rig, begun, journal, settle=True)
    assert isinstance(outcome, Refused)
    assert outcome.code == "prescription.refused"


async def test_signed_bytes_that_changed_in_the_store_are_never_sent(rig: DoubleRig) -> None:
    """A damaged store stops it; nothing is sent."""
    rig.practice.double.spoil("order", "before")
    begun, journal = begin(rig)
    assert isinstance(await attempt(rig, begun, journal), Uncertain)
    journal._signed = (journal._signed or b"") + b" "
    with pytest.raises(StoreError) as caught:
        await attempt(rig, begun, journal, settle=True)
    assert caught.value.code == "prescription.signed_bytes"
    assert rig.practice.double.asked["order"] == 1


@pytest.mark.parametrize("operation", ["prepare", "order"])
@pytest.mark.parametrize("status", [403, 404, 408, 429])
async def test_a_failure_that_took_nothing_waits(rig: DoubleRig, operation: str, status: int) -> None:
    """The prescription is not refused for it: it goes on when the service works."""
    rig.practice.double.spoil(operation, (status, INFORMED))
    begun, journal = begin(rig)
    outcome = await attempt(rig, begun, journal)
    assert isinstance(outcome, Deferred)
    assert outcome.code == "prescription.service_failed"
    assert outcome.operator_failed
    assert isinstance(await run(rig, begun, journal), Delivered)
    assert await rig.count() == 1


async def test_a_refused_token_is_not_shown_again(rig: DoubleRig) -> None:
    """Nothing is asked until the token's file holds another; then the issue goes on."""
    double = rig.practice.double
    double.accepted = "another-login"
    begun, journal = begin(rig)
    for _ in range(3):
        outcome = await attempt(rig, begun, journal)
        assert isinstance(outcome, Deferred)
        assert outcome.code == "prescription.token_refused"
    assert sum(double.asked.values()) == 1
    rig.practice.token.write_text("another-login", "utf-8")
    assert isinstance(await run(rig, begun, journal), Delivered)


async def test_a_token_file_that_is_gone_waits(rig: DoubleRig) -> None:
    """It is no fault of the prescription."""
    begun, journal = begin(rig)
    rig.practice.token.unlink()
    outcome = await attempt(rig, begun, journal)
    assert isinstance(outcome, Deferred)
    assert outcome.code == "prescription.token_file"


@pytest.mark.parametrize(
    "answer",
    [
        {"resourceType": "Parameters"},
        {"resourceType": "Parameters", "parameter": [{"name": "digest", "valueString": "!"}]},
        {
            "resourceType": "Parameters",
            "parameter": [
                {"name": "digest", "valueString": "PGEvPg=="},
                {"name": "timestamp", "valueString": "2026-03-28T09:30:00+00:00"},
                {"name": "algorithm", "valueString": "RS256"},
            ],
        },
        {
            "resourceType": "Parameters",
            "parameter": [
                {"name": "digest", "valueString": "PGEvPg=="},
                {"name": "timestamp", "valueString": "2026-03-28T09:30:00+00:00"},
                {"name": "algorithm", "valueString": "none"},
            ],
        },
    ],
)
async def test_what_is_no_signed_info_is_never_signed(rig: DoubleRig, answer: object) -> None:
    """A service can't have the prescriber's key sign just anything."""
    rig.practice.double.spoil("prepare", (200, answer))
    begun, journal = begin(rig)
    outcome = await attempt(rig, begun, journal)
    assert isinstance(outcome, Deferred)
    assert outcome.code == "prescription.answer_unreadable"
    assert not journal.signatures
    assert await rig.count() == 0


async def test_sha1_is_signed_only_where_it_is_allowed(tmp_path: Path) -> None:
    """By default a service that asks for SHA-1 is not obeyed; the setting is named."""
    async with practice(tmp_path, algorithm="RS1") as one:
        rig = DoubleRig(one)
        begun, journal = begin(rig)
        outcome = await attempt(rig, begun, journal)
        assert isinstance(outcome, Refused)
        assert outcome.code == "prescription.mechanism"
        assert "accepts_sha1" in outcome.reason.en
        assert not journal.signatures


async def test_sha1_is_signed_where_it_is_allowed(tmp_path: Path) -> None:
    """R1, as older applications still have to."""
    async with practice(tmp_path, algorithm="RS1", accepts_sha1=True) as one:
        rig = DoubleRig(one)
        begun, journal = begin(rig)
        assert isinstance(await run(rig, begun, journal), Delivered)


async def test_a_key_of_another_kind_can_t_sign(tmp_path: Path) -> None:
    """EPS takes RSA; the prescriber learns that the key does not fit."""
    async with practice(tmp_path, key="ec") as one:
        rig = DoubleRig(one)
        begun, journal = begin(rig)
        outcome = await attempt(rig, begun, journal)
        assert isinstance(outcome, Refused)
        assert outcome.code == "prescription.mechanism"


async def test_who_has_no_key_at_the_hub_is_told(rig: DoubleRig) -> None:
    """Before anything is asked of the service."""
    begun, journal = begin(rig)
    stranger = replace(CAMILLE, address=type(CAMILLE.address).parse("dr.b@surgery-lilas.mssante.example"))
    outcome = await attempt(rig, replace(begun, prescriber=stranger), journal)
    assert isinstance(outcome, Refused)
    assert outcome.code == "prescription.no_signer"
    assert not rig.practice.double.requests


async def test_an_order_that_comes_signed_is_sent_as_it_is(rig: DoubleRig) -> None:
    """The practice's own software signed it: verified, then sent byte for byte, and nothing is prepared."""
    signed = await _signed_elsewhere(rig)
    begun, journal = begin(rig, content=signed)
    assert isinstance(await run(rig, begun, journal), Delivered)
    assert await journal.signed() == signed
    assert rig.practice.double.asked["prepare"] == 1  # the software's own


async def test_a_signature_that_does_not_hold_is_never_forwarded(rig: DoubleRig) -> None:
    """A changed byte in what was signed: refused before the service sees it."""
    signed = await _signed_elsewhere(rig)
    found = messages.signature(reading.bundle(signed))
    assert found is not None
    changed = found[0].replace(b"<DigestValue>", b"<DigestValue>A", 1)
    begun, journal = begin(rig, content=messages.with_signature(order(1), changed, found[1]))
    outcome = await attempt(rig, begun, journal)
    assert isinstance(outcome, Refused)
    assert outcome.code.startswith("prescription.signature")
    assert rig.practice.double.asked["order"] == 0


async def test_a_signature_by_nobody_we_trust_is_never_forwarded(tmp_path: Path) -> None:
    """It holds, but its certificate comes from no authority in `trust`."""
    async with practice(tmp_path, signing=Signing.NONE) as one:
        rig = DoubleRig(one)
        stranger = prescribers.prescriber(None, prescribers.make_key("rsa"))
        signature = await xmldsig.sign_info(
            one.double._info(json.loads(order(1)), "2026-03-28T09:30:00+00:00"),
            stranger.signer,
            Mechanism.RSA_PKCS1_SHA256,
        )
        content = messages.with_signature(order(1), signature, "2026-03-28T09:30:00+00:00")
        begun, journal = begin(rig, content=content)
        outcome = await attempt(rig, begun, journal)
        assert isinstance(outcome, Refused)
        assert outcome.code == "prescription.signer_untrusted"
        assert one.double.asked["order"] == 0


async def test_an_unsigned_order_is_refused_where_nobody_signs(tmp_path: Path) -> None:
    """`signing = "none"`: the software must sign."""
    async with practice(tmp_path, signing=Signing.NONE) as one:
        rig = DoubleRig(one)
        begun, journal = begin(rig)
        outcome = await attempt(rig, begun, journal)
        assert isinstance(outcome, Refused)
        assert outcome.code == "prescription.unsigned"


async def test_the_workstation_signs_what_it_was_given_and_nothing_else(tmp_path: Path) -> None:
    """Another SignedInfo, somebody else's certificate and noise are refused; the same again is harmless."""
    async with practice(tmp_path, signing=Signing.WORKSTATION) as one:
        rig = DoubleRig(one)
        begun, journal = begin(rig)
        outcome = await attempt(rig, begun, journal)
        assert isinstance(outcome, Deferred)
        assert outcome.code == "prescription.awaits_signature"
        info = await journal.to_sign()
        assert info is not None
        other = one.double._info(json.loads(order(2)), "2026-03-28T09:30:00+00:00")
        wrong = await xmldsig.sign_info(other, one.holder.signer, Mechanism.RSA_PKCS1_SHA256)
        with pytest.raises(InputError) as caught:
            await one.service.take_signed(wrong, CAMILLE, journal)
        assert caught.value.code == "prescription.other_content"
        stranger = prescribers.prescriber(None, prescribers.make_key("rsa"))
        theirs = await xmldsig.sign_info(info, stranger.signer, Mechanism.RSA_PKCS1_SHA256)
        with pytest.raises(TrustError):
            await one.service.take_signed(theirs, CAMILLE, journal)
        with pytest.raises(InputError):
            await one.service.take_signed(b"noise", CAMILLE, journal)
        assert not journal.signatures
        right = await xmldsig.sign_info(info, one.holder.signer, Mechanism.RSA_PKCS1_SHA256)
        colleague = replace(
            CAMILLE, address=type(CAMILLE.address).parse("dr.b@surgery-lilas.mssante.example")
        )
        with pytest.raises(TrustError) as forbidden:
            await one.service.take_signed(right, colleague, journal)
        assert forbidden.value.code == "prescription.other_signer"
        await one.service.take_signed(right, CAMILLE, journal)
        await one.service.take_signed(right, CAMILLE, journal)
        assert len(journal.signatures) == 1
        assert isinstance(await run(rig, begun, journal), Delivered)
        with pytest.raises(InputError) as late:
            await one.service.take_signed(theirs, CAMILLE, journal)
        assert late.value.code == "prescription.nothing_to_sign"


async def test_the_service_is_told_the_user_s_role(rig: DoubleRig) -> None:
    """`role` becomes NHSD-Session-URID."""
    asking = rig.practice.service._asking
    assert asking._role == {"NHSD-Session-URID": "555254240100"}


async def test_a_service_says_when_to_come_back(rig: DoubleRig) -> None:
    """Retry-After in seconds is obeyed; anything else leaves it to the hub."""
    reply = await rig.practice.service._asking.ask("GET", "metadata", request="a")
    for said, wanted in (
        ("7", timedelta(seconds=7)),
        ("9" * 9, timedelta(days=1)),
        ("9" * 10, None),
        ("x", None),
    ):
        headed = replace(reply, answer=replace(reply.answer, headers={"Retry-After": said}))
        assert headed.retry_after == wanted


async def test_a_warning_is_kept_for_the_prescriber(rig: DoubleRig) -> None:
    """Issued all the same."""
    issue = {"severity": "warning", "code": "informational", "diagnostics": "Endorsement will be needed."}
    rig.practice.double.spoil("order", (200, {"resourceType": "OperationOutcome", "issue": [issue]}))
    begun, journal = begin(rig)
    assert isinstance(await attempt(rig, begun, journal), Delivered)
    (warning,) = journal.record.warnings
    assert "Endorsement will be needed." in warning.en
    assert "avertissement" in warning.fr


async def test_a_key_that_can_t_be_used_now_waits(rig: DoubleRig, monkeypatch: pytest.MonkeyPatch) -> None:
    """The card is out: nothing is refused, nothing is sent, and it goes on when the card is back."""

    async def out(*_: object) -> bytes:
        raise PeerError("signer.unavailable", Words(en="The card is out.", fr="La carte est absente."))

    begun, journal = begin(rig)
    with monkeypatch.context() as patch:
        patch.setattr(rig.service._drafting, "_sign_info", out)
        outcome = await attempt(rig, begun, journal)
    assert isinstance(outcome, Deferred)
    assert outcome.code == "signer.unavailable"
    assert not outcome.operator_failed
    assert rig.practice.double.asked["order"] == 0
    assert isinstance(await run(rig, begun, journal), Delivered)


async def test_two_signatures_are_refused(rig: DoubleRig) -> None:
    """Nobody could say which one counts."""
    once = messages.with_signature(order(1), b"<a/>", "2026-03-28T09:30:00+00:00")
    begun, journal = begin(rig, content=messages.with_signature(once, b"<b/>", "2026-03-28T09:31:00+00:00"))
    outcome = await attempt(rig, begun, journal)
    assert isinstance(outcome, Refused)
    assert outcome.code == "prescription.malformed"
    assert not rig.practice.double.requests


async def test_a_certificate_may_name_whom_the_order_names(rig: DoubleRig) -> None:
    """A smartcard's certificate has no mail address, but the SDS user id that stands in the order."""
    card = Verified(
        content=b"",
        certificate=b"",
        signer="",
        signed_at=None,
        trusted=True,
        identifiers=(Identifier(names.SDS_USER, SDS),),
    )
    stranger = replace(
        CAMILLE, identifiers=(), address=type(LILAS).parse("desk@surgery-lilas.mssante.example")
    )
    drafting._signed_by(card, stranger, (Identifier(names.SDS_USER, SDS),))
    with pytest.raises(TrustError):
        drafting._signed_by(card, stranger, (Identifier(names.SDS_USER, "555000111223"),))


async def test_another_address_is_tried_when_nothing_left(tmp_path: Path) -> None:
    """Two addresses, at the first nobody listens: issued at the second, which is then asked first."""
    async with practice(tmp_path) as one:
        rig = DoubleRig(one)
        session = one.service._asking._session
        bases = ("https://localhost:1", *session._settings.base_urls)
        session._settings = replace(session._settings, base_urls=bases)
        begun, journal = begin(rig)
        assert isinstance(await attempt(rig, begun, journal), Delivered)
        assert one.service._asking._first == 1


async def test_an_answer_lost_at_one_address_makes_the_next_refusal_doubtful(tmp_path: Path) -> None:
    """Both addresses are the same service: the first lost the answer, the second says duplicate: issued."""
    async with practice(tmp_path) as one:
        rig = DoubleRig(one)
        begun, journal = begin(rig)
        session = one.service._asking._session
        (base,) = session._settings.base_urls
        session._settings = replace(session._settings, base_urls=(base, f"{base}/."))
        one.double.spoil("order", "after")
        one.double.spoil("order", (400, DUPLICATE))
        assert isinstance(await attempt(rig, begun, journal), Delivered)
        assert await rig.count() == 1


async def test_an_answer_lost_at_one_address_stays_uncertain(tmp_path: Path) -> None:
    """The next address can't be reached at all: the first may have acted, so it is not simply put off."""
    async with practice(tmp_path) as one:
        rig = DoubleRig(one)
        session = one.service._asking._session
        (base,) = session._settings.base_urls
        session._settings = replace(session._settings, base_urls=(base, "https://localhost:1"))
        one.double.spoil("order", "after")
        begun, journal = begin(rig)
        assert isinstance(await attempt(rig, begun, journal), Uncertain)
        assert isinstance(await run(rig, begun, journal, settles=True), Delivered)
        assert await rig.count() == 1


async def test_the_hub_s_own_signature_is_held_to_the_authorities(tmp_path: Path) -> None:
    """A key whose certificate no authority in `trust` stands for signs nothing that is sent."""
    stranger = prescribers.authority()
    path = tmp_path / "other.pem"
    path.write_bytes(stranger.certificate.public_bytes(Encoding.PEM))
    async with practice(tmp_path, trust=(path,)) as one:
        rig = DoubleRig(one)
        begun, journal = begin(rig)
        outcome = await attempt(rig, begun, journal)
        assert isinstance(outcome, Refused)
        assert outcome.code == "prescription.signer_untrusted"
        assert not journal.signatures


async def test_an_order_of_another_prescriber_is_refused(rig: DoubleRig) -> None:
    """As far as the directory knows an identifier of the same system."""
    begun, journal = begin(rig, content=order(1, gmc="7000002"))
    outcome = await attempt(rig, begun, journal)
    assert isinstance(outcome, Refused)
    assert outcome.code == "prescription.other_prescriber"
    assert isinstance(await attempt(rig, *begin(rig, content=order(1))), Delivered)


async def _signed_elsewhere(rig: DoubleRig) -> bytes:
    """Return an order that the practice's own software has had prepared and signed."""
    status, value = rig.practice.double._prepare(json.loads(order(1)))
    assert status == 200
    rig.practice.double.asked["prepare"] += 1
    prepared = messages.to_sign(json.dumps(value).encode())
    signature = await xmldsig.sign_info(prepared.signed_info, rig.practice.holder.signer, prepared.mechanism)
    return messages.with_signature(order(1), signature, prepared.timestamp)
