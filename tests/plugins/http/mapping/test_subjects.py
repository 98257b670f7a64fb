"""What templates see of a parcel is what the envelope says, and nothing else."""

from __future__ import annotations

from dataclasses import replace

from hub.domain.message import DocumentRole
from hub.domain.party import INS_NIR, Identifier
from hub.ports.connector import Parcel
from hub.testing.contents import MemoryContent
from hub.testing.fakes import FixedChance, FixedClock, entry
from hub.testing.parcels import Attached, parcel
from hub_http.mapping import subjects, templates
from tests.plugins.http.mapping.world import CALL, NOW, PDF, RECIPIENT, SENDER, host_of, parcel_of, scope_of


def seen(source: str, sent: Parcel | None = None) -> object:
    """Return the value of an expression about a parcel."""
    if sent is None:
        return templates.value(source, scope_of())
    scope = subjects.of_parcel(sent, sent.addressees, host=host_of(), parameters={}, call=CALL)
    return templates.value(source, scope)


def test_the_message_and_its_people_are_told() -> None:
    """As the envelope has them; what it does not have is none."""
    told = {
        "{{ hub }}": "hub.caducee.example",
        "{{ operator }}": "mesh",
        "{{ now }}": NOW,
        "{{ envelope.created_at }}": NOW,
        "{{ message.kind }}": "report",
        "{{ message.language }}": "fr",
        "{{ message.thread }}": None,
        "{{ message.references }}": [],
        "{{ message.receipts }}": ["failure"],
        "{{ message.patient }}": [],
        "{{ message.ins }}": None,
        "{{ sender.name }}": "Centre hospitalier de Valbrume",
        "{{ sender.kind }}": "organisation",
        "{{ sender.domain }}": "hautmont.example",
        "{{ sender.role }}": None,
        "{{ sender.delivery }}": None,
        "{{ recipient.local }}": "lucie.arnaud",
        "{{ recipient.role }}": "to",
        "{{ recipient.rpps }}": "10001234565",
        "{{ recipient.finess }}": "750712184",
        "{{ recipient.identifiers[0].value }}": "810001234565",
        "{{ delivery.id }}": CALL,
        "{{ delivery.attempt }}": 1,
        "{{ body.media_type }}": "text/plain",
        "{{ attachments | map('size') }}": [len(PDF)],
        "{{ attachments[0].code }}": None,
        "{{ originals }}": [],
        "{{ documents | map('role') }}": ["body", "attachment"],
    }
    assert {source: seen(source) for source in told} == told


def test_the_patient_s_number_is_there_for_who_must_send_it() -> None:
    """By the systems of the INS."""
    sent = parcel_of()
    envelope = sent.sealed.envelope
    message = replace(
        envelope.message, patient=(Identifier("urn:x", "7"), Identifier(INS_NIR, "255069900100118"))
    )
    sent = replace(sent, sealed=replace(sent.sealed, envelope=replace(envelope, message=message)))
    assert seen("{{ message.ins }}", sent) == "255069900100118"
    assert seen("{{ message.patient | map('system') }}", sent) == ["urn:x", INS_NIR]


def test_the_original_is_kept_apart_from_the_documents() -> None:
    """It is sent along only where a description says so."""
    sent = parcel_of()
    envelope = sent.sealed.envelope
    body, pdf = envelope.message.documents
    message = replace(envelope.message, documents=(body, replace(pdf, role=DocumentRole.ORIGINAL)))
    sent = replace(sent, sealed=replace(sent.sealed, envelope=replace(envelope, message=message)))
    assert seen("{{ documents | map('role') }}", sent) == ["body"]
    assert seen("{{ originals | map('id') }}", sent) == [pdf.id]
    assert seen("{{ attachments }}", sent) == []


def test_a_part_of_the_addressees_is_a_message_of_its_own() -> None:
    """Each recipient has its delivery; the attempt is the highest of them."""
    entries = [RECIPIENT, entry("paul.mercier@valbrume.example"), entry("anne.colin@valbrume.example")]
    sent = parcel(SENDER, entries, clock=FixedClock(NOW), chance=FixedChance())
    some = [sent.addressees[1], replace(sent.addressees[2], attempt=4)]
    scope = subjects.of_parcel(sent, some, host=host_of(), parameters={}, call=CALL)
    assert templates.value("{{ recipients | map('delivery') }}", scope) == [one.delivery for one in some]
    assert (
        templates.text("{{ recipient.address }} {{ recipient.role }}", scope)
        == "paul.mercier@valbrume.example cc"
    )
    assert templates.value("{{ delivery.attempt }}", scope) == 4


def test_the_envelope_s_jws_is_given_as_bytes() -> None:
    """For an operator that carries the proof along."""
    jws = parcel_of().sealed.jws
    assert seen("{{ envelope.jws | text }}") == jws.decode()
    assert seen("{{ envelope.jws }}") == jws


def test_contents_are_not_read_for_it() -> None:
    """What a template only names costs nothing."""
    content = MemoryContent(b"x" * 1000)
    scope = scope_of(Attached(content=content, name="scan.tif", media_type="image/tiff"))
    assert templates.text("{{ attachments[0].name }}, {{ attachments[0].size }}", scope) == "scan.tif, 1000"
