"""Every example of NHS England's is read, and read as its own HL7 V3 form says."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from lxml import etree

from hub.domain.prescription import PrescriptionState
from hub.errors import HubError, TrustError
from hub.ports.signing import Mechanism
from hub_eprescription.eps import (
    dispensing,
    messages,
    names,
    number,
    outcome,
    reading,
    tracking,
    view,
)
from hub_eprescription.signing import xmldsig
from hub_eprescription.signing.authorities import Authorities
from hub_eprescription.signing.verdict import Doubt
from tests.plugins.eprescription.eps import examples

NOW = datetime(2026, 3, 28, 9, 30, tzinfo=UTC)
V3 = {"v": "urn:hl7-org:v3"}
BAD_NUMBERS = {"561479-395879-521272", "887228-510420-124913", "269CA9-A99968-4577BP"}
"""Two examples that call themselves good have a number whose check character the service would refuse."""


def test_every_order_is_read() -> None:
    """Prepared or signed: number, patient, prescriber, organisation and every medicine are there."""
    read = 0
    for name, data in examples.events(names.ORDER):
        seen = view.view(reading.bundle(data))
        assert seen.number, name
        assert seen.patient, name
        assert [one.system for one in seen.patient_identifiers] == [names.NHS_NUMBER], name
        assert seen.born, name
        assert seen.prescriber, name
        assert seen.prescriber_identifiers, name
        assert seen.organisation, name
        assert all(one.name and one.code and one.dosage and one.quantity for one in seen.medicines), name
        read += 1
    assert read >= 8


def test_every_number_has_the_right_check_character_but_the_wrong_ones() -> None:
    """The algorithm is NHS's: its own numbers pass, and its example of a wrong one doesn't."""
    seen = set()
    for _, data, _ in examples.resources("Bundle"):
        seen |= {
            one.decode() for one in re.findall(rb'"([0-9A-F]{6}-[0-9A-Z]{6}-[0-9A-F]{5}[0-9A-Z+])"', data)
        }
    assert len(seen) >= 5
    for one in seen:
        if one in BAD_NUMBERS:
            with pytest.raises(HubError):
                number.read(one)
        else:
            assert number.read(one) == one


def test_everything_that_is_to_be_signed_is_read() -> None:
    """Every answer to $prepare gives a SignedInfo, a time and the mechanism that the SignedInfo names."""
    read = 0
    for name, data, value in examples.resources("Parameters"):
        if not any(one["name"] == "digest" for one in value["parameter"]):
            continue
        found = messages.to_sign(data)
        sha1 = b"xmldsig#rsa-sha1" in found.signed_info
        wanted = Mechanism.RSA_PKCS1_SHA1 if sha1 else Mechanism.RSA_PKCS1_SHA256
        assert found.mechanism is wanted, name
        assert datetime.fromisoformat(found.timestamp), name
        read += 1
    assert read >= 2


def test_a_signature_changes_no_other_byte() -> None:
    """What the prescriber's software wrote goes to the service byte for byte, with one entry more."""
    for name, data in examples.events(names.ORDER):
        bundle = reading.bundle(data)
        if messages.signature(bundle) is not None:
            continue
        whole = messages.with_signature(data, b"<Signature/>", "2026-03-28T09:30:00+00:00")
        signed = reading.bundle(whole)
        assert messages.signature(signed) == (b"<Signature/>", "2026-03-28T09:30:00+00:00"), name
        before = next(at for at, (one, two) in enumerate(zip(data, whole, strict=False)) if one != two)
        assert whole[:before] == data[:before], name
        assert whole.endswith(data[before:]), name
        assert signed.entries[:-1] == bundle.entries, name
        provenance = signed.entries[-1][1]
        targets = [one["reference"] for one in provenance["target"]]
        assert targets == [bundle.url(one) for one in bundle.of("MedicationRequest")], name


def test_a_signature_stands_where_nhs_puts_it() -> None:
    """The Provenance has the fields of NHS's own signed example, and no others but those."""
    signed = reading.bundle(examples.read(examples.SENT))
    theirs = signed.first("Provenance")
    ours = reading.bundle(
        messages.with_signature(
            examples.read(examples.PREPARED), b"<Signature/>", "2022-10-21T13:47:00+00:00"
        )
    ).first("Provenance")
    assert set(theirs) == set(ours)
    (there,), (here,) = theirs["signature"], ours["signature"]
    assert set(there) == set(here)
    assert there["type"] == here["type"]


def test_every_cancellation_of_theirs_is_what_ours_is() -> None:
    """A cancel made of an order names the item, its reason and the same parties, as NHS's do."""
    compared = 0
    for name, data in examples.events(names.UPDATE):
        theirs = reading.bundle(data)
        (request,) = theirs.of("MedicationRequest")
        item = reading.identifier(request, names.ITEM)
        (reason,) = request["statusReason"]["coding"]
        asked = {**request, "status": "active"}
        asked.pop("statusReason")
        entries = tuple((url, asked if one is request else one) for url, one in theirs.entries)
        ours = reading.bundle(messages.cancel(reading.Bundle(theirs.value, entries), item, reason, "m"))
        assert ours.event == names.UPDATE, name
        assert ours.identifier == "m", name
        assert ours.first("MedicationRequest") == request, name
        for kind in ("Patient", "Practitioner", "PractitionerRole", "Organization"):
            assert list(ours.of(kind)) == list(theirs.of(kind)), name
        assert ours.first("MessageHeader")["sender"] == theirs.first("MessageHeader")["sender"], name
        compared += 1
    assert compared >= 2


