"""The server's half of STARTTLS: a verified client certificate, and the peer that it stands for."""

from __future__ import annotations

import hashlib
import ssl
from dataclasses import dataclass

from hub.ports.host import Host
from hub.ports.intake import Intake, Peer
from hub_smtp import replies, tls
from hub_smtp.breaks import LostError, SilentError
from hub_smtp.link import Link
from hub_smtp.settings import ReceiverSettings
from hub_smtp.taking import Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What all sessions of one receiver share."""

    settings: ReceiverSettings
    context: ssl.SSLContext
    host: Host
    intake: Intake
    reader: Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Secured:
    """A session under TLS, with the client's certificate in DER."""

    certificate: bytes


async def shake_hands(link: Link, desk: Desk) -> Secured:
    """Go on under TLS with a client whose certificate holds.

    A refusal is logged, told to the client by an alert, and raised as LostError.
    """
    try:
        await link.start_tls(
            desk.context,
            server_side=True,
            server_name=None,
            timeout=desk.settings.handshake_timeout.total_seconds(),
        )
    except (ssl.SSLError, SilentError, LostError) as error:
        desk.host.log.warning("smtp.tls_refused", receiver=desk.host.name, reason=tls.reason(error))
        raise LostError("smtp.tls_refused", replies.FAILED.words) from error
    assert link.secure is not None  # noqa: S101 - it stands now
    return Secured(certificate=link.secure.object.getpeercert(binary_form=True) or b"")


def recognise(certificate: bytes, desk: Desk) -> Peer | None:
    """Return whom a certificate stands for now; None when it is no operator."""
    peer = desk.intake.identify(certificate)
    if peer is None:
        # Written so that it can be copied into an operator's `peers`.
        fingerprint = hashlib.sha256(certificate).digest().hex(":")
        desk.host.log.warning("smtp.unknown_peer", receiver=desk.host.name, reason=f"sha256:{fingerprint}")
    return peer
