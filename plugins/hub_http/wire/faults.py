"""What goes wrong on the way to a server and back, as one error: where it happened, and what may have left.

Words name the host, never a path, a query or a content.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Literal

import aiohttp
from aiohttp import http_exceptions

from hub.errors import PeerError, Words
from hub.plugin import reasons
from hub_http.wire.sockets import NotAdmittedError

if TYPE_CHECKING:
    from hub_http.wire.attempt import Attempt

Stage = Literal["unsent", "sent"]

_HANDSHAKE: Final = (
    "CERTIFICATE",
    "UNKNOWN_CA",
    "ACCESS_DENIED",
    "DECRYPT_ERROR",
    "HANDSHAKE_FAILURE",
    "PROTOCOL_VERSION",
)
"""Alerts by which a server ends a handshake; in TLS 1.3 the client learns it when it first reads."""
_CUT: Final = (http_exceptions.TransferEncodingError, http_exceptions.ContentLengthError)
_NO_HTTP: Final = (http_exceptions.HttpProcessingError, aiohttp.ClientResponseError)


class WireFault(PeerError):  # noqa: N818 - the fault of a wire; what it means for a send is not decided here
    """No answer that can be used.

    stage        `unsent`: nothing of the request's body left, or of its head when it has none; `sent`: some
                 or all may have left, and the server may have done what was asked.
    host         the server's host, with its port unless it is 443.
    retry_after  when the server said how long to wait.
    """

    def __init__(
        self, code: str, words: Words, *, stage: Stage, host: str, retry_after: timedelta | None = None
    ) -> None:
        super().__init__(code, words, reason=words.en)
        self.stage: Stage = stage
        self.host = host
        self.retry_after = retry_after


class AuthenticationFault(WireFault):
    """The credentials can't be used, or the token endpoint refuses them; nothing of the request left."""


def of(error: BaseException, attempt: Attempt, host: str) -> WireFault:
    """Return the fault for what the library or the system raised. The one such mapping."""
    chain = tuple(_chain(error))
    if _holds(chain, NotAdmittedError):
        fault = not_admitted(host)
    elif isinstance(error, aiohttp.ClientConnectorError):
        fault = _unconnected(error, chain, host)
    elif isinstance(error, TimeoutError):
        fault = _too_slow(attempt, host)
    elif not attempt.answered and not attempt.reused and (alert := _refusal(chain)) is not None:
        fault = _untrusted(alert, host)
    elif _holds(chain, _NO_HTTP) and not _holds(chain, _CUT):
        fault = malformed(host, "no HTTP", "pas du HTTP")
    else:
        fault = _lost(attempt, host)
    return fault


def _holds(chain: Sequence[BaseException], kinds: type[Exception] | tuple[type[Exception], ...]) -> bool:
    return any(isinstance(one, kinds) for one in chain)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: list[BaseException] = []
    while error is not None and error not in seen:
        seen.append(error)
        yield error
        error = error.__cause__ or getattr(error, "os_error", None) or error.__context__


def _unconnected(error: Exception, chain: Sequence[BaseException], host: str) -> WireFault:
    # the library's own errors about certificates claim to be the system's, without what those say
    system = [one for one in chain if not isinstance(one, aiohttp.ClientError)]
    failed = next((one for one in system if isinstance(one, ssl.SSLError)), None)
    if failed is not None:
        return _untrusted(failed, host)
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return unreachable(host, Words(en="its name is not known", fr="son nom est inconnu"))
    known = next((one for one in system if isinstance(one, OSError) and one.errno), None)
    why = reasons.why(known) if known is not None else Words(en="no connection", fr="pas de connexion")
    return unreachable(host, why)


def _refusal(chain: Sequence[BaseException]) -> ssl.SSLError | None:
    """Return the alert by which a server refused the handshake, if that is what happened."""
    for one in chain:
        if isinstance(one, ssl.SSLError):
            said = one.reason or ""
            if "ALERT" in said and any(sign in said for sign in _HANDSHAKE):
                return one
    return None


