"""Where everything stands on the pages: A4, measured in points from the top left corner.

A prescription's code stands left, its text right of it, so that up to three of them share a page. Its text
goes over to the next page where it must; nothing is cut off and nothing is set smaller to fit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Final

from hub_eprescription.sheet import rows
from hub_eprescription.sheet.letters import Letters
from hub_eprescription.sheet.rows import Block, Group, Picture, Row, Script, Style

WIDTH: Final = 595.28
HEIGHT: Final = 841.89
LEFT: Final = 51.0
RIGHT: Final = WIDTH - LEFT
TOP: Final = 48.0
LIMIT: Final = HEIGHT - 64
"""Where text must end; below it stands the foot."""
CODE: Final = 141.73
"""50 mm: a module of a usual code, quiet zone included, is about 1 mm, readable by any camera."""
COLUMN: Final = LEFT + CODE + 20
LABEL: Final = 68.0
GAP: Final = 16.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A line of letters on its baseline; flush right when `right`, centred when `centred`, at `x`.

    Lines with the same `part` are one paragraph; None is for what is no part of the text: a page's foot.
    """

    x: float
    y: float
    text: str = field(repr=False)
    style: Style
    part: int | None
    right: bool = False
    centred: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A thin line across the page."""

    y: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A light grey ground."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """A 2D code in a square."""

    x: float
    y: float
    picture: Picture
    part: int


Page = tuple[Text | Rule | Panel | Code, ...]


def lay_out(script: Script, letters: Letters) -> tuple[Page, ...]:
    """Return the pages."""
    return _Layout(script, letters).pages()


class _Layout:
    def __init__(self, script: Script, letters: Letters) -> None:
        self._script = script
        self._letters = letters
        self._done: list[list[Text | Rule | Panel | Code]] = [[]]
        self._y = TOP
        self._parts = count()

    def pages(self) -> tuple[Page, ...]:
        self._head()
        for place, block in enumerate(self._script.blocks):
            self._block(block, first=place == 0)
        self._advice()
        total = len(self._done)
        return tuple((*page, *self._foot(number, total)) for number, page in enumerate(self._done, 1))

    def _head(self) -> None:
        script = self._script
        self._rows(script.top, LEFT, RIGHT)
        self._rule(10)
        top, middle = self._y, (LEFT + RIGHT) / 2
        self._rows(script.left, LEFT, middle - 12)
        bottom, self._y = self._y, top
        self._rows(script.right, middle, RIGHT)
        self._y = max(bottom, self._y)
        self._rule(10)

    def _turn(self, continued: str = "", left: float = LEFT) -> None:
        """Begin a page."""
        self._done.append([])
        self._y = TOP
        self._line(Row(text=self._script.running, style=rows.SMALL), LEFT)
        self._rule(6)
        if continued:
            self._line(Row(text=continued, style=rows.STRONG), left)

    def _block(self, block: Block, *, first: bool) -> None:
        left = COLUMN if block.picture else LEFT
        beside = self._picture_height(block.picture)
        whole = max(beside, sum(self._height(group, left) for group in block.groups))
        if not first:
            if self._y + GAP + min(whole, self._fresh()) > LIMIT:
                self._turn()
            else:
                self._rule(GAP / 2)
        elif self._y + beside > LIMIT:
            self._turn()
        page, top = len(self._done), self._y
        if block.picture:
            self._picture(block.picture)
        for group in block.groups:
            self._group(group, left, block.continued)
        if len(self._done) == page:
            self._y = max(self._y, top + beside)

    def _group(self, group: Group, left: float, continued: str) -> None:
        height = self._height(group, left)
        if self._y + height > LIMIT and height <= self._fresh():
            self._turn(continued, left)
        self._rows(group, left, RIGHT, continued)

    def _rows(self, group: Group, left: float, right: float, continued: str = "") -> None:
        for row in group:
            self._y += row.before
            x = left + LABEL if row.label else left
            part = next(self._parts)
            for place, line in enumerate(self._lines(row, right - x)):
                if self._y + row.style.leading > LIMIT:
                    self._turn(continued, left)
                baseline = self._baseline(row.style)
                if row.label and place == 0:
                    self._put(Text(x=left, y=baseline, text=row.label, style=rows.SMALL, part=part))
                self._put(Text(x=x, y=baseline, text=line, style=row.style, part=part))
                self._y += row.style.leading

    def _line(self, row: Row, left: float) -> None:
        """Put what heads a page, and is no part of the text; it is cut in as many lines as it needs."""
        for line in self._lines(row, RIGHT - left):
            self._put(Text(x=left, y=self._baseline(row.style), text=line, style=row.style, part=None))
            self._y += row.style.leading

    def _baseline(self, style: Style) -> float:
        return self._y + style.leading - (style.leading - style.size * 0.72) / 2

    def _picture(self, picture: Picture) -> None:
        if picture.instead:
            self._put(Panel(x=LEFT, y=self._y, width=CODE, height=CODE))
            lines = self._lines(Row(text=picture.instead, style=rows.STRONG), CODE - 24)
            y = self._y + (CODE - len(lines) * rows.STRONG.leading) / 2 + rows.STRONG.size
            part = next(self._parts)
            for line in lines:
                self._put(Text(x=LEFT + CODE / 2, y=y, text=line, style=rows.STRONG, part=part, centred=True))
                y += rows.STRONG.leading
            return
        self._put(Code(x=LEFT, y=self._y, picture=picture, part=next(self._parts)))
        caption = Text(
            x=LEFT + CODE / 2,
            y=self._y + CODE + rows.SMALL.size,
            text=picture.caption,
            style=rows.SMALL,
            part=next(self._parts),
            centred=True,
        )
        self._put(caption)

    def _advice(self) -> None:
        """Put what to do at the foot of the last page, when there is room for it."""
        if not self._script.advice:
            return
        height = self._height(self._script.advice, LEFT + 24) + 24
        if self._y + GAP + height > LIMIT:
            return
        top = LIMIT - height
        self._put(Panel(x=LEFT, y=top, width=RIGHT - LEFT, height=height))
        self._y = top + 12
        self._rows(self._script.advice, LEFT + 14, RIGHT - 10)

    def _foot(self, number: int, total: int) -> Sequence[Text | Rule]:
        y = HEIGHT - 36
        page = self._script.page.format(number, total)
        number_of_page = Text(x=RIGHT, y=y, text=page, style=rows.SMALL, part=None, right=True)
        if not self._script.foot:
            return (Rule(y=HEIGHT - 50), number_of_page)
        warning = Text(x=LEFT, y=y, text=self._script.foot, style=rows.SMALL, part=None)
        return (Rule(y=HEIGHT - 50), warning, number_of_page)

    def _rule(self, space: float) -> None:
        self._y += space
        self._put(Rule(y=self._y))
        self._y += space

    def _put(self, one: Text | Rule | Panel | Code) -> None:
        self._done[-1].append(one)

    def _fresh(self) -> float:
        """Return how much room an empty page has, below its head."""
        return LIMIT - TOP - rows.SMALL.leading - 12 - rows.STRONG.leading

    def _picture_height(self, picture: Picture | None) -> float:
        return 0 if picture is None else CODE + rows.SMALL.leading

    def _height(self, group: Group, left: float) -> float:
        return sum(
            row.before + row.style.leading * len(self._lines(row, RIGHT - left - (LABEL if row.label else 0)))
            for row in group
        )

    def _lines(self, row: Row, room: float) -> tuple[str, ...]:
        return self._letters.wrap(row.text, bold=row.style.bold, size=row.style.size, room=room)
