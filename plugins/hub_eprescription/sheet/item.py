"""One prescription as it is to be printed."""

from __future__ import annotations

from dataclasses import dataclass

from hub.domain.prescription import PrescriptionView
from hub.ports.prescription import Code2D, Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """What people read of it, what the hub knows of it, and its 2D code, when it has one.

    A code's text is drawn; its image is the issuer's own (PNG, JPEG, GIF or BMP), printed as it is.
    """

    view: PrescriptionView
    record: Record
    code: Code2D | None = None

    @property
    def number(self) -> str | None:
        """Its number: the one that the service gave, else the one in the document."""
        return self.record.number or self.view.number