def _untrusted(error: Exception, host: str) -> WireFault:
    if isinstance(error, ssl.SSLCertVerificationError):
        why = error.verify_message or "certificate verify failed"
    else:
        why = (getattr(error, "reason", None) or "TLS error").lower().replace("_", " ")
    return WireFault(
        "http.tls_failed",
        Words(
            en=f"No trusted TLS connection to {host}: {why}.",
            fr=f"Pas de connexion TLS sûre avec {host} : {why}.",
        ),
        stage="unsent",
        host=host,
    )


def unreachable(host: str, why: Words) -> WireFault:
    """Make the fault for a server that can't be connected to."""
    return WireFault(
        "http.unreachable",
        Words(en=f"{host} can't be reached: {why.en}.", fr=f"{host} est injoignable : {why.fr}."),
        stage="unsent",
        host=host,
    )


def not_admitted(host: str) -> WireFault:
    """Make the fault for a name that leads where this operator may not be."""
    return WireFault(
        "http.egress",
        Words(
            en=f"{host} leads to an address that is private, local or reserved, and that `networks` does not "
            "name; it is not connected to.",
            fr=f"{host} mène à une adresse privée, locale ou réservée que `networks` ne nomme pas ; aucune "
            "connexion n'y est faite.",
        ),
        stage="unsent",
        host=host,
    )


def stranger(host: str, member: str) -> WireFault:
    """Make the fault for a certificate that no pin names."""
    return WireFault(
        "http.pin",
        Words(
            en=f"{host} shows a certificate that the space of trust does not name for {member}; nothing was "
            "sent to it.",
            fr=f"{host} présente un certificat que l'espace de confiance ne nomme pas pour {member} ; rien "
            "ne lui a été envoyé.",
        ),
        stage="unsent",
        host=host,
    )


def crowded(host: str) -> WireFault:
    """Make the fault for a request that would wait too long for its turn."""
    return WireFault(
        "http.no_turn",
        Words(
            en=f"So many requests wait for {host} that this one would not go in time; nothing was sent.",
            fr=f"Tant de requêtes attendent {host} que celle-ci ne partirait pas à temps ; rien n'a été "
            "envoyé.",
        ),
        stage="unsent",
        host=host,
    )


def too_large(host: str, limit: int) -> WireFault:
    """Make the fault for an answer over its limit."""
    return WireFault(
        "http.answer_too_large",
        Words(
            en=f"The answer of {host} is over {limit} bytes, or packed too tightly.",
            fr=f"La réponse de {host} dépasse {limit} octets, ou est trop fortement compressée.",
        ),
        stage="sent",
        host=host,
    )


def malformed(host: str, en: str, fr: str) -> WireFault:
    """Make the fault for an answer that is no answer."""
    return WireFault(
        "http.answer_malformed",
        Words(en=f"{host} answers with {en}.", fr=f"{host} répond avec {fr}."),
        stage="sent",
        host=host,
    )


def media_type(host: str, found: str, wanted: Sequence[str]) -> WireFault:
    """Make the fault for an answer of another kind."""
    shown, listed = found[:64] or "–", ", ".join(wanted)
    return WireFault(
        "http.answer_media_type",
        Words(
            en=f"{host} answers with the media type {shown!r} where {listed} was expected.",
            fr=f"{host} répond avec le type {shown!r} là où {listed} était attendu.",
        ),
        stage="sent",
        host=host,
    )


def _lost(attempt: Attempt, host: str) -> WireFault:
    if attempt.stage == "unsent":
        return unreachable(host, Words(en="the connection was lost", fr="la connexion a été perdue"))
    return WireFault(
        "http.lost_answer",
        Words(
            en=f"The connection to {host} was lost before its answer was whole.",
            fr=f"La connexion avec {host} a été perdue avant que sa réponse soit entière.",
        ),
        stage="sent",
        host=host,
    )


def _too_slow(attempt: Attempt, host: str) -> WireFault:
    if attempt.phase.value == "connect":
        return unreachable(host, Words(en="no connection in time", fr="pas de connexion à temps"))
    en, fr = {
        "upload": ("does not take the request in time", "ne prend pas la requête à temps"),
        "answer": ("does not answer in time", "ne répond pas à temps"),
        "body": ("sends its answer too slowly", "envoie sa réponse trop lentement"),
    }[attempt.phase.value]
    return WireFault(
        "http.too_slow", Words(en=f"{host} {en}.", fr=f"{host} {fr}."), stage=attempt.stage, host=host
    )
