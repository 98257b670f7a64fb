"""XML that signatures are in: parsed without anything active, and in its canonical form.

Parsing and canonicalisation (C14N 1.0, exclusive or not, always without comments) are libxml2's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from lxml import etree

from hub.errors import LimitError, Words
from hub_eprescription.signing import faults

DS: Final = "http://www.w3.org/2000/09/xmldsig#"
EXCLUSIVE: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
INCLUSIVE: Final = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
MAX_BYTES: Final = 8 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Canonical:
    """How something is canonicalised. `prefixes` are those that exclusive C14N treats as inclusive does."""

    exclusive: bool = False
    prefixes: tuple[str, ...] = ()


def parse(data: bytes) -> etree._Element:
    """Return the root of a document without document type. Raises MalformedError, LimitError."""
    if len(data) > MAX_BYTES:
        raise LimitError(
            "prescription.signature_size",
            Words(
                en=f"The document can't be taken: it is larger than {MAX_BYTES >> 20} MiB.",
                fr=f"Le document ne peut être pris : il dépasse {MAX_BYTES >> 20} Mio.",
            ),
        )
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise faults.malformed("it is not well-formed XML", "ce n'est pas du XML bien formé") from error
    info = root.getroottree().docinfo
    if info.internalDTD is not None or info.externalDTD is not None:
        raise faults.malformed(
            "it declares a document type, or entities",
            "il déclare un type de document, ou des entités",
        )
    return root


def document(root: etree._Element, how: Canonical) -> bytes:
    """Return the canonical form of a whole document, with what stands beside its root."""
    return _canonical(root.getroottree(), how)


def element(one: etree._Element, how: Canonical) -> bytes:
    """Return the canonical form of an element where it stands; namespaces from above are in scope.

    Attributes like `xml:lang` of elements above it are not carried down: where inclusive C14N would,
    a signature does not hold.
    """
    # libxml2 writes the namespaces that are in scope when an element is written by itself.
    alone = etree.fromstring(etree.tostring(one, with_tail=False), etree.XMLParser(resolve_entities=False))
    return _canonical(alone, how)


def without(root: etree._Element, one: etree._Element) -> None:
    """Take an element out of its parent; the text behind it stays."""
    parent, before = one.getparent(), one.getprevious()
    if parent is None:
        raise ValueError(root.tag)
    tail, one.tail = one.tail or "", None
    if before is not None:
        before.tail = (before.tail or "") + tail
    else:
        parent.text = (parent.text or "") + tail
    parent.remove(one)


def _canonical(tree: etree._Element | etree._ElementTree, how: Canonical) -> bytes:
    try:
        made = etree.tostring(
            tree,
            method="c14n",
            exclusive=how.exclusive,
            with_comments=False,
            inclusive_ns_prefixes=list(how.prefixes) or None,
        )
    except etree.C14NError:
        raise faults.malformed(
            "it has no canonical form: a namespace in it is no absolute URI",
            "il n'a pas de forme canonique : un espace de noms n'y est pas un URI absolu",
        ) from None
    return bytes(made)
