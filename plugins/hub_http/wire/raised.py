"""Errors of the library and the system → faults. The one such mapping."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Sequence
from typing import Final

import aiohttp
from aiohttp import http_exceptions

from hub.errors import Words
from hub.plugin import reasons
from hub_http.wire import faults
from hub_http.wire.attempt import Attempt, Phase
from hub_http.wire.faults import WireFault
from hub_http.wire.sockets import NotAdmittedError

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
_SLOW: Final = {
    Phase.UPLOAD: Words(en="does not take the request in time", fr="ne prend pas la requête à temps"),
    Phase.ANSWER: Words(en="does not answer in time", fr="ne répond pas à temps"),
    Phase.BODY: Words(en="sends its answer too slowly", fr="envoie sa réponse trop lentement"),
}


def of(error: BaseException, attempt: Attempt, host: str) -> WireFault:
    """Return the fault for what the library or the system raised."""
    chain = tuple(_chain(error))
    if _holds(chain, NotAdmittedError):
        fault = faults.not_admitted(host)
    elif isinstance(error, aiohttp.ClientConnectorError):
        fault = _unconnected(error, chain, host)
    elif isinstance(error, TimeoutError):
        fault = _too_slow(attempt, host)
    elif not attempt.answered and not attempt.reused and (alert := _refusal(chain)) is not None:
        fault = _untrusted(alert, host)
    elif _holds(chain, _NO_HTTP) and not _holds(chain, _CUT):
        fault = faults.malformed(host, "no HTTP", "pas du HTTP")
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
        return faults.unreachable(host, Words(en="its name is not known", fr="son nom est inconnu"))
    known = next((one for one in system if isinstance(one, OSError) and one.errno), None)
    why = reasons.why(known) if known is not None else Words(en="no connection", fr="pas de connexion")
    return faults.unreachable(host, why)


def _refusal(chain: Sequence[BaseException]) -> ssl.SSLError | None:
    """Return the alert by which a server refused the handshake, if that is what happened."""
    for one in chain:
        if isinstance(one, ssl.SSLError):
            said = one.reason or ""
            if "ALERT" in said and any(sign in said for sign in _HANDSHAKE):
                return one
    return None


def _untrusted(error: ssl.SSLError, host: str) -> WireFault:
    if isinstance(error, ssl.SSLCertVerificationError):
        return faults.untrusted(host, error.verify_message or "certificate verify failed")
    return faults.untrusted(host, (error.reason or "TLS error").lower().replace("_", " "))


def _lost(attempt: Attempt, host: str) -> WireFault:
    if attempt.stage == "unsent":
        return faults.unreachable(host, Words(en="the connection was lost", fr="la connexion a été perdue"))
    return faults.lost(host)


def _too_slow(attempt: Attempt, host: str) -> WireFault:
    if attempt.phase is Phase.CONNECT:
        return faults.unreachable(host, Words(en="no connection in time", fr="pas de connexion à temps"))
    return faults.too_slow(host, _SLOW[attempt.phase], attempt.stage)