def test_every_notification_of_a_pharmacy_is_read() -> None:
    """One event each, by the message's own identifier, with the state that the message says."""
    read = 0
    for name, data in examples.events(names.DISPENSED):
        (event,) = dispensing.dispensings(names.MEDIA_TYPE, data, NOW)
        assert event.number, name
        assert event.document == data, name
        said = [
            reading.extension(one, names.TASK_STATUS) for one in reading.bundle(data).of("MedicationDispense")
        ]
        codes = {one["valueCoding"]["code"] for one in said}
        if codes == {"0006"}:
            assert event.state is PrescriptionState.COMPLETED, name
        elif codes == {"0007"}:
            assert event.state is PrescriptionState.EXPIRED, name
        else:
            assert event.state in {PrescriptionState.PARTLY_DISPENSED, PrescriptionState.CLAIMED}, name
        (again,) = dispensing.dispensings(names.MEDIA_TYPE, data, NOW)
        assert again.id == event.id, name
        read += 1
    assert read >= 3


def test_a_task_tells_how_a_prescription_stands() -> None:
    """With dispenser, and for whom; of another number it says nothing."""
    data = examples.read("spec/errors/task/success.json")
    found = tracking.read(data, "CDF34E-A99968-4FF3BQ")
    assert found is not None
    assert found.state is PrescriptionState.CLAIMED
    assert found.patient == "9912003489"
    assert tracking.read(data, "CDF34E-A99968-4FF3B5") is None


def test_every_outcome_is_read() -> None:
    """Each says whether it is a failure; those that are have something to say for the prescriber."""
    for name, data, value in examples.resources("OperationOutcome"):
        said = outcome.read(data, names.MEDIA_TYPE)
        assert said, name
        severe = {one["severity"] for one in value["issue"]} & {"error", "fatal"}
        assert said.failed == bool(severe), name
        assert bool(said.texts) == said.failed, name
        assert said.value["issue"] == value["issue"], name


def test_orders_are_read_as_their_own_v3_form_says() -> None:
    """The service's own translation to HL7 V3 names the same number, patient and items as the view."""
    compared = 0
    for order, converted in _converted():
        bundle = reading.bundle(order.read_bytes())
        seen = view.view(bundle)
        root = etree.fromstring(converted.read_bytes())
        numbers = {one.lower() for one in root.xpath("//@extension", namespaces=V3)}
        assert (seen.number or "").lower() in numbers, converted
        assert seen.patient_identifiers[0].value in numbers, converted
        items = {one.lower() for one in root.xpath("//v:pertinentLineItem/v:id/@root", namespaces=V3)}
        assert items == {one.lower() for one in messages.items(bundle)}, converted
        codes = set(
            root.xpath("//v:pertinentLineItem//v:manufacturedRequestedMaterial/v:code/@code", namespaces=V3)
        )
        assert codes == {one.code for one in seen.medicines}, converted
        compared += 1
    assert compared >= 2


def test_cancellations_are_what_their_own_v3_form_says() -> None:
    """The V3 form of a cancel names the prescription and the item that the message names."""
    compared = 0
    for path in sorted(examples.FOLDER.rglob("*Convert-Response-Cancel-200_OK.xml")):
        bundle = reading.bundle(_beside(path, "Process-Request-Cancel").read_bytes())
        request = bundle.first("MedicationRequest")
        text = path.read_text("utf-8").lower()
        assert request["groupIdentifier"]["value"].lower() in text, path
        assert reading.identifier(request, names.ITEM).lower() in text, path
        assert request["statusReason"]["coding"][0]["code"] in text, path
        compared += 1
    assert compared >= 1


def test_dispensings_are_what_their_own_v3_form_says() -> None:
    """The V3 form of a notification names the prescription that the event names."""
    for path in sorted(examples.FOLDER.rglob("*Convert-Response-Dispense*-200_OK.xml")):
        asked = "Process-Request-DispenseAmend" if "Amend" in path.name else "Process-Request-Dispense"
        data = _beside(path, asked).read_bytes()
        (event,) = dispensing.dispensings(names.MEDIA_TYPE, data, NOW)
        assert event.number.lower() in path.read_text("utf-8").lower(), path


def _converted() -> Iterator[tuple[Path, Path]]:
    for path in sorted(examples.FOLDER.rglob("*Convert-Response-Send-200_OK.xml")):
        order = _beside(path, "Process-Request-Send")
        if order.exists():
            yield order, path


def _beside(converted: Path, what: str) -> Path:
    return converted.with_name(f"{converted.name.split('-')[0]}-{what}-200_OK.json")


def test_every_example_is_strict_json() -> None:
    """Pharmacies' messages too, which the hub only passes on."""
    for path in sorted(examples.FOLDER.rglob("*.json")):
        data = path.read_bytes()
        if b'"resourceType"' in data:
            assert reading.load(data), path


async def test_nhs_s_own_signature_holds_and_a_changed_one_does_not() -> None:
    """It was made for tests of theirs, with SHA-1 and an old certificate: it holds, and is not trusted."""
    data = base64.b64decode(json.loads(examples.read("signature.json"))["data"])
    verified = await xmldsig.verify(data, Authorities(accepts_sha1=True), NOW)
    assert b"<DigestValue>" in verified.content
    assert not verified.trusted
    assert Doubt.WEAK_HASH in verified.doubts
    at = data.index(b"<DigestValue>") + len(b"<DigestValue>")
    changed = data[:at] + (b"A" if data[at : at + 1] != b"A" else b"B") + data[at + 1 :]
    with pytest.raises(TrustError):
        await xmldsig.verify(changed, Authorities(accepts_sha1=True), NOW)
