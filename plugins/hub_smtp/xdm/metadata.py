"""Reading METADATA.XML: an ebXML SubmitObjectsRequest (IHE ITI TF-3, 4.2), its documents alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from lxml import etree

from hub_smtp.xdm import xml
from hub_smtp.xdm.refusals import malformed

RIM: Final = "urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0"
TYPE_CODE: Final = "urn:uuid:f0306f51-975f-434e-a61c-c59651d33983"
"""The classification that holds a document's typeCode."""
FILE_NAME: Final = "urn:caducee:fileName"
"""A slot of our own: the name that a document had before it got one that every medium can carry."""
_RIM: Final = f"{{{RIM}}}"
STABLE: Final = "urn:uuid:7edca82f-054d-47f2-a032-9b2a5b5186c1"
"""The type of a document that does not change."""
_LOINC: Final = frozenset({"2.16.840.1.113883.6.1", "urn:oid:2.16.840.1.113883.6.1", "LOINC"})
_CODE = re.compile(r"\d{1,7}-\d")
_SHA1 = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """One DocumentEntry. `uri` is relative to METADATA.XML; `sha1` and `size` are what it states."""

    uri: str
    name: str | None
    media_type: str
    sha1: str | None
    size: int | None
    code: str | None


def read(data: bytes) -> list[Described]:
    """Return the documents that a METADATA.XML describes, in its order. Raises MalformedError."""
    try:
        root = xml.parse(data)
    except xml.UnsafeXmlError:
        raise malformed(
            "metadata",
            "METADATA.XML is not well-formed XML without a DTD",
            "METADATA.XML n'est pas du XML bien formé sans DTD",
        ) from None
    return [
        _described(one)
        for one in root.iter(f"{_RIM}ExtrinsicObject")
        if one.get("objectType") in {None, STABLE}
    ]


def _described(entry: etree._Element) -> Described:
    slots = {slot.get("name"): _value(slot) for slot in entry.iterfind(f"{_RIM}Slot")}
    uri = slots.get("URI") or ""
    if not uri:
        raise malformed(
            "metadata", "a document in METADATA.XML has no URI", "un document de METADATA.XML n'a pas d'URI"
        )
    sha1 = (slots.get("hash") or "").lower()
    size = slots.get("size") or ""
    return Described(
        uri=uri,
        name=slots.get(FILE_NAME) or None,
        media_type=(entry.get("mimeType") or "application/octet-stream").lower(),
        sha1=sha1 if _SHA1.fullmatch(sha1) else None,
        size=int(size) if size.isascii() and size.isdigit() and len(size) < 16 else None,  # noqa: PLR2004 - beyond any size
        code=_code(entry),
    )


def _value(slot: etree._Element) -> str:
    """Return a slot's values joined: a long URI may come in several (IHE ITI TF-3, 4.2.3.2.27)."""
    values = [(one.text or "").strip() for one in slot.iterfind(f"{_RIM}ValueList/{_RIM}Value")]
    if len(values) > 1 and all("|" in one for one in values):
        values = [one.partition("|")[2] for one in sorted(values)]
    return "".join(values)


def _code(entry: etree._Element) -> str | None:
    for one in entry.iterfind(f"{_RIM}Classification"):
        if one.get("classificationScheme") != TYPE_CODE:
            continue
        code = one.get("nodeRepresentation") or ""
        scheme = next((_value(slot) for slot in one.iterfind(f"{_RIM}Slot")), "")
        if scheme in _LOINC and _CODE.fullmatch(code):
            return code
    return None
