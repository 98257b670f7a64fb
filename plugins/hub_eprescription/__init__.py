"""Electronic prescriptions: issued at a national service, carried by secure mail, followed to their end."""

from __future__ import annotations

from hub.plugin import Registry, hookimpl
from hub_eprescription import kinds
from hub_eprescription.door import parts
from hub_eprescription.door.desk import Desks


@hookimpl
def hub_register_connectors(registry: Registry) -> None:
    """Offer each kind of service for operators, and `eprescription` for receivers."""
    desks = Desks()
    for kind in kinds.offered(desks):
        registry.add_connector(kind.name, kind.parse, kind.open)
    registry.add_receiver("eprescription", parts.parse, parts.opener(desks))


@hookimpl
def hub_register_commands(registry: Registry) -> None:
    """Add to `hub prescription`."""
    from hub_eprescription.commands.app import app  # noqa: PLC0415 - typer only when commands are wanted

    registry.add_command("prescription", app)
