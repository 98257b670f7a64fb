"""The errors that this API itself finds, and what they hold beside a code and words.

`hub.adapters.http.problem` turns them, and the core's, into answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hub.domain.address import Address
from hub.errors import (
    HubError,
    InputError,
    LimitError,
    MalformedError,
    StoreError,
    TrustError,
    Words,
)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one field. `pointer` is a JSON pointer (RFC 6901) into the message."""

    pointer: str
    words: Words


def fields(faults: Sequence[Fault]) -> MalformedError:
    """Make the error for fields that are missing, unknown or wrong."""
    return MalformedError(
        "http.fields",
        Words(
            en="The request can't be taken as it is: see errors.",
            fr="La requête ne peut être prise telle quelle : voyez errors.",
        ),
        errors=tuple(faults),
    )


def malformed(en: str, fr: str, code: str = "http.malformed") -> MalformedError:
    """Make the error for a request that can't be read."""
    return MalformedError(code, Words(en=en, fr=fr))


def too_large(limit: int, what: Words) -> LimitError:
    """Make the error for a request that is over a limit in bytes."""
    return LimitError(
        "http.too_large",
        Words(
            en=f"{what.en} is over the limit of {limit} bytes.",
            fr=f"{what.fr} dépasse la limite de {limit} octets.",
        ),
        limit=limit,
    )


def document_too_large(limit: int, pointer: str) -> LimitError:
    """Make the error for a document inside the message that should travel as a part."""
    words = Words(
        en=f"A document inside the message has at most {limit} bytes;"
        " send a larger one as a part of multipart/form-data.",
        fr=f"Un document inclus dans le message a au plus {limit} octets ;"
        " envoyez-le comme partie de multipart/form-data.",
    )
    return LimitError("http.too_large", words, limit=limit, errors=(Fault(pointer, words),))


def prescription_too_large(limit: int, pointer: str = "/prescription") -> LimitError:
    """Make the error for a prescription that is larger than its service takes."""
    words = Words(
        en=f"A prescription for this service has at most {limit} bytes.",
        fr=f"Une ordonnance pour ce service a au plus {limit} octets.",
    )
    return LimitError("prescription.too_large", words, limit=limit, errors=(Fault(pointer, words),))


def stray_part(pointer: str, name: str, *, twice: bool) -> Fault:
    """Say that a form has a part too many."""
    shown = name[:64]
    if twice:
        return Fault(
            pointer, Words(en=f"Part {shown} came twice.", fr=f"La partie {shown} est venue deux fois.")
        )
    return Fault(
        pointer, Words(en=f"Nothing here names part {shown}.", fr=f"Rien ici ne nomme la partie {shown}.")
    )


def missing_part(pointer: str) -> Fault:
    """Say that a form lacks a part."""
    return Fault(pointer, Words(en="The form has no such part.", fr="Le formulaire n'a pas cette partie."))


def empty_part(pointer: str) -> Fault:
    """Say that a form's part holds nothing."""
    return Fault(pointer, Words(en="The part is empty.", fr="La partie est vide."))


def unauthenticated(*, wrong: bool) -> TrustError:
    """Make the error for a client that did not prove who it is."""
    if wrong:
        return TrustError(
            "http.wrong_token",
            Words(en="No client of this hub has this token.", fr="Aucun client de ce hub n'a ce jeton."),
        )
    return TrustError(
        "http.unauthenticated",
        Words(
            en="Say who you are: Authorization: Bearer <token>, or a client certificate.",
            fr="Dites qui vous êtes : Authorization: Bearer <jeton>, ou un certificat client.",
        ),
    )


def unsupported(en: str, fr: str, accept: str = "application/json, multipart/form-data") -> InputError:
    """Make the error for a body in a form that is not read here; `accept` lists those that are."""
    return InputError("http.media_type", Words(en=en, fr=fr), accept=accept)


def not_found() -> InputError:
    """Make the error for what is not there, or not this client's: the same, so that nobody can tell."""
    return InputError(
        "http.not_found",
        Words(en="There is nothing of that name here.", fr="Il n'y a rien de ce nom ici."),
    )


def not_listed(near: Sequence[Address]) -> InputError:
    """Make the error for a mailbox that no directory lists; `near` are those that may have been meant."""
    return InputError(
        "directory.not_listed",
        Words(
            en="No directory lists this mailbox.",
            fr="Aucun annuaire ne connaît cette boîte.",
        ),
        suggestions=tuple(near),
    )


def query(en: str, fr: str) -> MalformedError:
    """Make the error for a query string that is not of its form."""
    return MalformedError("http.query", Words(en=en, fr=fr))


def wrong_method(allowed: Sequence[str]) -> InputError:
    """Make the error for a method that the resource does not know."""
    listed = ", ".join(allowed)
    return InputError(
        "http.method",
        Words(en=f"Only {listed} will do here.", fr=f"Ici, seuls conviennent : {listed}."),
        allow=listed,
    )


def other_expectation() -> InputError:
    """Make the error for an Expect header that asks for what is not known here."""
    return InputError(
        "http.expect",
        Words(en="Expect can only be 100-continue.", fr="Expect ne peut être que 100-continue."),
    )


def slow() -> InputError:
    """Make the error for an upload that took too long."""
    return InputError(
        "http.timeout",
        Words(
            en="The request took too long to arrive; nothing was kept.",
            fr="La requête a mis trop de temps à arriver ; rien n'a été gardé.",
        ),
    )


def busy() -> StoreError:
    """Make the error for a request that comes while too many others are being answered."""
    return StoreError(
        "http.busy",
        Words(
            en="Too many requests at this moment; try again shortly.",
            fr="Trop de requêtes en ce moment ; réessayez sous peu.",
        ),
    )


def key_missing() -> MalformedError:
    """Make the error for a submission without an Idempotency-Key."""
    return malformed(
        "Idempotency-Key is missing: send a new UUID with each new message or prescription,"
        " and the same one when you repeat it.",
        "Idempotency-Key est absent : envoyez un nouvel UUID à chaque nouveau message ou ordonnance,"
        " et le même quand vous le répétez.",
        code="http.key_missing",
    )


def key_malformed() -> MalformedError:
    """Make the error for an Idempotency-Key that is not of its form."""
    return malformed(
        "Idempotency-Key is one value of 1 to 128 letters, digits and -._~:/+=, with or without quotes.",
        "Idempotency-Key est une seule valeur de 1 à 128 lettres, chiffres et -._~:/+=,"
        " avec ou sans guillemets.",
        code="http.key_malformed",
    )


def unexpected(incident: str) -> HubError:
    """Make the error for what nobody foresaw; `incident` is in the log too."""
    return HubError(
        "http.unexpected",
        Words(
            en=f"The hub failed to handle this request. Quote incident {incident} to its operator.",
            fr=f"Le hub n'a pas pu traiter cette requête. Citez l'incident {incident} à son exploitant.",
        ),
        incident=incident,
    )


def not_ready() -> StoreError:
    """Make the error for a hub that can't take messages now."""
    return StoreError(
        "http.not_ready",
        Words(
            en="The hub can't take messages now.", fr="Le hub ne peut pas prendre de messages pour l'instant."
        ),
    )
