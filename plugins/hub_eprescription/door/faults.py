"""The errors that this door finds beside those of every door (`hub.plugin.door.faults`)."""

from __future__ import annotations

from hub.errors import InputError, StoreError, Words
from hub.plugin.door import faults
from hub.plugin.door.faults import UnprovedError


def unproved(proof: str) -> UnprovedError:
    """Make the error for a forged call, and for a service that is not there: nobody can tell them apart."""
    return UnprovedError(
        "door.unproved",
        Words(
            en="This call does not prove to come from a service of this hub.",
            fr="Cet appel ne prouve pas qu'il vient d'un service de ce hub.",
        ),
        proof=proof,
    )


def media_type() -> InputError:
    """Make the error for a body in a form that is not read."""
    return faults.media_type(
        "A document comes with its Content-Type, such as application/fhir+json, and not compressed.",
        "Un document vient avec son Content-Type, comme application/fhir+json, et sans compression.",
    )


def closed() -> StoreError:
    """Make the error for a service that has proved itself, and whose operator is not open now."""
    return StoreError(
        "door.closed",
        Words(
            en="This service's connector is not open at the moment; try again shortly.",
            fr="Le connecteur de ce service n'est pas ouvert en ce moment ; réessayez sous peu.",
        ),
    )
