"""2D codes as modules and as pictures: DataMatrix (ISO/IEC 16022) by zxing-cpp, QR (ISO/IEC 18004) by segno.

The same text gives the same modules, so a sheet printed again is the same sheet. DataMatrix is drawn square
only: the long rectangles that some libraries prefer (ISO/IEC 21471) are not read everywhere. The text must be
printable ASCII, which every reader takes for the same letters.
"""

# ruff: noqa: PLC0415 -- the libraries are imported when a code is drawn, not when the hub starts
from __future__ import annotations

import io
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from hub.errors import InputError, Words

QUIET: Final = 4
"""The quiet zone in modules, on each side: what QR asks for, four times what DataMatrix does."""
MODULE: Final = 8
"""Pixels of one module in a PNG: 300 dots per inch give 0.68 mm."""
MOST_CHARACTERS: Final = 1500


class Symbology(StrEnum):
    """Which kind of code."""

    DATA_MATRIX = "data-matrix"
    QR = "qr"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A code's modules, True for dark, from the top. `quiet` are those to be left light around it."""

    symbology: Symbology
    rows: tuple[tuple[bool, ...], ...] = field(repr=False)
    quiet: int = QUIET

    @property
    def size(self) -> int:
        """How many modules it is wide and high, without its quiet zone."""
        return len(self.rows)

    def runs(self) -> tuple[tuple[int, int, int], ...]:
        """Return what is dark as (column, row, length) of horizontal runs."""
        found: list[tuple[int, int, int]] = []
        for y, row in enumerate(self.rows):
            start: int | None = None
            for x, dark in enumerate((*row, False)):
                if dark and start is None:
                    start = x
                elif not dark and start is not None:
                    found.append((start, y, x - start))
                    start = None
        return tuple(found)


def draw(text: str, symbology: str = Symbology.DATA_MATRIX) -> Drawn:
    """Draw a text. Raises InputError `prescription.code_text` when it can't stand in a code.

    ValueError is for a symbology that there is not.
    """
    kind = Symbology(symbology)
    if not text or len(text) > MOST_CHARACTERS or not (text.isascii() and text.isprintable()):
        raise _undrawable()
    try:
        rows = _data_matrix(text) if kind is Symbology.DATA_MATRIX else _qr(text)
    except ValueError as error:
        raise _undrawable() from error
    return Drawn(symbology=kind, rows=rows)


def png(text: str, symbology: str = Symbology.DATA_MATRIX, *, module: int = MODULE) -> bytes:
    """Draw a text as a PNG of two colours, `module` pixels per module, quiet zone included."""
    from PIL import Image

    drawn = draw(text, symbology)
    side = drawn.size + 2 * drawn.quiet
    image = Image.new("1", (side, side), 1)
    for y, row in enumerate(drawn.rows):
        for x, dark in enumerate(row):
            if dark:
                image.putpixel((x + drawn.quiet, y + drawn.quiet), 0)
    large = image.resize((side * module, side * module), Image.Resampling.NEAREST)
    file = io.BytesIO()
    large.save(file, "PNG", optimize=True)
    return file.getvalue()


def svg(text: str, symbology: str = Symbology.DATA_MATRIX) -> bytes:
    """Draw a text as an SVG that scales to any size, quiet zone included."""
    drawn = draw(text, symbology)
    side = drawn.size + 2 * drawn.quiet
    path = "".join(f"M{x + drawn.quiet} {y + drawn.quiet}h{run}v1h-{run}z" for x, y, run in drawn.runs())
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" role="img" '
        f'shape-rendering="crispEdges"><rect width="{side}" height="{side}" fill="#fff"/>'
        f'<path d="{path}" fill="#000"/></svg>\n'
    ).encode("ascii")


def _data_matrix(text: str) -> tuple[tuple[bool, ...], ...]:
    import zxingcpp

    barcode = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.DataMatrix, force_square=True)
    pixels = memoryview(barcode.to_image(add_quiet_zones=False))  # type: ignore[arg-type]  # a buffer; stub is silent
    height, width = pixels.shape or (0, 0)
    if height != width:
        raise ValueError("not square")
    return tuple(tuple(pixels[y, x] == 0 for x in range(width)) for y in range(height))


def _qr(text: str) -> tuple[tuple[bool, ...], ...]:
    import segno

    code = segno.make_qr(text, error="m", boost_error=False)
    return tuple(tuple(bool(module) for module in row) for row in code.matrix)


def _undrawable() -> InputError:
    return InputError(
        "prescription.code_text",
        Words(
            en=f"The text of the 2D code can't be drawn: it must be 1 to {MOST_CHARACTERS} printable ASCII "
            "characters.",
            fr=f"Le texte du code 2D ne peut pas être dessiné : il doit compter de 1 à {MOST_CHARACTERS} "
            "caractères ASCII imprimables.",
        ),
    )
