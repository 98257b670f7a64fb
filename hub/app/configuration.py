"""A configuration file and the plugins it is read with → checked settings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from hub.adapters.config.read import read
from hub.adapters.plugins.manager import Plugins, discover
from hub.app.locating import blocked
from hub.app.reading import parse
from hub.app.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """A file, what it says, and the plugins it was read with."""

    file: Path
    settings: Settings
    plugins: Plugins


def load(file: Path, block: Iterable[str] = (), *, reserved: frozenset[str] = frozenset()) -> Configuration:
    """Read a file and every plugin that it does not block. Raises ConfigError; `config.several` for many.

    `reserved` are command names that no plugin may take.
    """
    table = read(file)
    plugins = discover(blocked(table) | frozenset(block), reserved=reserved)
    return Configuration(file=file, settings=parse(table, plugins), plugins=plugins)
