"""Electronic prescriptions: issued at a national service, carried by secure mail, followed to their end."""

from __future__ import annotations

from hub.plugin import Registry, hookimpl
from hub_eprescription import parts


@hookimpl
def hub_register_connectors(registry: Registry) -> None:
    """Offer kinds `gematik`, `eps` and `cda` for operators, and `eprescription` for receivers."""
    shared = parts.Shared()
    registry.add_connector("gematik", shared.parse_gematik, shared.open_gematik)
    registry.add_connector("eps", shared.parse_eps, shared.open_eps)
    registry.add_connector("cda", shared.parse_cda, shared.open_cda)
    registry.add_receiver("eprescription", shared.parse_receiver, shared.open_receiver)


@hookimpl
def hub_register_commands(registry: Registry) -> None:
    """Add to `hub prescription`."""
    from hub_eprescription.commands.app import app  # noqa: PLC0415 - typer only when commands are wanted

    registry.add_command("prescription", app)
