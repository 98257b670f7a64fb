"""TLS contexts out of PEM files: version 1.2 or later, nothing resumed, whatever the protocol above.

Nothing is resumed so that each connection's certificate is checked anew, dates and revocation included.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from pathlib import Path

from hub.errors import ConfigError, Words
from hub.plugin import reasons


def client() -> ssl.SSLContext:
    """Make a context that verifies the server, its name included; it believes nobody yet."""
    return _hardened(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))


def server() -> ssl.SSLContext:
    """Make a server's context; it asks for no certificate yet."""
    context = _hardened(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
    context.num_tickets = 0
    return context


def fill(
    context: ssl.SSLContext,
    code: str,
    *,
    certificate: Path | None = None,
    key: Path | None = None,
    anchors: Iterable[Path] = (),
    crls: Iterable[Path] = (),
) -> ssl.SSLContext:
    """Load our certificate with its chain and its key, the authorities that we believe, their lists.

    With `crls` every authority must have one that is in force. Raises ConfigError `code`, which names
    the file.
    """
    if certificate is not None and key is not None:
        try:
            context.load_cert_chain(certificate, key, password=_no_password)
        except (OSError, ValueError) as error:
            raise unusable(code, (certificate, key), error) from error
    lists = tuple(crls)
    for path in (*anchors, *lists):
        try:
            context.load_verify_locations(path)
        except (OSError, ValueError) as error:
            raise unusable(code, (path,), error) from error
    if lists:
        context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
    return context


def unusable(code: str, paths: Iterable[Path], error: Exception) -> ConfigError:
    """Say that certificates, keys or lists can't be used, and why."""
    named = ", ".join(str(path) for path in paths)
    why = reasons.tls(error)
    return ConfigError(
        code,
        Words(
            en=f"The TLS files can't be used ({named}): {why.en}. PEM is expected, the key unencrypted and "
            "that of the certificate.",
            fr=f"Les fichiers TLS sont inutilisables ({named}) : {why.fr}. Il faut du PEM, et la clé, non "
            "chiffrée, du certificat.",
        ),
        file=named,
    )


def _hardened(context: ssl.SSLContext) -> ssl.SSLContext:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_TICKET | ssl.OP_NO_RENEGOTIATION
    return context


def _no_password() -> str:
    """Answer instead of a prompt: nobody is there to type when a hub starts."""
    raise ValueError("the key is encrypted")
