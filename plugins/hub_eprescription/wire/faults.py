"""What goes wrong between the hub and a service, in words."""

from __future__ import annotations

from pathlib import Path

from hub.errors import ConfigError, PeerError, Words


class WireError(PeerError):
    """No whole answer came. `sent` says whether the request may have arrived; False: nothing left."""

    def __init__(self, code: str, words: Words, *, sent: bool) -> None:
        super().__init__(code, words, sent=sent)
        self.sent = sent


def unreachable(host: str, why: Words) -> WireError:
    """Make the error for a service to which there is no connection; nothing left."""
    return WireError(
        "prescription.unreachable",
        Words(
            en=f"The prescription service can't be reached at {host}: {why.en}.",
            fr=f"Le service de prescription est injoignable à {host} : {why.fr}.",
        ),
        sent=False,
    )


def lost(host: str) -> WireError:
    """Make the error for a connection that ended before the answer was whole."""
    return WireError(
        "prescription.answer_lost",
        Words(
            en=f"The prescription service at {host} ended the connection before it had answered: it may have "
            "done what it was asked.",
            fr=f"Le service de prescription à {host} a coupé la connexion avant de répondre : il a pu faire "
            "ce qui lui était demandé.",
        ),
        sent=True,
    )


def too_slow(host: str) -> WireError:
    """Make the error for an answer that did not come in time."""
    return WireError(
        "prescription.answer_late",
        Words(
            en=f"The prescription service at {host} did not answer in time: it may have done what it was "
            "asked.",
            fr=f"Le service de prescription à {host} n'a pas répondu à temps : il a pu faire ce qui lui "
            "était demandé.",
        ),
        sent=True,
    )


def unreadable(host: str, why: Words) -> WireError:
    """Make the error for an answer that may not be read."""
    return WireError(
        "prescription.answer_unreadable",
        Words(
            en=f"The prescription service at {host} answered something that can't be read: {why.en}.",
            fr=f"Le service de prescription à {host} a répondu quelque chose d'illisible : {why.fr}.",
        ),
        sent=True,
    )


def token_file(path: Path, why: Words) -> ConfigError:
    """Make the error for an access token's file that can't be used."""
    return ConfigError(
        "prescription.token_file",
        Words(
            en=f"The file of the access token can't be used ({path}): {why.en}.",
            fr=f"Le fichier du jeton d'accès est inutilisable ({path}) : {why.fr}.",
        ),
        file=str(path),
    )
