"""Who is asking: a bearer token (RFC 6750) or a TLS client certificate, matched to `[api.clients.*]`.

Not checked here: what the client may do. `Peer.may_send_as` bounds that, and the core asks it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Sequence
from typing import Final

from aiohttp import web

from hub.adapters.http import faults
from hub.adapters.http.settings import Client
from hub.ports.intake import Peer

_BEARER: Final = re.compile(r"[Bb][Ee][Aa][Rr][Ee][Rr] +([A-Za-z0-9._~+/-]{1,4096}=*)")
_NOBODY: Final = bytes(32)

NamesOf = Callable[[bytes], tuple[str, ...]]
"""Returns the names that a certificate (DER) speaks for, such as `dns:app.example`."""


class Clients:
    """The configured clients. A token given is a token checked: a certificate doesn't excuse a wrong one."""

    def __init__(self, clients: Sequence[Client], names_of: NamesOf) -> None:
        self._clients = tuple(clients)
        self._by_name = {one.certificate: one.peer for one in clients if one.certificate}
        self._names_of = names_of

    def asking(self, request: web.Request) -> Peer:
        """Return who sent `request`. Raises TrustError (`http.unauthenticated`, `http.wrong_token`)."""
        given = request.headers.getall("Authorization", [])
        peer = self._by_token(given) if given else self._by_certificate(request)
        if peer is None:
            raise faults.unauthenticated(wrong=bool(given))
        return peer

    def _by_token(self, given: Sequence[str]) -> Peer | None:
        bearer = _BEARER.fullmatch(given[0].strip()) if len(given) == 1 else None
        if bearer is None:
            return None
        digest = hashlib.sha256(bearer[1].encode()).digest()
        found = None
        for one in self._clients:  # all of them, so that time tells nothing
            if hmac.compare_digest(one.token_sha256 or _NOBODY, digest):
                found = one.peer
        return found

    def _by_certificate(self, request: web.Request) -> Peer | None:
        secured = request.transport and request.transport.get_extra_info("ssl_object")
        certificate = secured.getpeercert(binary_form=True) if secured else None
        if not certificate:
            return None
        names = self._names_of(certificate)
        return next((self._by_name[name] for name in names if name in self._by_name), None)
