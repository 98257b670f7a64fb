"""Print prescriptions for their patient: A4 pages that a pharmacy reads by camera and people by eye.

The same prescriptions give the same bytes: the file holds no time and no chance. Its language and title are
set, it is tagged to be read aloud in order, its text can be searched, its fonts are inside. Who has the sheet
has the prescription: the caller keeps it as it keeps the code.
"""

# ruff: noqa: PLC0415 -- reportlab is imported when a sheet is printed, not when the hub starts
from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import AbstractContextManager
from threading import Lock
from typing import TYPE_CHECKING, Final

from hub.domain.prescription import PrescriptionView
from hub.errors import spoken
from hub.ports.prescription import Code2D, Record
from hub_eprescription.codes import draw, reading
from hub_eprescription.sheet import composing, layout
from hub_eprescription.sheet.item import Item
from hub_eprescription.sheet.layout import HEIGHT, WIDTH, Code, Page, Panel, Rule, Text
from hub_eprescription.sheet.letters import Letters, letters
from hub_eprescription.sheet.tagging import Tagging

if TYPE_CHECKING:
    from PIL.Image import Image
    from reportlab.pdfgen.canvas import Canvas  # type: ignore[import-untyped]  # ships no types

_GREY: Final = 0.36
"""Grey text, dark enough to be read on paper (contrast 7 to 1)."""
_SPREAD: Final = 0.02
"""Modules that touch overlap by this part of one, so that no viewer shows a gap between them."""
_PIXELS: Final = 600
"""How many pixels a picture of 50 mm has at least."""
_ONE_AT_A_TIME: Final = Lock()
"""Guards the fonts, which remember what each document under way has used of them."""


def pdf(
    view: PrescriptionView,
    record: Record,
    *,
    language: str,
    code: Code2D | None = None,
    title: str = "",
) -> bytes:
    """Print one prescription; see `pdf_of`."""
    return pdf_of([Item(view=view, record=record, code=code)], language=language, title=title)


def pdf_of(items: Sequence[Item], *, language: str, title: str = "") -> bytes:
    """Print one patient's prescriptions by one prescriber, up to three a page, in `fr` or `en`.

    `title` is the service's name. In a state where a pharmacy may give nothing for it, a prescription is
    printed without its code, and says why. Raises InputError: `prescription.unprintable` for a character
    that can't be shown, `prescription.sheet_too_long`, `prescription.code_text` and `prescription.picture_…`
    for a code that can't be printed; ValueError for no prescriptions, or those of different people. May be
    called from any thread; it takes some 20 ms.
    """
    with _ONE_AT_A_TIME:
        fonts = letters()
        script = composing.compose(items, fonts, language=spoken(language), title=title)
        pages = layout.lay_out(script, fonts)
        return _Printing(fonts).print(pages, script.title, script.language)


class _Printing:
    def __init__(self, fonts: Letters) -> None:
        self._fonts = fonts

    def print(self, pages: Sequence[Page], title: str, language: str) -> bytes:
        from reportlab.pdfgen.canvas import Canvas

        file = io.BytesIO()
        canvas = Canvas(
            file,
            pagesize=(WIDTH, HEIGHT),
            pageCompression=1,
            invariant=True,
            pdfVersion=(1, 7),
            initialFontName=self._fonts.usual,
            lang=language,
        )
        canvas.setTitle(title)
        canvas.setSubject(title)
        canvas.setAuthor("Caducée")
        canvas.setCreator("Caducée")
        canvas.setViewerPreference("DisplayDocTitle", "true")
        tagging = Tagging(canvas)
        for page in pages:
            for one in page:
                with _tagged(tagging, one):
                    self._put(canvas, one)
            canvas.showPage()
            tagging.turn()
        tagging.close()
        canvas.save()
        return file.getvalue()

    def _put(self, canvas: Canvas, one: Text | Rule | Panel | Code) -> None:
        match one:
            case Text():
                self._text(canvas, one)
            case Rule():
                canvas.setStrokeGray(0.7)
                canvas.setLineWidth(0.6)
                canvas.line(layout.LEFT, HEIGHT - one.y, layout.RIGHT, HEIGHT - one.y)
            case Panel():
                canvas.setFillGray(0.94)
                canvas.roundRect(
                    one.x, HEIGHT - one.y - one.height, one.width, one.height, 4, stroke=0, fill=1
                )
            case Code():
                _code(canvas, one)

    def _text(self, canvas: Canvas, one: Text) -> None:
        style = one.style
        x = one.x
        if one.right or one.centred:
            width = self._fonts.width(one.text, bold=style.bold, size=style.size)
            x -= width if one.right else width / 2
        line = canvas.beginText(x, HEIGHT - one.y)
        line.setFillGray(_GREY if style.grey else 0)
        for run in self._fonts.runs(one.text, bold=style.bold):
            line.setFont(run.font, style.size)
            line.textOut(run.text)
        canvas.drawText(line)


def _tagged(tagging: Tagging, one: Text | Rule | Panel | Code) -> AbstractContextManager[None]:
    match one:
        case Text(style=style, part=int(part)):
            return tagging.element(style.tag, part)
        case Code(picture=picture, part=part):
            return tagging.element("Figure", part, picture.described)
        case _:
            return tagging.artifact()


def _sharp(image: Image) -> Image:
    """Return a small picture in larger pixels: viewers would blur it."""
    times = -(-_PIXELS // max(image.width, image.height))
    return image.resize((image.width * times, image.height * times), 0) if times > 1 else image


def _code(canvas: Canvas, one: Code) -> None:
    picture = one.picture
    if picture.image is not None:
        from reportlab.lib.utils import ImageReader  # type: ignore[import-untyped]  # ships no types

        canvas.drawImage(
            ImageReader(_sharp(reading.picture(picture.image))),
            one.x,
            HEIGHT - one.y - layout.CODE,
            layout.CODE,
            layout.CODE,
            preserveAspectRatio=True,
        )
        return
    drawn = draw.draw(picture.text or "", picture.symbology)
    module = layout.CODE / (drawn.size + 2 * drawn.quiet)
    path = canvas.beginPath()
    for x, y, run in drawn.runs():
        left = one.x + (x + drawn.quiet) * module
        bottom = HEIGHT - one.y - (y + 1 + drawn.quiet + _SPREAD) * module
        path.rect(left, bottom, (run + _SPREAD) * module, (1 + _SPREAD) * module)
    canvas.setFillGray(0)
    canvas.drawPath(path, stroke=0, fill=1)
