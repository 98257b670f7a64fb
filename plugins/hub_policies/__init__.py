"""Rules about who may write what to whom: care team, opposition, roles, number of recipients.

    [policies.team]
    kind = "care-team"
    files = ["teams.csv"]

Each refuses a recipient with a reason that reaches the sender and does not name the patient.
"""

from __future__ import annotations

from hub.plugin import Registry, hookimpl


@hookimpl
def hub_register_policies(registry: Registry) -> None:
    """Offer the kinds `care-team`, `opposition`, `roles` and `recipients`."""
    from hub_policies import care_team, opposition, recipients, roles  # noqa: PLC0415 - loaded when wanted

    registry.add_policy("care-team", care_team.parse, care_team.open_policy)
    registry.add_policy("opposition", opposition.parse, opposition.open_policy)
    registry.add_policy("roles", roles.parse, roles.open_policy)
    registry.add_policy("recipients", recipients.parse, recipients.open_policy)
