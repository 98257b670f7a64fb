"""Recognising a CDA R2 document and reading its header: code and patient, nothing else.

Reads from the beginning until the patient has been seen and no further, so that a report with a
large PDF inside costs no more than a small one. The document is not validated.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Final, cast

from lxml import etree

from hub.domain.message import Kind
from hub.domain.party import Identifier
from hub.errors import MalformedError, Words
from hub_smtp.xdm import xml

_HL7: Final = "{urn:hl7-org:v3}"
_LOINC: Final = "2.16.840.1.113883.6.1"
PRESCRIPTION: Final = "57833-6"
"""LOINC: prescription for medication."""
INS: Final = frozenset({"1.2.250.1.213.1.4.8", "1.2.250.1.213.1.4.9", "1.2.250.1.213.1.4.10"})
"""The national health identity's OIDs: NIR, NIA, and the one for tests."""
_CODE = re.compile(r"[0-9A-Za-z-]{1,40}")
_MATRICULE = re.compile(r"[0-9A-Z]{13,22}")
_MAX_HEADER: Final = 4 << 20
"""Bytes within which a CDA header must end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cda:
    """What the header of a CDA document says. `code` is LOINC's."""

    code: str | None
    patient: tuple[Identifier, ...]

    @property
    def kind(self) -> Kind:
        """What a message is whose first CDA document this is."""
        return Kind.PRESCRIPTION if self.code == PRESCRIPTION else Kind.REPORT


def may_be(media_type: str, name: str) -> bool:
    """Whether it is worth looking: something that says that it is XML."""
    return (
        media_type in {"text/xml", "application/xml", "application/hl7-cda+xml", "application/hl7-v3+xml"}
        or media_type.endswith("+xml")
        or name.lower().endswith((".xml", ".cda"))
    )


async def look(pieces: AsyncIterator[bytes]) -> Cda | None:
    """Return what a CDA header says, None for what is no CDA document.

    Raises MalformedError (`cda.doctype`) for one that declares a document type: CDA has none, and
    readers have been attacked through it.
    """
    header = _Header()
    size = 0
    try:
        async for piece in pieces:
            size += len(piece)
            if header.feed(piece) or size > _MAX_HEADER:
                break
    except etree.XMLSyntaxError:
        # Whoever gets it will see the same; a document is not ours to refuse for its grammar.
        return header.result()
    return header.result()


class _Header:
    """The header as far as it has been read."""

    def __init__(self) -> None:
        self._parser = xml.pull_parser()
        self._depth = 0
        self._root: etree._Element | None = None
        self._code: str | None = None
        self._patient: list[Identifier] = []
        self._done = False

    def feed(self, data: bytes) -> bool:
        """Take a piece; True when nothing more is needed."""
        for at in range(0, len(data), 8192):
            self._parser.feed(data[at : at + 8192])
            for event, element in self._parser.read_events():
                # Only "start" and "end" were asked for, and those come with an element.
                self._take(event, cast("Any", element))
                if self._done:
                    return True
        return False

    def result(self) -> Cda | None:
        if self._root is None:
            return None
        return Cda(code=self._code, patient=tuple(dict.fromkeys(self._patient)))

    def _take(self, event: str, element: etree._Element) -> None:
        if event == "start":
            self._depth += 1
            if self._depth == 1:
                self._begin(element)
            elif self._depth == 2 and element.tag in {f"{_HL7}author", f"{_HL7}component"}:  # noqa: PLR2004 - a child of the root
                self._done = True
            return
        if self._depth == 2:  # noqa: PLR2004 - a child of the root
            if element.tag == f"{_HL7}code" and element.get("codeSystem", _LOINC) == _LOINC:
                code = element.get("code", "")
                self._code = code if _CODE.fullmatch(code) else None
            elif element.tag == f"{_HL7}recordTarget":
                self._patient += _patient(element)
        self._depth -= 1

    def _begin(self, root: etree._Element) -> None:
        if root.tag != f"{_HL7}ClinicalDocument":
            self._done = True
            return
        if xml.has_doctype(root):
            raise MalformedError(
                "cda.doctype",
                Words(
                    en="A CDA document declares a document type (DOCTYPE); CDA has none.",
                    fr="Un document CDA déclare un type de document (DOCTYPE) ; le CDA n'en a pas.",
                ),
                field="documents",
            )
        self._root = root


def _patient(target: etree._Element) -> list[Identifier]:
    """Return the national health identities of a recordTarget."""
    found = []
    for one in target.iterfind(f"{_HL7}patientRole/{_HL7}id"):
        root, value = one.get("root", ""), (one.get("extension") or "").strip().upper()
        if root in INS and _MATRICULE.fullmatch(value):
            found.append(Identifier(f"urn:oid:{root}", value))
    return found
