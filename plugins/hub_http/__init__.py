"""Operators with an HTTP API, each plugged in by a description (one TOML file), both ways."""

from __future__ import annotations

from hub.plugin import Registry, hookimpl
from hub_http import parts


@hookimpl
def hub_register_connectors(registry: Registry) -> None:
    """Offer kind `http` for operators and for receivers."""
    shared = parts.Shared()
    registry.add_connector("http", shared.parse_operator, shared.open_operator)
    registry.add_receiver("http", shared.parse_receiver, shared.open_receiver)


@hookimpl
def hub_register_commands(registry: Registry) -> None:
    """Add `hub operator`."""
    from hub_http.commands.app import app  # noqa: PLC0415 - typer only when commands are wanted

    registry.add_command("operator", app)
