"""The text that people read in a CDA section, and what stands about one line in its table.

Only this text is attested by the author; codes beside it are for programs. A line's dosage may stand nowhere
else: then it is the cell of its row under "Posologie".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from hub_eprescription.cda import markup
from hub_eprescription.cda.markup import Element

_ABSENT: Final = frozenset({"", "-", "–"})


@dataclass(frozen=True, slots=True)
class Narrative:
    """A section's text by the IDs in it."""

    by_id: Mapping[str, Element]

    @classmethod
    def of(cls, section: Element) -> Narrative:
        """Index a section."""
        found: dict[str, Element] = {}
        block = markup.find(section, "text")
        for one in () if block is None else block.iter():
            if name := one.get("ID"):
                found.setdefault(str(name), one)
        return cls(found)

    def text(self, holder: Element | None) -> str:
        """Return the text that `holder` refers to (`reference value="#…"`), or holds; empty for a dash."""
        if holder is None:
            return ""
        element = self._referred(holder)
        found = markup.text(element if element is not None else holder)
        return "" if found in _ABSENT else found

    def row(self, holder: Element | None) -> dict[str, str]:
        """Return the row in which the referred text stands: cells by their column's head, dashes left out."""
        element = None if holder is None else self._referred(holder)
        row = _up(element, "tr")
        table = _up(row, "table")
        if row is None or table is None:
            return {}
        heads = [markup.text(one) for one in markup.each(table, "thead/tr/th")]
        cells = [markup.text(one) for one in row if one.tag in {f"{markup.HL7}td", f"{markup.HL7}th"}]
        if len(heads) != len(cells):
            return {}
        return {head: cell for head, cell in zip(heads, cells, strict=True) if head and cell not in _ABSENT}

    def _referred(self, holder: Element) -> Element | None:
        for one in holder.iter(f"{markup.HL7}reference"):
            # Documents are known that leave the number sign out.
            name = str(one.get("value", "")).removeprefix("#")
            if name in self.by_id:
                return self.by_id[name]
        return None


def _up(element: Element | None, name: str) -> Element | None:
    while element is not None and element.tag != f"{markup.HL7}{name}":
        element = element.getparent()
    return element
