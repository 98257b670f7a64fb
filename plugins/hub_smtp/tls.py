"""TLS contexts of both ends of SMTP: the other end is always verified."""

from __future__ import annotations

import ssl

from hub.plugin import contexts
from hub_smtp.breaks import SilentError
from hub_smtp.settings import TlsSettings


def server_context(settings: TlsSettings) -> ssl.SSLContext:
    """Make the context of a server that demands a client certificate. Raises ConfigError."""
    context = contexts.server()
    context.verify_mode = ssl.CERT_REQUIRED
    return _filled(context, settings)


def client_context(settings: TlsSettings) -> ssl.SSLContext:
    """Make the context of a client that verifies chain and name, and shows its own. Raises ConfigError."""
    return _filled(contexts.client(), settings)


def _filled(context: ssl.SSLContext, settings: TlsSettings) -> ssl.SSLContext:
    return contexts.fill(
        context,
        "smtp.tls_files",
        certificate=settings.certificate,
        key=settings.key,
        anchors=settings.anchors,
        crls=settings.crls,
    )


def reason(error: Exception) -> str:
    """Say in a few words why a handshake failed; never what the certificate says."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message or "certificate verify failed"
    if isinstance(error, ssl.SSLError):
        return (error.reason or "TLS error").lower().replace("_", " ")
    return "no answer in time" if isinstance(error, SilentError) else "connection lost"
