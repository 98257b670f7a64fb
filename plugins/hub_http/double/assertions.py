"""Whether a JWT is the one that a description says: its signature, its times, its claims."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from joserfc import jwt
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import ECKey, OKPKey, RSAKey

from hub_http.description.authentication import Jwt
from hub_http.mapping import templates

_KINDS: Final[Mapping[str, type[RSAKey | ECKey | OKPKey]]] = {
    "RS": RSAKey,
    "PS": RSAKey,
    "ES": ECKey,
    "Ed": OKPKey,
}
_SKEW: Final = timedelta(minutes=1)


def holds(described: Jwt, token: str, key: str, scope: Mapping[str, Any], now: datetime) -> str | None:
    """Return its `jti` when it holds, else None. `key` is the hub's own, in PEM."""
    try:
        with warnings.catch_warnings():
            # the name EdDSA is old (RFC 9864), and the one that descriptions use
            warnings.simplefilter("ignore", SecurityWarning)
            own = _KINDS[described.algorithm[:2]].import_key(key)
            read = jwt.decode(token, own, algorithms=[described.algorithm])
    except (JoseError, ValueError, TypeError):
        return None
    said: Mapping[str, Any] = read.claims
    try:
        begins = datetime.fromtimestamp(said["iat"], now.tzinfo) - _SKEW
        ends = datetime.fromtimestamp(said["exp"], now.tzinfo)
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    if not begins <= now < ends or ends - begins > described.lifetime + 2 * _SKEW:
        return None
    wanted = {name: _filled(one, scope) for name, one in described.claims.items()}
    if any(said.get(name) != value for name, value in wanted.items() if value is not None):
        return None
    if described.key_id is not None and templates.text(described.key_id, scope) != read.header.get("kid"):
        return None
    jti = said.get("jti")
    return jti if isinstance(jti, str) and jti else None


def _filled(claim: Any, scope: Mapping[str, Any]) -> Any:
    match claim:
        case str():
            value = templates.value(claim, scope)
            # a moment is what the hub's clock says: it is not known here
            return None if isinstance(value, datetime) else value
        case dict():
            return {name: _filled(one, scope) for name, one in claim.items()}
        case list() | tuple():
            return [_filled(one, scope) for one in claim]
    return claim
