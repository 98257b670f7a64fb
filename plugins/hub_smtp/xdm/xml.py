"""XML from outside: no DTD, no entities, nothing fetched, libxml2's own limits on size and depth."""

from __future__ import annotations

from lxml import etree


class UnsafeXmlError(ValueError):
    """The text is not XML that we read: ill-formed, or it declares a document type."""


def parse(data: bytes) -> etree._Element:
    """Return the root of a small document. Raises UnsafeXmlError."""
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise UnsafeXmlError("not well-formed") from error
    if has_doctype(root):
        raise UnsafeXmlError("a document type")
    return root


def pull_parser() -> etree.XMLPullParser:
    """Return a parser that takes a document in pieces and gives its elements as they begin and end."""
    return etree.XMLPullParser(
        ("start", "end"),
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )


def has_doctype(root: etree._Element) -> bool:
    """Whether the document of this root declares a document type."""
    return root.getroottree().docinfo.internalDTD is not None
