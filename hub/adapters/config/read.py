"""TOML file → `Table`, with every error at its file, line and column.

Not checked here: what the keys mean (the settings do that) and who may read the file.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from hub.errors import Words
from hub.plugin import toml
from hub.plugin.positions import Positions
from hub.plugin.table import Table

_MISSING: Final = Words(en="`hub init` makes one", fr="`hub init` en crée un")


def read(path: Path) -> Table:
    """Read the file at `path` (TOML 1.0, UTF-8) as the table to begin with.

    Raises ConfigError: `config.missing`, `config.unreadable`, `config.too_large`, `config.encoding`,
    `config.syntax`.
    """
    source = toml.source(path, _MISSING)
    positions = cache(Positions)  # a good file needs none
    return Table(source.values(), file=path, line_of=lambda key: positions(source.text).line_of(key))
