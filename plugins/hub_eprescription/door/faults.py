"""The errors that the door itself finds. What is wrong with a proof is never told to who calls."""

from __future__ import annotations

from hub.errors import HubError, InputError, LimitError, MalformedError, StoreError, TrustError, Words


class UnprovedError(TrustError):
    """A call that does not prove to come from the service: `proof` in `fields` says, for the log, why."""


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


def not_found() -> InputError:
    """Make the error for any other path."""
    return InputError("door.not_found", Words(en="There is nothing here.", fr="Il n'y a rien ici."))


def wrong_method() -> InputError:
    """Make the error for a method other than POST."""
    return InputError("door.method", Words(en="Only POST will do here.", fr="Ici, seul POST convient."))


def media_type() -> InputError:
    """Make the error for a body in a form that is not read."""
    return InputError(
        "door.media_type",
        Words(
            en="A document comes with its Content-Type, such as application/fhir+json, and not compressed.",
            fr="Un document vient avec son Content-Type, comme application/fhir+json, et sans compression.",
        ),
    )


def malformed() -> MalformedError:
    """Make the error for what is no HTTP."""
    return MalformedError(
        "door.malformed",
        Words(en="This is not a request of HTTP/1.1.", fr="Ceci n'est pas une requête HTTP/1.1."),
    )


def aborted() -> MalformedError:
    """Make the error for a body that broke off."""
    return MalformedError(
        "door.aborted",
        Words(
            en="The call ended before its end; nothing was kept.",
            fr="L'appel s'est interrompu avant sa fin ; rien n'a été gardé.",
        ),
    )


def too_large(limit: int) -> LimitError:
    """Make the error for a body over its limit."""
    return LimitError(
        "door.too_large",
        Words(
            en=f"The call is over the limit of {limit} bytes.",
            fr=f"L'appel dépasse la limite de {limit} octets.",
        ),
        limit=limit,
    )


def slow() -> InputError:
    """Make the error for a body that takes too long."""
    return InputError(
        "door.slow",
        Words(
            en="The call took too long to arrive; nothing was kept.",
            fr="L'appel a mis trop de temps à arriver ; rien n'a été gardé.",
        ),
    )


def busy() -> StoreError:
    """Make the error for a call while too many others are being answered."""
    return StoreError(
        "door.busy",
        Words(
            en="Too many calls at this moment; try again shortly.",
            fr="Trop d'appels en ce moment ; réessayez sous peu.",
        ),
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


def unexpected(incident: str) -> HubError:
    """Make the error for what nobody foresaw; `incident` is in the log too."""
    return HubError(
        "door.unexpected",
        Words(
            en=f"The hub failed to handle this call. Quote incident {incident} to whoever runs it.",
            fr=f"Le hub n'a pas pu traiter cet appel. Citez l'incident {incident} à son exploitant.",
        ),
        incident=incident,
    )
