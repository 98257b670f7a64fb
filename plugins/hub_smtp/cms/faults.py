"""The errors of reading CMS, and cryptography's and our parser's failures turned into them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from hub.errors import InputError, LimitError, MalformedError, TrustError, Words


def malformed(why: str) -> MalformedError:
    """Return the error for what is not the CMS that was expected. `why` goes to the log."""
    return MalformedError(
        "smime.malformed",
        Words(
            en="The signed or encrypted part can't be read: it is not the CMS structure it should be.",
            fr="La partie signée ou chiffrée n'est pas lisible : ce n'est pas la structure CMS attendue.",
        ),
        why=why,
    )


def too_large(limit: int) -> LimitError:
    """Return the error for a part of a CMS that is held in memory and passes `limit` bytes."""
    return LimitError(
        "smime.too-large",
        Words(
            en=f"The signature or the list of recipients is larger than {limit} bytes.",
            fr=f"La signature ou la liste des destinataires dépasse {limit} octets.",
        ),
        limit=limit,
    )


def undecryptable() -> TrustError:
    """Return the one error for everything that fails with a key of ours."""
    return TrustError(
        "smime.decrypt",
        Words(
            en="The mail can't be decrypted: it was altered on the way, or wrongly encrypted.",
            fr="Le courrier ne peut pas être déchiffré : il a été altéré en route, ou mal chiffré.",
        ),
    )


def weak_cipher(name: str) -> InputError:
    """Return the error for content encrypted with a broken cipher."""
    return InputError(
        "smime.encrypted.weak-cipher",
        Words(
            en=f"The mail is encrypted with {name}, which is broken; use AES (GCM, or CBC).",
            fr=f"Le courrier est chiffré avec {name}, qui est cassé ; employez AES (GCM, ou CBC).",
        ),
        cipher=name,
    )


def unknown_cipher() -> InputError:
    """Return the error for an algorithm of encryption that we don't have."""
    return InputError(
        "smime.encrypted.unknown-cipher",
        Words(
            en="The mail is encrypted in a way that is not taken here; use AES (GCM, or CBC)"
            " with RSA (PKCS #1 v1.5, or OAEP) or ECDH.",
            fr="Le courrier est chiffré d'une façon qui n'est pas admise ici ; employez AES (GCM, ou CBC)"
            " avec RSA (PKCS #1 v1.5, ou OAEP) ou ECDH.",
        ),
    )


@contextmanager
def reading() -> Iterator[None]:
    """Turn what our parser raises into MalformedError.

    ValueError (of which NotBerError is one) comes also from taking apart a list of another length.
    """
    try:
        yield
    except ValueError as error:
        raise malformed(str(error)) from error
