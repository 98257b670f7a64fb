"""The public face for plugin authors.

A plugin is a module named by an entry point in group `hub`. It implements one or more hooks and
imports nothing of the hub but `hub.plugin`, `hub.domain`, `hub.ports` and `hub.errors`:

    from hub.plugin import Registry, hookimpl

    @hookimpl
    def hub_register_connectors(registry: Registry) -> None:
        registry.add_connector("pigeon", parse_settings, open_loft)

`parse_settings` reads one `Table` of the configuration; `open_loft(settings, host)` is an async
context manager that yields a ready connector (see `hub.ports.connector`).

Files that people keep are read by `hub.plugin.sheet`, and read again by `hub.plugin.watched`.
Forms that stream in are read by `hub.plugin.form`.
A receiver binds where it listens with `hub.plugin.addresses`; one that is called over HTTPS stands behind
`hub.plugin.door`.
"""

from __future__ import annotations

from hub.plugin.names import GROUP, hookimpl
from hub.plugin.registry import Registry
from hub.plugin.table import Table

__all__ = ["GROUP", "Registry", "Table", "hookimpl"]
