"""One plugin behind one typed call; nothing else in the hub calls pluggy.

Each plugin gets a PluginManager of its own: pluggy ends a call at the first hook that raises, so
plugins that share one could silence each other.
Not checked here: what the plugin offers (see `hub.adapters.plugins.offered`).
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable
from types import FunctionType
from typing import Any, Final

import pluggy

from hub.adapters.plugins import faults
from hub.plugin import spec
from hub.plugin.names import GROUP
from hub.plugin.registry import Registry

COMMANDS: Final = "hub_register_commands"
HOOKS: Final = tuple(name for name in vars(spec) if name.startswith("hub_register_"))
"""Every hook, in the order in which they are called."""


class Facade:
    """One plugin, its hooks checked against the specification. Raises ConfigError if they don't fit."""

    def __init__(self, name: str, plugin: Any) -> None:
        self._manager = pluggy.PluginManager(GROUP)
        self._manager.add_hookspecs(spec)
        try:
            self._manager.register(plugin, name)
        except pluggy.PluginValidationError as error:
            raise faults.hook_invalid(str(error)) from error
        self._check(plugin)

    def fill(self, registry: Registry, hooks: tuple[str, ...] = HOOKS) -> None:
        """Call the plugin's `hooks`, each once, with `registry`. Raises ConfigError."""
        for hook in hooks:
            self._call(hook, registry)

    def _call(self, hook: str, registry: Registry) -> None:
        caller: Callable[..., list[Any]] = getattr(self._manager.hook, hook)
        try:
            results = caller(registry=registry)
        except (Exception, SystemExit) as error:
            raise faults.hook_raised(hook, error) from error
        for result in results:
            if inspect.iscoroutine(result):
                result.close()
            if inspect.isawaitable(result):
                raise faults.hook_async(hook)

    def _check(self, plugin: Any) -> None:
        for name, caller in vars(self._manager.hook).items():
            if name.startswith("_"):
                continue
            if name not in HOOKS:
                raise faults.hook_unknown(name, _nearest(name))
            for implementation in caller.get_hookimpls():
                if _is_async(implementation.function):
                    raise faults.hook_async(name)
        try:
            self._manager.check_pending()
        except pluggy.PluginValidationError as error:
            raise faults.hook_invalid(str(error)) from error
        implemented = {caller.name for caller in self._manager.get_hookcallers(plugin) or ()}
        for name in sorted(set(HOOKS) - implemented):
            if isinstance(getattr(plugin, name, None), FunctionType):
                raise faults.hook_unmarked(name)


def _is_async(function: object) -> bool:
    return inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)


def _nearest(name: str) -> str:
    return (difflib.get_close_matches(name, HOOKS, n=1, cutoff=0) or HOOKS)[0]
