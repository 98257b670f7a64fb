"""The errors that every door finds. What is wrong with a proof is never told to who calls."""

from __future__ import annotations

from hub.errors import HubError, InputError, LimitError, MalformedError, StoreError, TrustError, Words


class UnprovedError(TrustError):
    """A call that does not prove whom it comes from: `proof` in `fields` says, for the log, why.

    A plugin gives it code `door.unproved` and its own words, the same for a forged call and for a caller that
    is not there: nobody can tell them apart.
    """


def not_found() -> InputError:
    """Make the error for a path at which nobody is called."""
    return InputError("door.not_found", Words(en="There is nothing here.", fr="Il n'y a rien ici."))


def wrong_method() -> InputError:
    """Make the error for a method other than POST."""
    return InputError("door.method", Words(en="Only POST will do here.", fr="Ici, seul POST convient."))


def media_type(en: str, fr: str) -> InputError:
    """Make the error for a body in a form that is not read."""
    return InputError("door.media_type", Words(en=en, fr=fr))


def malformed(en: str, fr: str) -> MalformedError:
    """Make the error for a call that can't be read."""
    return MalformedError("door.malformed", Words(en=en, fr=fr))


def no_http() -> MalformedError:
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
