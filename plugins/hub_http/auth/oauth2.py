"""OAuth 2.0 client credentials (RFC 6749, 4.4): one token for all requests of an operator.

Whoever needs a token while one is being fetched waits for that one, and for its failure too: a token endpoint
in trouble is not asked once for every message.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote_plus

from multidict import CIMultiDict, CIMultiDictProxy
from oauthlib.oauth2 import (  # type: ignore[import-untyped]
    BackendApplicationClient,
    MissingTokenError,
    OAuth2Error,
)
from yarl import URL

from hub.errors import Words
from hub.ports.host import Host
from hub_http.auth.jwt import Signer
from hub_http.auth.keys import basic, with_headers
from hub_http.auth.secrets import Secrets
from hub_http.description.authentication import OAuth2
from hub_http.mapping import templates
from hub_http.wire.egress import name as host_name
from hub_http.wire.exchange import Answer, Bytes, Exchange, Request
from hub_http.wire.faults import AuthenticationFault, WireFault
from hub_http.wire.rate import retry_after
from hub_http.wire.transcript import Transcript

_FORM: Final = "application/x-www-form-urlencoded"
_ASSERTION: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_REFUSED: Final = frozenset({400, 401, 403, 404, 405})
_FOR_A_WHILE: Final = frozenset({"temporarily_unavailable", "server_error", "slow_down"})
MAX_TOKEN: Final = 16 << 10
"""Characters of a token: it goes in a header."""


@dataclass(frozen=True, slots=True)
class _Token:
    value: str = field(repr=False)
    number: int
    until: float | None


class OAuth2Proof:
    """Adds the token."""

    def __init__(
        self,
        described: OAuth2,
        *,
        secrets: Secrets,
        signer: Signer | None,
        exchange: Exchange,
        host: Host,
        transcript: Transcript | None = None,
    ) -> None:
        """`signer` makes the client's assertion when `client_auth` wants one."""
        self._described = described
        self._secrets = secrets
        self._signer = signer
        self._exchange = exchange
        self._host = host
        self._transcript = transcript
        self._token: _Token | None = None
        self._number = 0
        self._rounds = 0
        self._failure: WireFault | None = None
        self._lock = asyncio.Lock()

    async def authorise(self, request: Request, scope: Mapping[str, Any]) -> Request:
        """Return the request with a token that is good for a while. Raises WireFault (`unsent`)."""
        token = self._current() or await self._fetched(scope)
        return replace(with_headers(request, {"Authorization": f"Bearer {token.value}"}), proof=token.number)

    async def renew(self, refused: Request | None) -> bool:
        """Forget the token that was refused, if no newer one is there already."""
        if self._token is not None and (refused is None or refused.proof == self._token.number):
            self._token = None
        return True

    def _current(self) -> _Token | None:
        token = self._token
        if token is None or (token.until is not None and self._host.clock.monotonic() >= token.until):
            return None
        return token

    async def _fetched(self, scope: Mapping[str, Any]) -> _Token:
        round_ = self._rounds
        async with self._lock:
            if self._rounds != round_:
                if (token := self._current()) is not None:
                    return token
                if self._failure is not None:
                    raise _again(self._failure)
            try:
                self._token = await self._fetch(scope)
            except WireFault as fault:
                self._failure = fault
                raise
            else:
                self._failure = None
                return self._token
            finally:
                self._rounds += 1

    async def _fetch(self, scope: Mapping[str, Any]) -> _Token:
        request = self._request(scope)
        where = host_name(request.url.raw_host or "–", request.url.port)
        try:
            answer = await self._exchange.ask(request)
        except WireFault as fault:
            raise _failed(where, fault.words, fault) from fault
        return self._taken(answer, where)

    def _request(self, scope: Mapping[str, Any]) -> Request:
        described = self._described
        client_id = templates.text(described.client_id, scope) if described.client_id else None
        secret = self._secrets[described.client_secret] if described.client_secret else None
        extra = {name: templates.text(one, scope) for name, one in described.extra.items()}
        given = {name: value for name, value in extra.items() if value is not None}
        headers = CIMultiDict({"Accept": "application/json"})
        if described.client_auth == "basic" and secret is not None:
            # both are form-encoded before they are joined (RFC 6749, 2.3.1)
            headers["Authorization"] = basic(quote_plus(client_id or ""), quote_plus(secret))
        elif described.client_auth == "body" and secret is not None:
            given["client_secret"] = secret
        elif described.client_auth == "private_key_jwt" and self._signer is not None:
            given |= {"client_assertion_type": _ASSERTION, "client_assertion": self._signer.make(scope)}
        wanted = templates.text(described.scope, scope) if described.scope else None
        body = BackendApplicationClient(client_id or "").prepare_request_body(
            scope=wanted or None,
            include_client_id=bool(client_id) and "Authorization" not in headers,
            **given,
        )
        return Request(
            method="POST",
            url=URL(templates.text(described.token_url, scope) or ""),
            headers=CIMultiDictProxy(headers),
            body=Bytes(data=body.encode(), media_type=_FORM),
            # a second token does no harm
            repeatable=True,
        )

    def _taken(self, answer: Answer, where: str) -> _Token:
        if answer.status != HTTPStatus.OK:
            raise self._refused(answer, where)
        try:
            read = BackendApplicationClient("").parse_request_body_response(answer.body.decode())
            value, kind = read["access_token"], read.get("token_type") or "Bearer"
            lasts = float(read["expires_in"]) if "expires_in" in read else None
        except (MissingTokenError, ValueError, TypeError, AttributeError, KeyError, Warning):
            value, kind, lasts = None, "", None
        except OAuth2Error:
            raise self._refused(answer, where) from None
        fits = (
            isinstance(value, str) and 0 < len(value) <= MAX_TOKEN and value.isascii() and value.isprintable()
        )
        if not fits or str(kind).lower() != "bearer":
            raise _failed(
                where,
                Words(
                    en="its answer holds no bearer token", fr="sa réponse ne contient pas de jeton au porteur"
                ),
            )
        if self._transcript is not None:
            self._transcript.veil(value)
        self._number += 1
        return _Token(value, self._number, self._until(lasts))

    def _until(self, lasts: float | None) -> float | None:
        if lasts is None and self._described.lifetime is not None:
            lasts = self._described.lifetime.total_seconds()
        if lasts is None:
            return None
        # of a token that lasts less than the margin, half is used
        margin = min(self._described.margin.total_seconds(), lasts / 2)
        return self._host.clock.monotonic() + max(lasts - margin, 0)

    def _refused(self, answer: Answer, where: str) -> WireFault:
        try:
            said = json.loads(answer.body)
            code = said.get("error") if isinstance(said, dict) else None
        except (ValueError, RecursionError):
            code = None
        code = code if isinstance(code, str) and code.isascii() and code.isprintable() else ""
        shown = f"{answer.status} {code[:64]}".strip()
        if answer.status not in _REFUSED | {200} or code in _FOR_A_WHILE:
            words = Words(en=f"it answers {shown}", fr=f"elle répond {shown}")
            fault = _failed(where, words)
            fault.retry_after = retry_after(answer.headers.get("Retry-After"), self._host.clock.now())
            return fault
        return AuthenticationFault(
            "http.token_refused",
            Words(
                en=f"{where} refuses a token to the configured client: {shown}.",
                fr=f"{where} refuse un jeton au client configuré : {shown}.",
            ),
            stage="unsent",
            host=where,
        )


def _failed(where: str, words: Words, fault: WireFault | None = None) -> WireFault:
    """Make the fault of a request whose token can't be had: of the request itself nothing left."""
    en, fr = words.en.removesuffix("."), words.fr.removesuffix(".")
    failed = WireFault(
        "http.token",
        Words(en=f"No token from {where}: {en}.", fr=f"Pas de jeton de {where} : {fr}."),
        stage="unsent",
        host=where,
    )
    if fault is not None:
        failed.retry_after = fault.retry_after
    return failed


def _again(fault: WireFault) -> WireFault:
    """Return a fault like one that another request met."""
    return type(fault)(
        fault.code, fault.words, stage="unsent", host=fault.host, retry_after=fault.retry_after
    )
