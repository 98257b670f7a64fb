"""The ways in which a connection fails its reader, as errors with words."""

from __future__ import annotations

import ssl

from hub.errors import PeerError, Words


class LostError(PeerError):
    """The connection ended while something was still to come."""


class SilentError(PeerError):
    """The peer let a deadline pass."""


class LineError(PeerError):
    """The peer sent a line longer than it may be, or one that does not end in CR LF."""


def broken_off(fault: ssl.SSLError) -> LostError:
    """Make the error for a connection that TLS ended, most often by an alert about our certificate."""
    why = (fault.reason or "TLS error").lower().replace("_", " ")
    return LostError(
        "smtp.tls_failed",
        Words(
            en=f"The other side ended the TLS connection: {why}.",
            fr=f"L'autre côté a mis fin à la connexion TLS : {why}.",
        ),
        reason=why,
    )


def lost() -> LostError:
    """Make the error for a connection that is gone."""
    return LostError(
        "smtp.connection_lost",
        Words(en="The connection to the mail server was lost.", fr="La connexion au serveur a été perdue."),
    )


def silent() -> SilentError:
    """Make the error for a deadline that passed."""
    return SilentError(
        "smtp.timeout",
        Words(en="The mail server did not answer in time.", fr="Le serveur n'a pas répondu à temps."),
    )


def too_long() -> LineError:
    """Make the error for a line without end."""
    return LineError(
        "smtp.line_too_long",
        Words(
            en="The mail server sent a line that is too long.",
            fr="Le serveur a envoyé une ligne trop longue.",
        ),
    )


def bare() -> LineError:
    """Make the error for a line that ends in LF alone."""
    return LineError(
        "smtp.line_end",
        Words(
            en="The mail server sent a line that does not end in CR LF.",
            fr="Le serveur a envoyé une ligne qui ne se termine pas par CR LF.",
        ),
    )
