"""What goes wrong on the way to a server and back, as one error: where it happened, and what may have left.

Words name the host, never a path, a query or a content.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Literal

from hub.errors import PeerError, Words

Stage = Literal["unsent", "sent"]


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


def untrusted(host: str, why: str) -> WireFault:
    """Make the fault for a handshake that failed; `why` never says what the certificate says."""
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


def lost(host: str) -> WireFault:
    """Make the fault for a connection that ended after something had left."""
    return WireFault(
        "http.lost_answer",
        Words(
            en=f"The connection to {host} was lost before its answer was whole.",
            fr=f"La connexion avec {host} a été perdue avant que sa réponse soit entière.",
        ),
        stage="sent",
        host=host,
    )


def too_slow(host: str, words: Words, stage: Stage) -> WireFault:
    """Make the fault for a server that lets us wait; the words go on from its name."""
    return WireFault(
        "http.too_slow",
        Words(en=f"{host} {words.en}.", fr=f"{host} {words.fr}."),
        stage=stage,
        host=host,
    )
