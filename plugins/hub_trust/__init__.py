"""The space of trust, as a signed list of operators and their domains.

    [trust.mssante]
    kind = "signed-list"
    file = "trust/list.xml"            # or list.toml, with list.toml.jws beside it
    anchors = ["trust/authority.pem"]
    signer = "subject:CN=…"

A list is XML with an XML signature or TOML with a JWS. Another kind of space is another plugin's:
`registry.add_trust_space`.
"""

from __future__ import annotations

from hub.plugin import Registry, hookimpl


@hookimpl
def hub_register_directories(registry: Registry) -> None:
    """Offer the kind `signed-list` of spaces of trust."""
    from hub_trust.settings import parse  # noqa: PLC0415 - a hub without it need not load it
    from hub_trust.space import open_space  # noqa: PLC0415 - the same

    registry.add_trust_space("signed-list", parse, open_space)


@hookimpl
def hub_register_commands(registry: Registry) -> None:
    """Add `hub trust-list`."""
    from hub_trust.command import app  # noqa: PLC0415 - typer only when commands are wanted

    registry.add_command("trust-list", app)
