"""TLS of the API's own door: 1.2 or later; client certificates checked when authorities are configured."""

from __future__ import annotations

import ssl
import stat
from pathlib import Path

from hub.adapters.http.settings import ApiSettings
from hub.errors import ConfigError, Words

_OTHERS = stat.S_IRWXO


def context_of(settings: ApiSettings) -> ssl.SSLContext | None:
    """Return the context to listen with, None without a certificate (loopback, in clear).

    A client may come without a certificate, and prove itself by a token; one that shows a certificate
    shows one that leads to `client_anchors`. Raises ConfigError that names the file.
    """
    if settings.certificate is None or settings.key is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols(["http/1.1"])
    _check_mode(settings.key)
    try:
        context.load_cert_chain(settings.certificate, settings.key, password=_no_password)
    except (OSError, ValueError) as error:
        raise _wrong(
            settings.certificate,
            f"and {settings.key} can't be used: a PEM certificate chain and its key, without a password,"
            " are needed",
            f"et {settings.key} sont inutilisables : il faut une chaîne de certificats PEM et sa clé,"
            " sans mot de passe",
        ) from error
    for path in settings.client_anchors:
        try:
            context.load_verify_locations(path)
        except (OSError, ValueError) as error:
            raise _wrong(
                path, "holds no certificates in PEM", "ne contient pas de certificats en PEM"
            ) from error
    if settings.client_anchors:
        context.verify_mode = ssl.CERT_OPTIONAL
    return context


def _check_mode(path: Path) -> None:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError as error:
        raise _wrong(path, "can't be read", "est illisible") from error
    if mode & _OTHERS:
        raise _wrong(
            path,
            f"can be read or changed by anybody (mode {mode:04o}); run: chmod o= {path}",
            f"est accessible à tous (mode {mode:04o}) ; lancez : chmod o= {path}",
        )


def _no_password() -> str:
    """Answer instead of a prompt: nobody is there to type when a hub starts."""
    return ""


def _wrong(path: Path, en: str, fr: str) -> ConfigError:
    return ConfigError("http.tls", Words(en=f"{path} {en}.", fr=f"{path} {fr}."), file=str(path))
