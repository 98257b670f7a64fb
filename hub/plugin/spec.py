"""The hooks. Each is called once at start, synchronously, and gets only a registry.

No message ever passes through a hook: pluggy can't await, and one raising implementation would
silence the rest.
"""

from __future__ import annotations

from hub.plugin.names import hookspec
from hub.plugin.registry import Registry


@hookspec
def hub_register_connectors(registry: Registry) -> None:
    """Offer connector kinds (`[operators.*]`) and receiver kinds (`[receivers.*]`)."""


@hookspec
def hub_register_directories(registry: Registry) -> None:
    """Offer directory kinds (`[directories.*]`) and readers of trust spaces (`[trust.*]`)."""


@hookspec
def hub_register_policies(registry: Registry) -> None:
    """Offer policy kinds (`[policies.*]`)."""


@hookspec
def hub_register_observers(registry: Registry) -> None:
    """Offer observer kinds (`[observers.*]`)."""


@hookspec
def hub_register_commands(registry: Registry) -> None:
    """Add commands to the `hub` program."""
