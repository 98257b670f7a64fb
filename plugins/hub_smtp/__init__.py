"""The SMTP and S/MIME connector, both ways."""

from __future__ import annotations

from hub.plugin import Registry, hookimpl
from hub_smtp import parts


@hookimpl
def hub_register_connectors(registry: Registry) -> None:
    """Offer kind `smtp` for operators and for receivers."""
    registry.add_connector("smtp", parts.parse_operator, parts.open_operator)
    registry.add_receiver("smtp", parts.parse_receiver, parts.open_receiver)
