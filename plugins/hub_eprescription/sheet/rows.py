"""What is printed, line by line, before anybody knows where on the page it stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How a line looks; sizes in points. `tag` is what it is to a reader aloud: a heading, a paragraph."""

    size: float
    leading: float
    bold: bool = False
    grey: bool = False
    tag: str = "P"


TITLE: Final = Style(size=22, leading=27, bold=True, tag="H1")
LEAD: Final = Style(size=10.5, leading=14)
SMALL: Final = Style(size=8.5, leading=11.5, grey=True)
NAME: Final = Style(size=12.5, leading=16, bold=True)
TEXT: Final = Style(size=10, leading=13.5)
STRONG: Final = Style(size=10, leading=13.5, bold=True)
NUMBER: Final = Style(size=15, leading=20, bold=True, tag="H2")
MEDICINE: Final = Style(size=12.5, leading=16, bold=True, tag="H3")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A tidy text (`Letters.tidy`). `label` stands before it in its own column; `before` is space above."""

    text: str = field(repr=False)
    style: Style = TEXT
    label: str = ""
    before: float = 0


Group = tuple[Row, ...]
"""Rows that stay together on a page where they can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What stands beside a prescription's text: its code (a text, or a picture), or why there is none.

    `described` is read aloud in its place.
    """

    text: str | None = field(default=None, repr=False)
    symbology: str = ""
    image: bytes | None = field(default=None, repr=False)
    caption: str = ""
    described: str = field(default="", repr=False)
    instead: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One prescription. `continued` heads what goes over to another page."""

    picture: Picture | None
    groups: tuple[Group, ...]
    continued: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """The whole sheet. `page` is `Page {} of {}`; `running` heads every page but the first."""

    title: str
    language: str
    running: str = field(repr=False)
    top: Group
    left: Group
    right: Group
    blocks: tuple[Block, ...]
    advice: Group
    foot: str
    page: str
