"""Commands that plugins add: beside the hub's own, and in those groups of the hub's that are open to them.

Plugins are looked for only when none of the hub's own commands is meant, or when all are listed.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from hub.cli import language
from hub.cli.given import OPEN, RESERVED
from hub.errors import HubError


class Program(TyperGroup):
    """The root: the hub's own commands, then the plugins'."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of all commands."""
        return [*self.commands, *sorted(added(ctx).keys() - self.commands.keys())]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command by its name."""
        found = self.commands.get(cmd_name)
        return found if found is not None else _shown(added(ctx).get(cmd_name), cmd_name)


class Widened(TyperGroup):
    """A group of the hub's own that a plugin adds commands to. No plugin replaces one of the hub's."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of all its commands."""
        return [*self.commands, *sorted(_inner(ctx).keys() - self.commands.keys())]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return one of its commands by its name."""
        found = self.commands.get(cmd_name)
        return found if found is not None else _shown(_inner(ctx).get(cmd_name), cmd_name)


def added(ctx: Any) -> Mapping[str, Any]:
    """Return the commands that plugins add, by name."""
    root = ctx.find_root()
    return _discovered(root.params.get("config"), tuple(root.params.get("block") or ()))


def _inner(ctx: Any) -> Mapping[str, Any]:
    """Return what plugins add to the group of a context."""
    return commands_of(added(ctx).get(ctx.info_name)) if ctx.info_name in OPEN else {}


def commands_of(group: Any) -> Mapping[str, Any]:
    """Return the commands of a plugin's group; none of what is no group."""
    if group is None:
        return {}
    return getattr(_command(group), "commands", {})


def _command(given: Any) -> Any:
    return get_command(given) if isinstance(given, typer.Typer) else given


def _shown(given: Any, name: str) -> Any:
    if given is None:
        return None
    command = _command(given)
    command.name = name
    language.translate(command, (name,))
    return command


@cache
def _discovered(config: Path | None, block: tuple[str, ...]) -> Mapping[str, Any]:
    """Return what plugins add. One that the configuration blocks is not imported for that either."""
    from hub.adapters.config.read import read  # noqa: PLC0415 -- only when plugins' commands are looked for
    from hub.adapters.plugins.manager import discover  # noqa: PLC0415
    from hub.app.locating import blocked, locate  # noqa: PLC0415

    names = frozenset(block)
    # A plugin's command may need no configuration; one that does says what is wrong with it.
    with suppress(HubError):
        names |= blocked(read(locate(config, os.environ)))
    return discover(names, reserved=RESERVED, only_commands=True).commands
