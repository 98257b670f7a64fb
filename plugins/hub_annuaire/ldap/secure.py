"""What TLS holds both ends to: version 1.2 or later, the server always verified, nothing resumed."""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from hub.plugin import contexts


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Our certificate with its chain, and its key, as PEM files; the key is not encrypted."""

    certificate: Path
    key: Path


def client_context(anchors: Iterable[Path], identity: Identity | None) -> ssl.SSLContext:
    """Make the context of a client that verifies chain and name.

    Without `anchors` the system's authorities are believed. Raises ConfigError.
    """
    anchors = tuple(anchors)
    context = contexts.client()
    if not anchors:
        context.load_default_certs()
    return _filled(context, anchors, identity)


def server_context(identity: Identity, client_authorities: Iterable[Path]) -> ssl.SSLContext:
    """Make the context of a server; with `client_authorities` it asks for a certificate of theirs.

    A client without one may still come; one with another's certificate may not. Raises ConfigError.
    """
    authorities = tuple(client_authorities)
    context = contexts.server()
    if authorities:
        context.verify_mode = ssl.CERT_OPTIONAL
    return _filled(context, authorities, identity)


def _filled(context: ssl.SSLContext, anchors: tuple[Path, ...], identity: Identity | None) -> ssl.SSLContext:
    return contexts.fill(
        context,
        "ldap.tls_files",
        certificate=identity.certificate if identity else None,
        key=identity.key if identity else None,
        anchors=anchors,
    )
