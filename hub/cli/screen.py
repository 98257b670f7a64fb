"""What commands print: rich on a terminal, plain lines into a pipe, JSON for programs.

Results go to standard output, all else to standard error. Rich is imported only for a terminal.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from hub.cli.language import told
from hub.domain.times import rfc3339
from hub.errors import HubError, Words

_COLOURS: Final = {"✓": "green", "!": "yellow", "✗": "red"}
_NARROW: Final = 10
"""Characters that a column of a table may be narrowed to."""
_READABLE: Final = 30
"""Characters that sentences need beside other columns; with fewer they stand beneath them."""
_STATES: Final = {
    "delivered": "green",
    "refused": "red",
    "expired": "red",
    "cancelled": "red",
    "uncertain": "yellow",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """A text in a table; `style` is rich's and shows on terminals only. A `whole` one is never folded."""

    text: str
    style: str = ""
    whole: bool = False


def on_terminal() -> bool:
    """Whether somebody looks at the result as it is printed."""
    return sys.stdout.isatty()


def line(text: str = "") -> None:
    """Print a line of the result."""
    sys.stdout.write(f"{text}\n")


def say(words: Words) -> None:
    """Print a sentence of the result."""
    line(told(words))


def note(words: Words) -> None:
    """Print a sentence beside the result, on standard error."""
    sys.stderr.write(f"{told(words)}\n")


def failed(words: Words) -> None:
    """Print an error: one line on standard error, `hub: …`; several lines for several errors."""
    for one in told(words).splitlines():
        sys.stderr.write(f"hub: {one}\n")


def as_json(value: Any) -> None:
    """Print a value for a program: JSON in UTF-8, indented, keys in their written order."""
    line(json.dumps(value, ensure_ascii=False, indent=2))


def error_json(error: HubError) -> dict[str, Any]:
    """Return what a program should know of an error."""
    return {"code": error.code, "en": error.words.en, "fr": error.words.fr}


def table(headers: Sequence[Words], rows: Sequence[Sequence[Cell]]) -> None:
    """Print rows under their headers; aligned columns without any frame when piped."""
    _draw([told(one) for one in headers], rows)


def rows(cells: Sequence[Sequence[Cell]]) -> None:
    """Print rows in aligned columns, without headers."""
    _draw([], cells)


def _draw(titles: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
    if not on_terminal() or not rows:
        _plain([*([titles] if titles else []), *([cell.text for cell in row] for row in rows)])
        return
    from rich.console import Console  # noqa: PLC0415 -- heavy, and for terminals only
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    usual = Console()
    if titles and _crowded(titles, rows, usual.width):
        _beneath(titles, rows)
        return
    drawn = Table(
        box=None, show_header=bool(titles), header_style="bold", pad_edge=False, padding=(0, 2, 0, 0)
    )
    least = 0
    for at, column in enumerate(zip(*rows, strict=True)):
        whole = any(cell.whole for cell in column)
        drawn.add_column(titles[at] if titles else "", no_wrap=whole, overflow="fold")
        least += 2 + (max(len(cell.text) for cell in column) if whole else _NARROW)
    for row in rows:
        drawn.add_row(*(Text(cell.text, style=cell.style) for cell in row))
    # An id that is cut can't be copied: rather let the terminal break the line.
    Console(width=max(usual.width, least)).print(drawn, soft_wrap=usual.width < least)


def _widths(titles: Sequence[str], rows: Sequence[Sequence[Cell]]) -> list[int]:
    texts = [titles, *([cell.text for cell in row] for row in rows)]
    return [max(map(len, column)) for column in zip(*texts, strict=True)]


def _crowded(titles: Sequence[str], rows: Sequence[Sequence[Cell]], width: int) -> bool:
    """Whether the last column holds sentences, and too little is left for them."""
    *others, last = _widths(titles, rows)
    whole = any(row[-1].whole for row in rows)
    return not whole and last > _READABLE > width - sum(others) - 2 * len(others)


def _beneath(titles: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
    """Print each row with its last cell on lines of its own."""
    from rich.console import Console  # noqa: PLC0415 -- heavy, and for terminals only
    from rich.padding import Padding  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    console, widths = Console(), _widths(titles, rows)
    for *cells, last in ([Cell(title, "bold") for title in titles], *rows):
        drawn = Text()
        for cell, width in zip(cells, widths, strict=False):
            drawn.append(cell.text, style=cell.style).append(" " * (width - len(cell.text) + 2))
        drawn.rstrip()
        console.print(drawn, soft_wrap=True)
        if last.text:
            console.print(Padding(Text(last.text, style=last.style), (0, 0, 0, 4)))


def _plain(rows: Sequence[Sequence[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (text.ljust(width) for text, width in zip(row, widths, strict=True))
        line("  ".join(cells).rstrip())


def mark(sign: str, name: str, said: str = "") -> None:
    """Print one line of a list of checks: ✓, ! or ✗, a name, and what there is to say."""
    text = f"{sign} {name}" + (f" – {said}" if said else "")
    if not on_terminal():
        line(text)
        return
    from rich.console import Console  # noqa: PLC0415 -- heavy, and for terminals only
    from rich.text import Text  # noqa: PLC0415

    Console().print(Text.assemble((sign, _COLOURS.get(sign, "")), text.removeprefix(sign)), soft_wrap=True)


def moment(at: datetime | None) -> str | None:
    """Return a time as programs read it, None for none."""
    return rfc3339(at) if at else None


def state(name: str) -> Cell:
    """Return the cell for a delivery's state. The words are those of the API and of the log."""
    return Cell(name, _STATES.get(name, ""))
