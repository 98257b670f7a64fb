"""The national directory of health professionals (Annuaire Santé), from its open-data extractions.

    [directories.national]
    kind = "annuaire"
    certificates = "certificates"   # optional PEM folder: <address>.pem

It is filled by `hub directory import FILES` and answers from one SQLite file that is replaced whole.
"""

from __future__ import annotations

from importlib.util import find_spec

from hub.plugin import Registry, hookimpl


@hookimpl
def hub_register_directories(registry: Registry) -> None:
    """Offer the directory kind `annuaire`."""
    from hub_annuaire.directory import open_directory  # noqa: PLC0415 - a hub without it need not load it
    from hub_annuaire.settings import parse  # noqa: PLC0415 - the same

    registry.add_directory("annuaire", parse, open_directory)
    from hub_annuaire.fhir import directory as fhir  # noqa: PLC0415 - the same
    from hub_annuaire.fhir import settings as fhir_settings  # noqa: PLC0415 - the same

    registry.add_directory("fhir", fhir_settings.parse, fhir.open_directory)
    from hub_annuaire.local import directory as local  # noqa: PLC0415 - the same
    from hub_annuaire.local import settings as local_settings  # noqa: PLC0415 - the same

    registry.add_directory("local", local_settings.parse, local.open_directory)
    from hub_annuaire.patients import directory as patients  # noqa: PLC0415 - the same
    from hub_annuaire.patients import settings as patients_settings  # noqa: PLC0415 - the same

    registry.add_directory("patients", patients_settings.parse, patients.open_directory)
    if find_spec("sansldap") is not None:  # the extra `ldap`
        from hub_annuaire import ldap  # noqa: PLC0415 - the same

        ldap.offer_directory(registry)


@hookimpl
def hub_register_connectors(registry: Registry) -> None:
    """Offer the receiver kind `ldap`: the hub's directory, shown."""
    if find_spec("sansldap") is not None:
        from hub_annuaire import ldap  # noqa: PLC0415 - the same

        ldap.offer_receiver(registry)


@hookimpl
def hub_register_commands(registry: Registry) -> None:
    """Add `hub ldap-account`."""
    if find_spec("sansldap") is not None:
        from hub_annuaire import ldap  # noqa: PLC0415 - the same

        ldap.offer_commands(registry)
