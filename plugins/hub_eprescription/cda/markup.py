"""XML from outside: no DTD, no entities, nothing fetched, libxml2's own limits on depth and size.

Bytes are only read. What is carried is what came, mark of byte order and processing instructions included.
"""

from __future__ import annotations

import re
from typing import Final

from lxml import etree

from hub_eprescription.cda import faults
from hub_eprescription.cda.limits import MAX_BYTES, MAX_ELEMENTS

HL7: Final = "{urn:hl7-org:v3}"
PHARM: Final = "{urn:ihe:pharm:medication}"
OID: Final = re.compile(r"[0-2](?:\.(?:0|[1-9][0-9]{0,38})){1,40}")
_SPACES: Final = re.compile(r"\s+")
_BREAK: Final = "\0"
"""A character that XML can't hold."""
_BLOCKS: Final = frozenset(f"{HL7}{name}" for name in ("br", "paragraph", "item", "tr"))

Element = etree._Element  # noqa: SLF001 -- lxml has no other name for the type


def parse(content: bytes) -> Element:
    """Return the root of a CDA document. Raises MalformedError, LimitError."""
    if len(content) > MAX_BYTES:
        raise faults.too_large(MAX_BYTES, "bytes", "octets")
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError):
        # What libxml2 says may repeat the document.
        raise faults.malformed("it is no well-formed XML", "ce n'est pas du XML bien formé") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise faults.malformed(
            "it declares a document type (DOCTYPE), which CDA has none of",
            "il déclare un type de document (DOCTYPE), ce que le CDA n'a pas",
        )
    if root.tag != f"{HL7}ClinicalDocument":
        raise faults.malformed(
            "its root is no ClinicalDocument of urn:hl7-org:v3",
            "sa racine n'est pas un ClinicalDocument de urn:hl7-org:v3",
        )
    if sum(1 for _ in root.iter()) > MAX_ELEMENTS:
        raise faults.too_large(MAX_ELEMENTS, "elements", "éléments")
    return root


def find(element: Element, path: str) -> Element | None:
    """Return the first element at a path of HL7 names, such as `patient/name`."""
    return element.find("/".join(f"{HL7}{step}" for step in path.split("/")))


def each(element: Element, path: str) -> list[Element]:
    """Return all elements at a path of HL7 names."""
    return element.findall("/".join(f"{HL7}{step}" for step in path.split("/")))


def attribute(element: Element | None, path: str, name: str) -> str:
    """Return an attribute of the first element at a path; empty when there is none."""
    found = None if element is None else find(element, path) if path else element
    return "" if found is None else str(found.get(name, "")).strip()


def text(element: Element | None) -> str:
    """Return all text in an element, on one line; where it breaks lines (`br`) stands a slash."""
    if element is None:
        return ""
    lines = (_SPACES.sub(" ", line).strip() for line in _texts(element).split(_BREAK))
    return " / ".join(line for line in lines if line)


def has_template(element: Element, root: str) -> bool:
    """Whether an element says that it follows a template."""
    return any(one.get("root") == root for one in each(element, "templateId"))


def shown(oid: str) -> str:
    """Return an OID for an error text; something else is not repeated there."""
    return oid if OID.fullmatch(oid) else "?"


def _texts(element: Element) -> str:
    found = [element.text or ""]
    for child in element:
        edge = _BREAK if child.tag in _BLOCKS else ""
        found += [edge, _texts(child), edge, child.tail or ""]
    return "".join(found)
