"""TLS contexts of both ends: version 1.2 or later, the other end always verified, nothing resumed.

Sessions are not resumed, so that every connection's certificate is checked anew, dates and revocation
included.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from pathlib import Path

from hub.errors import ConfigError, Words
from hub.plugin import reasons
from hub_smtp.breaks import SilentError
from hub_smtp.settings import TlsSettings


def server_context(settings: TlsSettings) -> ssl.SSLContext:
    """Make the context of a server that demands a client certificate. Raises ConfigError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.verify_mode = ssl.CERT_REQUIRED
    context.num_tickets = 0
    return _fill(context, settings)


def client_context(settings: TlsSettings) -> ssl.SSLContext:
    """Make the context of a client that verifies chain and name, and shows its own. Raises ConfigError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return _fill(context, settings)


def _fill(context: ssl.SSLContext, settings: TlsSettings) -> ssl.SSLContext:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_TICKET | ssl.OP_NO_RENEGOTIATION
    try:
        context.load_cert_chain(settings.certificate, settings.key, password=_no_password)
    except (OSError, ValueError) as error:
        raise _unusable((settings.certificate, settings.key), error) from error
    for path in (*settings.anchors, *settings.crls):
        try:
            context.load_verify_locations(path)
        except (OSError, ValueError) as error:
            raise _unusable((path,), error) from error
    if settings.crls:
        context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
    return context


def reason(error: Exception) -> str:
    """Say in a few words why a handshake failed; never what the certificate says."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message or "certificate verify failed"
    if isinstance(error, ssl.SSLError):
        return (error.reason or "TLS error").lower().replace("_", " ")
    return "no answer in time" if isinstance(error, SilentError) else "connection lost"


def _no_password() -> str:
    raise ValueError("the key is encrypted")


def _unusable(paths: Iterable[Path], error: Exception) -> ConfigError:
    named = ", ".join(str(path) for path in paths)
    why = reasons.tls(error)
    return ConfigError(
        "smtp.tls_files",
        Words(
            en=f"The TLS files can't be used ({named}): {why.en}. PEM is expected, the key unencrypted and "
            "that of the certificate.",
            fr=f"Les fichiers TLS sont inutilisables ({named}) : {why.fr}. Il faut du PEM, et la clé, non "
            "chiffrée, du certificat.",
        ),
        file=named,
    )
