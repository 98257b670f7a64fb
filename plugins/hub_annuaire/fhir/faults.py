"""Everything that can be wrong with the server, with what it says, or with the copy, in words.

What the server says of an error is shown, less whatever looks like an address or a number of somebody.
"""

from __future__ import annotations

import errno
import re
import sqlite3
import ssl
from pathlib import Path
from typing import Final

import aiohttp

from hub.errors import ConfigError, HubError, LimitError, MalformedError, StoreError, Words
from hub.ports.directory import DirectoryUnavailableError

MAX_SAID: Final = 200
"""Characters of a server's own words that are shown."""
_PERSONAL: Final = re.compile(r"\S*@\S*|\S*%40\S*|\d{8,}")

_UNAVAILABLE: Final = {
    "key_refused": (
        "the directory's server refuses our key ({status}); check key_file and key_header",
        "le serveur de l'annuaire refuse notre clé ({status}) ; vérifiez key_file et key_header",
    ),
    "busy": (
        "the directory's server takes no more questions now ({status})",
        "le serveur de l'annuaire ne prend plus de questions pour l'instant ({status})",
    ),
    "failed": (
        "the directory's server failed ({status})",
        "le serveur de l'annuaire est en panne ({status})",
    ),
    "refused": (
        "the directory's server refuses our question ({status})",
        "le serveur de l'annuaire refuse notre question ({status})",
    ),
    "redirected": (
        "the directory's server sends us elsewhere ({status}); write its own address in url",
        "le serveur de l'annuaire nous renvoie ailleurs ({status}) ; mettez sa propre adresse dans url",
    ),
}


def answered(what: str, status: int, said: str = "") -> DirectoryUnavailableError:
    """Make the error for an answer that is none; `said` is the server's own explanation."""
    en, fr = _UNAVAILABLE[what]
    shown = f": “{said}”" if said else ""
    shown_fr = f" : « {said} »" if said else ""
    return DirectoryUnavailableError(
        f"fhir.{what}",
        Words(
            en=f"{_capital(en.format(status=status))}{shown}.",
            fr=f"{_capital(fr.format(status=status))}{shown_fr}.",
        ),
        status=status,
    )


def bare(said: str) -> str:
    """Return a server's words without what may be somebody's, on one line."""
    text = _PERSONAL.sub("[…]", said)
    text = " ".join("".join(one if one.isprintable() else " " for one in text).split())
    return text if len(text) <= MAX_SAID else f"{text[: MAX_SAID - 1]}…"


