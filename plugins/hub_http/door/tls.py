"""TLS of the door: 1.2 or later, nothing resumed; a client certificate is verified if one is shown."""

from __future__ import annotations

import ssl
import stat
from collections.abc import Iterable
from pathlib import Path

from hub.errors import ConfigError, Words
from hub.plugin import reasons
from hub_http.door.settings import DoorSettings


def context_of(settings: DoorSettings) -> ssl.SSLContext:
    """Make the context to listen with. Raises ConfigError that names the file.

    Who shows a certificate shows one that leads to `anchors`, or gets no connection. Whether one is needed
    is for each webhook to say. Nothing is resumed, so that each connection's certificate is checked anew.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_TICKET | ssl.OP_NO_RENEGOTIATION
    context.num_tickets = 0
    context.set_alpn_protocols(["http/1.1"])
    _check_mode(settings.key)
    try:
        context.load_cert_chain(settings.certificate, settings.key, password=_no_password)
    except (OSError, ValueError) as error:
        raise _unusable((settings.certificate, settings.key), error) from error
    for path in (*settings.anchors, *settings.crls):
        try:
            context.load_verify_locations(path)
        except (OSError, ValueError) as error:
            raise _unusable((path,), error) from error
    if settings.anchors:
        context.verify_mode = ssl.CERT_OPTIONAL
    if settings.crls:
        context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
    return context


def _check_mode(path: Path) -> None:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError as error:
        raise _unusable((path,), error) from error
    if mode & stat.S_IRWXO:
        raise ConfigError(
            "door.tls",
            Words(
                en=f"{path} can be read or changed by anybody (mode {mode:04o}); run: chmod o= {path}",
                fr=f"{path} est accessible à tous (mode {mode:04o}) ; lancez : chmod o= {path}",
            ),
            file=str(path),
        )


def _no_password() -> str:
    """Answer instead of a prompt: nobody is there to type when a hub starts."""
    raise ValueError("the key is encrypted")


def _unusable(paths: Iterable[Path], error: Exception) -> ConfigError:
    named = ", ".join(str(path) for path in paths)
    why = reasons.tls(error)
    return ConfigError(
        "door.tls",
        Words(
            en=f"The door's TLS files can't be used ({named}): {why.en}. PEM is expected, the key unencrypted"
            " and that of the certificate.",
            fr=f"Les fichiers TLS de la porte sont inutilisables ({named}) : {why.fr}. Il faut du PEM, et la"
            " clé, non chiffrée, du certificat.",
        ),
        file=named,
    )
