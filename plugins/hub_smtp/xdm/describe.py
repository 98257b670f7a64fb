"""Writing METADATA.XML: an ebXML SubmitObjectsRequest with one SubmissionSet (IHE ITI TF-3, 4.2).

What the envelope does not say is left out rather than invented: codes of class, facility and practice
setting belong to the author's own affinity domain.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Sequence
from datetime import UTC
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from hub.domain.envelope import Envelope
from hub.domain.message import Document
from hub.domain.party import Identifier, Party
from hub_smtp.xdm.metadata import FILE_NAME, RIM, STABLE, TYPE_CODE
from hub_smtp.xdm.pack import Packed

_LCM: Final = "urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0"
_CLASS_CODE: Final = "urn:uuid:41a5887f-8865-4c09-adf7-e362475b143a"
_FORMAT_CODE: Final = "urn:uuid:a09d5840-386c-46f2-b5ad-9c3699a4309d"
_CONFIDENTIALITY: Final = "urn:uuid:f4f85eac-e6cb-4883-b524-f2705394840f"
_AUTHOR: Final = "urn:uuid:93606bcf-9494-43ec-9b4e-a7748d1a838d"
_PATIENT: Final = "urn:uuid:58a6f841-87b3-4a3e-92fd-a8ffeff98427"
_UNIQUE: Final = "urn:uuid:2e82c1f6-a085-4c72-9da3-8640a32e42ab"
_SET: Final = "urn:uuid:a54d6aa5-d40d-43f9-88c5-b4633d873bdd"
_SET_AUTHOR: Final = "urn:uuid:a7058bb9-b4e4-4307-ba5b-e3f0ab85e12d"
_SET_PATIENT: Final = "urn:uuid:6b5aea1a-874d-4603-a4bc-96a0a7b38446"
_SET_SOURCE: Final = "urn:uuid:554ac39e-e3fe-47fe-b233-965d2a147832"
_SET_UNIQUE: Final = "urn:uuid:96fdda7c-d067-4183-912e-bf5ee74998a8"
_MEMBER: Final = "urn:oasis:names:tc:ebxml-regrep:AssociationType:HasMember"
_LOINC: Final = "2.16.840.1.113883.6.1"
_HL7_CONFIDENTIALITY: Final = "2.16.840.1.113883.5.25"
_IHE_FORMATS: Final = "1.3.6.1.4.1.19376.1.2.3"
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def describe(envelope: Envelope, documents: Sequence[tuple[Document, Packed]], hub_name: str) -> bytes:
    """Return METADATA.XML for these documents. The same envelope gives the same bytes."""
    numbered = tuple(enumerate(documents, 1))
    entries = [_entry(f"Document{number:02d}", envelope, *one) for number, one in numbered]
    members = [_member(number) for number, _ in numbered]
    marked = f'<Classification id="set" classifiedObject="SubmissionSet01" classificationNode="{_SET}"/>\n'
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<lcm:SubmitObjectsRequest xmlns:lcm="{_LCM}" xmlns="{RIM}">\n<RegistryObjectList>\n'
        + "".join(entries)
        + _submission_set(envelope, hub_name)
        + marked
        + "".join(members)
        + "</RegistryObjectList>\n</lcm:SubmitObjectsRequest>\n"
    ).encode()


def _submission_set(envelope: Envelope, hub_name: str) -> str:
    own, message = "SubmissionSet01", envelope.message
    source = uuid.uuid5(uuid.NAMESPACE_DNS, hub_name)
    return (
        f'<RegistryPackage id="{own}">'
        + _slot("submissionTime", _moment(envelope))
        + _name(message.subject or "Documents")
        + _author(own, _SET_AUTHOR, message.sender)
        + _external(own, _SET_UNIQUE, _oid(uuid.UUID(envelope.id)), "XDSSubmissionSet.uniqueId")
        + _external(own, _SET_SOURCE, _oid(source), "XDSSubmissionSet.sourceId")
        + _external(own, _SET_PATIENT, _patient(message.patient), "XDSSubmissionSet.patientId")
        + "</RegistryPackage>\n"
    )


def _entry(own: str, envelope: Envelope, document: Document, packed: Packed) -> str:
    message = envelope.message
    patient = _patient(message.patient)
    unique = uuid.uuid5(uuid.UUID(envelope.id), document.id)
    return (
        f'<ExtrinsicObject id="{own}" mimeType={quoteattr(document.media_type)} objectType="{STABLE}">'
        + _slot("creationTime", _moment(envelope))
        + _slot("hash", packed.sha1)
        + _slot("size", str(packed.size))
        + _slot("URI", packed.name.rpartition("/")[2])
        + _slot(FILE_NAME, document.name)
        + _slot("languageCode", message.language)
        + _slot("sourcePatientId", patient)
        + _name(document.name)
        + _author(own, _AUTHOR, message.sender)
        + _code(own, _CLASS_CODE, document.code, _LOINC)
        + _code(own, _CONFIDENTIALITY, "N", _HL7_CONFIDENTIALITY)
        + _code(own, _FORMAT_CODE, "urn:ihe:iti:xds:2017:mimeTypeSufficient", _IHE_FORMATS)
        + _code(own, TYPE_CODE, document.code, _LOINC)
        + _external(own, _PATIENT, patient, "XDSDocumentEntry.patientId")
        + _external(own, _UNIQUE, _oid(unique), "XDSDocumentEntry.uniqueId")
        + "</ExtrinsicObject>\n"
    )


def _member(number: int) -> str:
    return (
        f'<Association id="member{number:02d}" associationType="{_MEMBER}" sourceObject="SubmissionSet01"'
        f' targetObject="Document{number:02d}">{_slot("SubmissionSetStatus", "Original")}</Association>\n'
    )


def _moment(envelope: Envelope) -> str:
    return f"{envelope.created_at.astimezone(UTC):%Y%m%d%H%M%S}"


def _slot(name: str, value: str | None) -> str:
    if not value:
        return ""
    return f'<Slot name="{name}"><ValueList><Value>{_text(value)}</Value></ValueList></Slot>'


def _name(text: str) -> str:
    return f"<Name><LocalizedString value={_attribute(text)}/></Name>"


def _code(own: str, scheme: str, code: str | None, system: str) -> str:
    if not code:
        return ""
    return (
        f'<Classification id="{own}-{scheme[9:17]}" classificationScheme="{scheme}" classifiedObject="{own}"'
        f" nodeRepresentation={_attribute(code)}>{_slot('codingScheme', system)}{_name(code)}"
        "</Classification>"
    )


def _author(own: str, scheme: str, author: Party) -> str:
    """Return the author as an XCN: identifier, name, and the system that issued the identifier."""
    person = f"^{_component(author.name)}"
    if author.identifiers:
        first = author.identifiers[0]
        person = f"{_component(first.value)}^{_component(author.name)}^^^^^^^&{_authority(first)}&ISO"
    return (
        f'<Classification id="{own}-author" classificationScheme="{scheme}" classifiedObject="{own}"'
        f' nodeRepresentation="">{_slot("authorPerson", person)}'
        f"{_slot('authorTelecommunication', f'^^Internet^{_component(str(author.address))}')}"
        "</Classification>"
    )


def _external(own: str, scheme: str, value: str, name: str) -> str:
    if not value:
        return ""
    return (
        f'<ExternalIdentifier id="{own}-{scheme[9:17]}" registryObject="{own}"'
        f' identificationScheme="{scheme}" value={_attribute(value)}>{_name(name)}</ExternalIdentifier>'
    )


def _patient(identifiers: Iterable[Identifier]) -> str:
    """Return the first identifier as a CX; empty without one."""
    for one in identifiers:
        return f"{_component(one.value)}^^^&{_authority(one)}&ISO"
    return ""


def _authority(one: Identifier) -> str:
    return _component(one.system.removeprefix("urn:oid:"))


def _component(text: str) -> str:
    """Return a text without HL7's own separators."""
    return text.translate(dict.fromkeys(map(ord, "^&~|\\"), " "))


def _oid(of: uuid.UUID) -> str:
    return f"2.25.{of.int}"


def _text(text: str) -> str:
    return escape(_FORBIDDEN.sub("", text))


def _attribute(text: str) -> str:
    return quoteattr(_FORBIDDEN.sub("", text))