def unreachable(error: BaseException) -> DirectoryUnavailableError:
    """Say that the server can't be reached, or went away in the middle."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError | ssl.SSLCertVerificationError):
        why = getattr(error, "certificate_error", error)
        reason = getattr(why, "verify_message", "") or "certificate verify failed"
        return DirectoryUnavailableError(
            "fhir.certificate",
            Words(
                en=f"The certificate of the directory's server is not accepted ({reason}); "
                "check url and anchors.",
                fr=f"Le certificat du serveur de l'annuaire n'est pas accepté ({reason}) ; "
                "vérifiez url et anchors.",
            ),
        )
    reason = "no answer in time" if isinstance(error, TimeoutError) else type(error).__name__
    return DirectoryUnavailableError(
        "fhir.unreachable",
        Words(
            en=f"The directory's server can't be reached, or broke off ({reason}).",
            fr=f"Le serveur de l'annuaire est injoignable, ou a coupé ({reason}).",
        ),
        error=type(error).__name__,
    )


def not_fhir(en: str, fr: str) -> MalformedError:
    """Say that an answer is not FHIR; the words go on with what it is or lacks."""
    return MalformedError(
        "fhir.not_fhir",
        Words(en=f"The directory's server does not speak FHIR: {en}.",
              fr=f"Le serveur de l'annuaire ne parle pas FHIR : {fr}."),
    )  # fmt: skip


def record(path: str) -> MalformedError:
    """Name the element of a resource that is not what FHIR or its profile demands."""
    return MalformedError(
        "fhir.record",
        Words(
            en=f"The directory's server sent a resource whose {path} can't be read.",
            fr=f"Le serveur de l'annuaire a envoyé une ressource dont {path} est illisible.",
        ),
        field=path,
    )


def too_large(limit: int) -> LimitError:
    """Say that an answer is larger than is read."""
    return LimitError(
        "fhir.too_large",
        Words(
            en=f"An answer of the directory's server has more than {limit} bytes (max_response).",
            fr=f"Une réponse du serveur de l'annuaire dépasse {limit} octets (max_response).",
        ),
    )


def too_deep(limit: int) -> LimitError:
    """Say that an answer is nested deeper than is read."""
    return LimitError(
        "fhir.too_deep",
        Words(
            en=f"An answer of the directory's server is nested deeper than {limit} levels (max_depth).",
            fr=f"Une réponse du serveur de l'annuaire est imbriquée sur plus de {limit} niveaux (max_depth).",
        ),
    )


def elsewhere() -> MalformedError:
    """Refuse to go where a next link leads: our key would go there too."""
    return MalformedError(
        "fhir.elsewhere",
        Words(
            en="The directory's server says that its next page is on another server; only the one in url is "
            "asked.",
            fr="Le serveur de l'annuaire place la page suivante sur un autre serveur ; seul celui de url est "
            "interrogé.",
        ),
    )


def endless() -> LimitError:
    """Say that pages go in circles, or never end."""
    return LimitError(
        "fhir.endless",
        Words(
            en="The pages of the directory's server go in circles, or never end.",
            fr="Les pages du serveur de l'annuaire tournent en rond, ou n'ont pas de fin.",
        ),
    )


def never() -> DirectoryUnavailableError:
    """Nothing was ever copied: not the same as an empty directory."""
    return DirectoryUnavailableError(
        "fhir.not_copied",
        Words(
            en="The copy of the directory is not complete yet. To make it now: hub directory sync.",
            fr="La copie de l'annuaire n'est pas encore complète. Pour la faire : hub directory sync.",
        ),
    )


def damaged(error: Exception | None = None) -> DirectoryUnavailableError:
    """Say that the copy can't be read."""
    return DirectoryUnavailableError(
        "fhir.damaged",
        Words(
            en="The copy of the directory can't be read. Delete its files and run: hub directory sync.",
            fr="La copie de l'annuaire est illisible. Supprimez ses fichiers et lancez : hub directory sync.",
        ),
        error=type(error).__name__ if error else None,
    )


def shrunk(what: str, now: int, before: int, max_loss: int) -> MalformedError:
    """Refuse a new copy from which far too much is missing."""
    named = {"people": "professionnels", "mailboxes": "boîtes"}[what]
    return MalformedError(
        "fhir.shrunk",
        Words(
            en=f"The directory's server has {now} {what} where it had {before}: more than {max_loss} % less "
            "looks like a fault; raise max_loss in the configuration if it is right.",
            fr=f"Le serveur de l'annuaire a {now} {named} contre {before} : plus de {max_loss} % de moins, "
            "cela semble une panne ; augmentez max_loss dans la configuration si c'est juste.",
        ),
    )


def running() -> StoreError:
    """Say that somebody else is synchronising."""
    return StoreError(
        "fhir.sync_running",
        Words(
            en="Another synchronisation of this directory is running; try again when it has ended.",
            fr="Une autre synchronisation de cet annuaire est en cours ; réessayez quand elle sera terminée.",
        ),
    )


def store_failed(folder: Path, error: sqlite3.Error | OSError) -> StoreError:
    """Say that the copy can't be written. The old one still answers."""
    name = (
        errno.errorcode.get(error.errno or 0, "OSError")
        if isinstance(error, OSError)
        else getattr(error, "sqlite_errorname", type(error).__name__)
    )
    return StoreError(
        "fhir.store_failed",
        Words(
            en=f"The copy of the directory can't be written to {folder} ({name}); nothing has changed.",
            fr=f"La copie de l'annuaire ne peut pas être écrite dans {folder} ({name}) ; rien n'a changé.",
        ),
    )


def file_unusable(path: Path, en: str, fr: str) -> ConfigError:
    """Make the error for a file of the configuration; the words continue a sentence about it."""
    return ConfigError("fhir.file", Words(en=f"{path} {en}.", fr=f"{path} {fr}."), file=str(path))


def unavailable(error: HubError) -> DirectoryUnavailableError:
    """Turn whatever kept a question from being answered into what the port says; a new one each time."""
    return DirectoryUnavailableError(error.code, error.words, **error.fields)


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
