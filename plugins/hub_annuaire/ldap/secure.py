"""What TLS holds both ends to: version 1.2 or later, the server always verified, nothing resumed."""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from hub_annuaire.ldap import faults


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
    context = _hardened(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    if not anchors:
        context.load_default_certs()
    return _filled(context, anchors, identity)


def server_context(identity: Identity, client_authorities: Iterable[Path]) -> ssl.SSLContext:
    """Make the context of a server; with `client_authorities` it asks for a certificate of theirs.

    A client without one may still come; one with another's certificate may not. Raises ConfigError.
    """
    authorities = tuple(client_authorities)
    context = _hardened(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
    context.num_tickets = 0
    if authorities:
        context.verify_mode = ssl.CERT_OPTIONAL
    return _filled(context, authorities, identity)


def _hardened(context: ssl.SSLContext) -> ssl.SSLContext:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_TICKET | ssl.OP_NO_RENEGOTIATION
    return context


def _filled(context: ssl.SSLContext, anchors: tuple[Path, ...], identity: Identity | None) -> ssl.SSLContext:
    if identity is not None:
        try:
            context.load_cert_chain(identity.certificate, identity.key, password=_no_password)
        except (OSError, ValueError) as error:
            raise faults.tls_files((identity.certificate, identity.key), error) from error
    for path in anchors:
        try:
            context.load_verify_locations(path)
        except (OSError, ValueError) as error:
            raise faults.tls_files((path,), error) from error
    return context


def _no_password() -> str:
    raise ValueError("the key is encrypted")
