"""Tag a PDF: what is a heading, a paragraph, a figure, in the order of reading (ISO 32000-1, 14.7, 14.8).

reportlab writes no tags of its own. This marks what it draws, and gives the document its structure tree; the
rules, panels and feet of pages are marked as artifacts, which a reader passes over.
"""

# ruff: noqa: PLC0415 -- reportlab is imported when a sheet is printed, not when the hub starts
from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class _Element:
    """One heading, paragraph or figure; `marks` are its pieces, as (page, number on the page)."""

    tag: str
    part: int
    alternative: str
    marks: list[tuple[int, int]] = field(default_factory=list)


class Tagging:
    """The tags of one document under way."""

    def __init__(self, canvas: Any) -> None:
        self._canvas = canvas
        self._elements: list[_Element] = []
        self._pages: list[list[_Element]] = [[]]

    @contextmanager
    def element(self, tag: str, part: int, alternative: str = "") -> Iterator[None]:
        """Mark what is drawn within; what comes with the same `part` right after belongs to it too."""
        if not self._elements or self._elements[-1].part != part:
            self._elements.append(_Element(tag, part, alternative))
        element, page = self._elements[-1], self._pages[-1]
        element.marks.append((len(self._pages) - 1, len(page)))
        self._canvas.addLiteral(f"/{tag} <</MCID {len(page)}>> BDC")
        yield
        self._canvas.addLiteral("EMC")
        page.append(element)

    @contextmanager
    def artifact(self) -> Iterator[None]:
        """Mark what is drawn within as nothing to be read."""
        self._canvas.addLiteral("/Artifact BMC")
        yield
        self._canvas.addLiteral("EMC")

    def turn(self) -> None:
        """Say that the page is done, and another begins."""
        self._pages.append([])

    def close(self) -> None:
        """Write the structure tree. Call it when all pages are drawn, before the document is saved."""
        from reportlab.pdfbase.pdfdoc import (  # type: ignore[import-untyped]  # ships no types
            PDFArray,
            PDFDictionary,
            PDFName,
            PDFString,
        )

        document = self._canvas._doc  # noqa: SLF001 -- reportlab has no public way to its document
        pages = document.Pages.pages
        tree = PDFDictionary({"Type": PDFName("StructTreeRoot")})
        whole = PDFDictionary({"Type": PDFName("StructElem"), "S": PDFName("Document")})
        root, top = document.Reference(tree), document.Reference(whole)
        references = {}
        for one in self._elements:
            kids = [
                PDFDictionary({"Type": PDFName("MCR"), "Pg": document.Reference(pages[page]), "MCID": number})
                for page, number in one.marks
            ]
            said = {
                "Type": PDFName("StructElem"),
                "S": PDFName(one.tag),
                "P": top,
                "K": PDFArray(kids),
            }
            if one.alternative:
                said["Alt"] = PDFString(one.alternative)
            references[id(one)] = document.Reference(PDFDictionary(said))
        numbers: list[Any] = []
        for place, (page, marked) in enumerate(zip(pages, self._pages, strict=False)):
            page.__NoDefault__ = [*page.__NoDefault__, "StructParents", "Tabs"]
            page.StructParents, page.Tabs = place, PDFName("S")
            numbers += [place, PDFArray([references[id(one)] for one in marked])]
        whole.dict |= {"P": root, "K": PDFArray(list(references.values()))}
        tree.dict |= {
            "K": PDFArray([top]),
            "ParentTree": document.Reference(PDFDictionary({"Nums": PDFArray(numbers)})),
            "ParentTreeNextKey": len(pages),
        }
        document.Catalog.StructTreeRoot = root
        document.Catalog.MarkInfo = PDFDictionary({"Marked": "true"})
