"""Errors of the hub and of libraries → what the other end is told. The one such mapping.

Nothing was taken whenever one of these replies is given.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Final

from hub.domain.outcome import Deferred, Refused
from hub.errors import (
    ConflictError,
    HubError,
    InputError,
    LimitError,
    PeerError,
    TrustError,
    Words,
)
from hub.ports.directory import DirectoryUnavailableError
from hub_smtp import tls
from hub_smtp.replies import Reply

UNEXPECTED: Final = Reply(
    451, "4.3.0", Words(en="The hub failed, try again.", fr="Le hub a échoué, réessayez.")
)


def reply_for(error: HubError, recipients: int = 1) -> Reply:
    """Return the reply to a mail for so many recipients that the hub could not take."""
    match error:
        case DirectoryUnavailableError():
            code, status = 451, "4.4.3"
        case TrustError():
            code, status = 550, "5.7.7" if "signature" in error.code else "5.7.1"
        case LimitError():
            code, status = 552, "5.3.4"
        case ConflictError():
            code, status = 554, "5.5.0"
        case InputError() if error.code == "recipients.refused":
            code, status = _refused(error, recipients)
        case InputError():
            code, status = 550, "5.6.0"
        case _:
            code, status = 451, "4.3.0"
    return Reply(code, status, error.words)


def _refused(error: InputError, recipients: int) -> tuple[int, str]:
    """Answer a mail whose recipients were accepted by RCPT and are refused now.

    When none is left the mail is refused. Else SMTP can't refuse one of several any more: the mail is to
    be sent again, and then RCPT says who is refused. What RCPT will never say, because a rule looks at the
    mail itself, refuses the mail, by name.
    """
    refused = error.fields.get("refused")
    lasting = bool(error.fields.get("lasting"))
    if not isinstance(refused, Mapping) or (len(refused) < recipients and not lasting):
        return 451, "4.3.0"
    reasons = {refusal(why).status for why in refused.values()}
    return 550, reasons.pop() if len(reasons) == 1 else "5.7.1"


def refusal(why: Refused | Deferred) -> Reply:
    """Return the reply to a recipient who can't be accepted."""
    if isinstance(why, Deferred):
        return Reply(451, "4.4.3", why.reason)
    match why.code.rpartition(".")[2]:
        case "unknown" | "no-address":
            return Reply(550, "5.1.1", why.reason)
        case "no-operator":
            return Reply(550, "5.1.2", why.reason)
        case "too-large":
            return Reply(552, "5.3.4", why.reason)
        case _:
            return Reply(550, "5.7.1", why.reason)


def untrusted(error: ssl.SSLError, host: str) -> PeerError:
    """Make the error for a handshake that failed."""
    why = tls.reason(error)
    return PeerError(
        "smtp.tls_failed",
        Words(
            en=f"No trusted TLS connection to {host}: {why}.",
            fr=f"Pas de connexion TLS sûre avec {host} : {why}.",
        ),
        reason=why,
    )


def unreachable(error: OSError | TimeoutError, host: str) -> PeerError:
    """Make the error for a host that can't be connected to."""
    why = type(error).__name__
    return PeerError(
        "smtp.unreachable",
        Words(en=f"{host} can't be reached ({why}).", fr=f"{host} est injoignable ({why})."),
        reason=why,
    )
