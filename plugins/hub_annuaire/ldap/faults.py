"""Everything that can be wrong with a directory asked by LDAP, or with the door that shows one."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Final

from hub.errors import ConfigError, Words
from hub.ports.directory import DirectoryUnavailableError
from hub_annuaire.ldap.messages import Code

_MEANINGS: Final[dict[int, tuple[str, str]]] = {
    Code.INVALID_CREDENTIALS: (
        "the name or the password is wrong",
        "le nom ou le mot de passe est faux",
    ),
    Code.INSUFFICIENT_ACCESS: ("this account may not search", "ce compte n'a pas le droit de chercher"),
    Code.NO_SUCH_OBJECT: ("the base does not exist there", "la base n'y existe pas"),
    Code.REFERRAL: ("it refers to another server", "il renvoie à un autre serveur"),
    Code.SIZE_LIMIT: ("it has more answers than it may give", "il a plus de réponses qu'il n'en peut donner"),
    Code.TIME_LIMIT: ("its time limit was not enough", "sa limite de temps n'a pas suffi"),
    Code.ADMIN_LIMIT: ("a limit of its own was not enough", "une de ses limites n'a pas suffi"),
    Code.BUSY: ("it is busy", "il est occupé"),
    Code.UNAVAILABLE: ("it is shutting down or not ready", "il s'arrête ou n'est pas prêt"),
    Code.CONFIDENTIALITY_REQUIRED: ("it demands TLS", "il exige TLS"),
}


def unreachable(server: str, why: BaseException) -> DirectoryUnavailableError:
    """Say that no connection stands. `server` is its URL."""
    en, fr = _why(why)
    return DirectoryUnavailableError(
        "ldap.unreachable",
        Words(
            en=f"The LDAP server {server} can't be reached: {en}.",
            fr=f"Le serveur LDAP {server} est injoignable : {fr}.",
        ),
        error=type(why).__name__,
    )


def silent(server: str) -> DirectoryUnavailableError:
    """Say that an answer did not come in time."""
    return DirectoryUnavailableError(
        "ldap.silent",
        Words(
            en=f"The LDAP server {server} does not answer in time.",
            fr=f"Le serveur LDAP {server} ne répond pas à temps.",
        ),
    )


def refused(server: str, code: int) -> DirectoryUnavailableError:
    """Say that the server refused a search; its own text is not repeated, it may quote what was asked."""
    en, fr = _meaning(code)
    return DirectoryUnavailableError(
        "ldap.refused",
        Words(
            en=f"The LDAP server {server} refuses the search: {en}.",
            fr=f"Le serveur LDAP {server} refuse la recherche : {fr}.",
        ),
        status=code,
    )


def bind_refused(server: str, code: int) -> DirectoryUnavailableError:
    """Say that the server does not let us in."""
    en, fr = _meaning(code)
    return DirectoryUnavailableError(
        "ldap.bind_refused",
        Words(
            en=f"The LDAP server {server} does not let the hub in: {en}.",
            fr=f"Le serveur LDAP {server} n'ouvre pas au hub : {fr}.",
        ),
        status=code,
    )


def no_tls(server: str, code: int) -> DirectoryUnavailableError:
    """Say that the server does not do StartTLS: nothing was asked in clear."""
    return DirectoryUnavailableError(
        "ldap.no_tls",
        Words(
            en=f"The LDAP server {server} does not begin TLS; nothing is asked in clear.",
            fr=f"Le serveur LDAP {server} ne commence pas TLS ; rien n'est demandé en clair.",
        ),
        status=code,
    )


def password_unreadable(path: Path) -> DirectoryUnavailableError:
    """Say that the file with our password can't be used."""
    return DirectoryUnavailableError(
        "ldap.password",
        Words(
            en=f"The password file {path} can't be used: it must hold the password on its first line.",
            fr=f"Le fichier de mot de passe {path} est inutilisable : "
            "sa première ligne doit être le mot de passe.",
        ),
        file=str(path),
    )


def entry_unreadable(server: str, attribute: str) -> DirectoryUnavailableError:
    """Say that an entry holds what can't be understood: to wait is better than to guess."""
    return DirectoryUnavailableError(
        "ldap.entry",
        Words(
            en=f"An entry of the LDAP directory {server} can't be used: "
            f"its {attribute} is not of the form expected.",
            fr=f"Une entrée de l'annuaire LDAP {server} est inutilisable : "
            f"son {attribute} n'a pas la forme attendue.",
        ),
    )


def accounts_unreadable(path: Path, line: int | None = None) -> ConfigError:
    """Say that the file of accounts can't be used."""
    where_en, where_fr = (f", line {line}", f", ligne {line}") if line else ("", "")
    return ConfigError(
        "ldap.accounts",
        Words(
            en=f"{path}{where_en}: the accounts can't be read. Each line is NAME:$scrypt$…, "
            "as hub ldap-account make NAME makes it.",
            fr=f"{path}{where_fr} : les comptes sont illisibles. Chaque ligne est NOM:$scrypt$…, "
            "comme la fait hub ldap-account make NOM.",
        ),
        file=str(path),
    )


def _meaning(code: int) -> tuple[str, str]:
    return _MEANINGS.get(code) or (f"result code {code}", f"code de résultat {code}")


def _why(error: BaseException) -> tuple[str, str]:
    fault = error if isinstance(error, ssl.SSLError) else error.__cause__
    if isinstance(fault, ssl.SSLCertVerificationError):
        return f"its certificate is not believed ({fault.verify_message})", (
            f"son certificat n'est pas reconnu ({fault.verify_message})"
        )
    if isinstance(fault, ssl.SSLError):
        why = (fault.reason or "TLS error").lower().replace("_", " ")
        return f"TLS fails ({why})", f"TLS échoue ({why})"
    if isinstance(error, TimeoutError):
        return "no answer in time", "pas de réponse à temps"
    if isinstance(error, ConnectionRefusedError):
        return "connection refused", "connexion refusée"
    if isinstance(error, OSError):
        return "no connection", "pas de connexion"
    return "the connection broke off", "la connexion s'est rompue"
