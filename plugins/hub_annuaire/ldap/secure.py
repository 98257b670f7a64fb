"""TLS of both ends: version 1.2 or later, the server always verified, nothing resumed.

`Secure` turns bytes as they travel into bytes as they are meant, with no input or output of its own: so
StartTLS is the same on every event loop, and nothing that came in clear can pass for protected.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hub_annuaire.ldap import faults

_RECORD: Final = 16 << 10
"""Bytes in one record (RFC 8446, 5.1)."""


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


class Secure:
    """One TLS session. Whatever was called, send what `outgoing` returns next, after a fault too."""

    def __init__(self, context: ssl.SSLContext, *, server_name: str | None) -> None:
        """Begin; with a `server_name` as the client that expects it, with None as the server."""
        self._in = ssl.MemoryBIO()
        self._out = ssl.MemoryBIO()
        self._object = context.wrap_bio(
            self._in, self._out, server_side=server_name is None, server_hostname=server_name
        )
        self.ready = False
        self.over = False
        self.fault: ssl.SSLError | None = None

    @property
    def certificate(self) -> bytes | None:
        """The other end's certificate (DER) when it has shown one; it was verified."""
        return self._object.getpeercert(binary_form=True) if self.ready else None

    def shake(self) -> None:
        """Go on with the handshake; `ready` says whether it is done, `fault` why it never will be."""
        try:
            self._object.do_handshake()
        except ssl.SSLWantReadError:
            return
        except ssl.SSLError as error:
            self.fault = error
        else:
            self.ready = True

    def take(self, data: bytes) -> bytes:
        """Return what came in with these bytes; `over` and `fault` say that nothing more will."""
        self._in.write(data)
        if not self.ready:
            self.shake()
            if not self.ready:
                return b""
        parts = []
        try:
            while part := self._object.read(_RECORD):
                parts.append(part)
            self.over = True
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            self.over = True
        except ssl.SSLError as error:
            self.fault = error
        return b"".join(parts)

    def give(self, data: bytes) -> None:
        """Take what is to go out."""
        view = memoryview(data)
        while view:
            view = view[self._object.write(view) :]

    def leave(self) -> None:
        """Say goodbye; its answer is not waited for."""
        try:
            self._object.unwrap()
        except (ssl.SSLError, OSError):
            return

    def outgoing(self) -> bytes:
        """Return what is to be sent."""
        return self._out.read()
