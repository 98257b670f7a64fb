"""Whether a request proves who makes it: the description's `auth`, held to from the other side.

Every proof that it names must hold, but one whose secret is optional and not given. What a proof is worth
against an attacker does not count here: only whether the hub makes it as described.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from hub_http.auth.keys import basic
from hub_http.description.authentication import ApiKey, Assertion, Basic, HmacRequest, Jwt, OAuth2
from hub_http.description.model import Description
from hub_http.description.simulation import Simulation
from hub_http.double import assertions, digests, tokens
from hub_http.double.asking import Asking
from hub_http.double.once import Once
from hub_http.double.replying import Said
from hub_http.mapping import templates


class Proofs:
    """Holds requests to `auth`. `parameters` and `secrets` are those that the hub has.

    `scope` gives what templates of `auth` see, but for the secrets.
    """

    def __init__(
        self,
        description: Description,
        simulation: Simulation,
        secrets: Mapping[str, str],
        scope: Mapping[str, Any],
    ) -> None:
        self._window = simulation.window
        self._secrets = secrets
        self._scope = {**scope, "secrets": secrets}
        self._once = Once() if simulation.once else None
        self._tokens = tokens.Tokens()
        self._wanted = [one for one in description.auth if _secret(one) is None or _secret(one) in secrets]

    def missing(self, asking: Asking, now: datetime) -> str | None:
        """Return which proof does not hold, by the kind of its table; None when all do."""
        for one in self._wanted:
            if not self._holds(one, asking, now):
                return one.kind
        return None

    def token(self, asking: Asking, now: datetime) -> Said:
        """Answer the request for a token (RFC 6749, 4.4 and 5.2)."""
        described = next((one for one in self._wanted if isinstance(one, OAuth2)), None)
        if described is None:
            return Said(status=404)
        proved = tokens.client_holds(described, asking, self._scope, self._assertion(now))
        return self._tokens.answer(asking, described, self._scope, proved=proved, now=now)

    def _holds(self, one: Any, asking: Asking, now: datetime) -> bool:  # noqa: PLR0911 - one for each kind
        headers = asking.headers
        match one:
            case ApiKey():
                value = one.prefix + self._secrets[one.secret]
                if one.query is not None:
                    said = asking.scope({}, {}, now)["query"].get(one.query, "")
                    return _same(said, value)
                return _same(headers.get(one.header or "Authorization", ""), value)
            case Basic():
                user = templates.text(one.user, self._scope) or ""
                return _same(headers.get("Authorization", ""), basic(user, self._secrets[one.password]))
            case OAuth2():
                return self._tokens.holds(headers.get("Authorization", ""), now)
            case Assertion():
                scheme, _, token = headers.get("Authorization", "").partition(" ")
                return scheme.lower() == "bearer" and self._assertion(now)(one, token)
            case HmacRequest():
                said_nonce = digests.holds(one, asking, self._scope, now, self._window)
                return said_nonce is not None and (self._once is None or self._once.new(said_nonce))
        return False

    def _assertion(self, now: datetime) -> Callable[[Jwt, str], bool]:
        def holds(described: Jwt, token: str) -> bool:
            """Verify a JWT, and let its `jti` count once."""
            jti = assertions.holds(described, token, self._secrets[described.key], self._scope, now)
            return jti is not None and (self._once is None or self._once.new(jti))

        return holds


def _secret(one: Any) -> str | None:
    match one:
        case ApiKey():
            return one.secret
        case Basic():
            return one.password
        case HmacRequest() | Assertion():
            return one.key
    return None


def _same(said: str, right: str) -> bool:
    return hmac.compare_digest(said.encode(), right.encode())
