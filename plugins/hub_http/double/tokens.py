"""OAuth 2.0 tokens of a double (RFC 6749, 4.4): given to who proves to be the client, good for an hour."""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qsl, quote_plus

from hub_http.auth.keys import basic
from hub_http.description.authentication import Jwt, OAuth2
from hub_http.double.asking import Asking
from hub_http.double.replying import Said
from hub_http.mapping import templates

LIFETIME: Final = timedelta(hours=1)
_MOST: Final = 10_000
_ASSERTION: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class Tokens:
    """The tokens that were given."""

    def __init__(self) -> None:
        self._given: dict[str, datetime] = {}

    def answer(
        self, asking: Asking, described: OAuth2, scope: Mapping[str, Any], *, proved: bool, now: datetime
    ) -> Said:
        """Give a token, or say why not (RFC 6749, 5.2)."""
        form = _form(asking)
        if not proved:
            return _refused(401, "invalid_client")
        if form.get("grant_type") != "client_credentials":
            return _refused(400, "unsupported_grant_type")
        wanted = templates.text(described.scope, scope) if described.scope else None
        if (wanted or None) != form.get("scope"):
            return _refused(400, "invalid_scope")
        for name, source in described.extra.items():
            if templates.text(source, scope) != form.get(name):
                return _refused(400, "invalid_request")
        token = secrets.token_urlsafe(32)
        self._given[token] = now + LIFETIME
        if len(self._given) > _MOST:
            del self._given[next(iter(self._given))]
        body = {"access_token": token, "token_type": "Bearer", "expires_in": int(LIFETIME.total_seconds())}
        headers = {"Content-Type": "application/json", "Cache-Control": "no-store"}
        return Said(status=200, headers=headers, body=json.dumps(body).encode())

    def holds(self, authorization: str, now: datetime) -> bool:
        """Whether a header Authorization has a token that was given and is still good."""
        scheme, _, token = authorization.partition(" ")
        until = self._given.get(token)
        return scheme.lower() == "bearer" and until is not None and now < until


def client_holds(
    described: OAuth2, asking: Asking, scope: Mapping[str, Any], signed: Callable[[Jwt, str], bool]
) -> bool:
    """Whether a request for a token is the client's (RFC 6749, 2.3.1; RFC 7523, 2.2)."""
    form = _form(asking)
    client = templates.text(described.client_id, scope) if described.client_id else None
    secret = scope["secrets"].get(described.client_secret, "") if described.client_secret else ""
    match described.client_auth:
        case "basic" if secret:
            right = basic(quote_plus(client or ""), quote_plus(secret))
            return hmac.compare_digest(asking.headers.get("Authorization", "").encode(), right.encode())
        case "body" if secret:
            said = form.get("client_secret", "")
            return form.get("client_id") == client and hmac.compare_digest(said.encode(), secret.encode())
        case "private_key_jwt" if described.assertion is not None:
            token = form.get("client_assertion", "")
            return form.get("client_assertion_type") == _ASSERTION and signed(described.assertion, token)
    return form.get("client_id") == client


def _form(asking: Asking) -> dict[str, str]:
    try:
        return dict(parse_qsl(asking.body.decode(), keep_blank_values=True))
    except UnicodeDecodeError:
        return {}


def _refused(status: int, error: str) -> Said:
    headers = {"Content-Type": "application/json", "Cache-Control": "no-store"}
    return Said(status=status, headers=headers, body=json.dumps({"error": error}).encode())
