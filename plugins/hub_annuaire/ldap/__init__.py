"""A directory that is asked by LDAP, and the hub's directory shown by LDAP (RFC 4510 to 4519).

Client and server share `codec` (the only module that knows the ASN.1 library), `filters`, `messages`,
`link` and `secure`. The client is `directory`, on `pool` and `channel`; the server is `face`.
"""

from __future__ import annotations

from hub.plugin import Registry


def offer_directory(registry: Registry) -> None:
    """Offer the directory kind `ldap`."""
    from hub_annuaire.ldap.directory import open_directory  # noqa: PLC0415 - a hub without it need not load it
    from hub_annuaire.ldap.settings import parse  # noqa: PLC0415 - the same

    registry.add_directory("ldap", parse, open_directory)


def offer_receiver(registry: Registry) -> None:
    """Offer the receiver kind `ldap`."""
    from hub_annuaire.ldap.face.server import open_receiver  # noqa: PLC0415 - the same
    from hub_annuaire.ldap.face.settings import parse  # noqa: PLC0415 - the same

    registry.add_receiver("ldap", parse, open_receiver)


def offer_commands(registry: Registry) -> None:
    """Add `hub ldap-account`."""
    from hub_annuaire.ldap.face.command import app  # noqa: PLC0415 - typer only when commands are wanted

    registry.add_command("ldap-account", app)
