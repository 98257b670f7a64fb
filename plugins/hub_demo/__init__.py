"""A demonstration on one machine: a hospital, a city doctor, two operators and a hub between them."""

from __future__ import annotations

from hub.plugin import Registry, hookimpl


@hookimpl
def hub_register_commands(registry: Registry) -> None:
    """Add `hub demo`."""
    from hub_demo.command import app  # noqa: PLC0415 -- typer and rich only when commands are wanted

    registry.add_command("demo", app)
