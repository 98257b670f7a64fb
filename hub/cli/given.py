"""What every command is given: the global options, and the configuration that they lead to."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import typer

if TYPE_CHECKING:
    from hub.app.configuration import Configuration

OWN: Final = (
    "init", "check", "serve", "send", "prescription", "trace", "verify", "queue", "directory", "plugins",
    "keys",
)  # fmt: skip
"""The hub's own commands, in the order in which help lists them."""
OPEN: Final = ("prescription",)
"""The groups among them that a plugin may add commands to, under the same name."""
RESERVED: Final = frozenset(OWN) - frozenset(OPEN)
"""The names that no plugin may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """The options that stand before a command."""

    config: Path | None = None
    block: tuple[str, ...] = ()

    @property
    def file(self) -> Path:
        """Which configuration file counts. Raises ConfigError when there is none."""
        from hub.app.locating import locate  # noqa: PLC0415 -- `hub --help` needs none of it

        return locate(self.config, os.environ)

    def load(self) -> Configuration:
        """Read the configuration, every plugin included. Raises ConfigError."""
        from hub.adapters.logs import setup  # noqa: PLC0415 -- imports every part of the hub
        from hub.app.configuration import load  # noqa: PLC0415

        # What parts have to say goes to standard error, and only what somebody should look at.
        setup.configure("console", "warning")
        return load(self.file, self.block, reserved=RESERVED)


def given(context: typer.Context) -> Given:
    """Return the global options."""
    return cast("Given", context.find_root().obj)
