"""A JWT signed by the hub's key (RFC 7519): the bearer token itself, or what proves an OAuth 2.0 client.

Each is made for one request: a strict server takes a `jti` once.
"""

from __future__ import annotations

import uuid
import warnings
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from joserfc import jwt
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import ECKey, OKPKey, RSAKey

from hub.errors import ConfigError, Words
from hub.ports.host import Host
from hub_http.auth.keys import with_headers
from hub_http.auth.secrets import Secrets
from hub_http.description.authentication import Jwt
from hub_http.mapping import templates
from hub_http.wire.exchange import Request

_KINDS: Final[dict[str, type[RSAKey | ECKey | OKPKey]]] = {
    "RS": RSAKey,
    "PS": RSAKey,
    "ES": ECKey,
    "Ed": OKPKey,
}
_CURVES: Final = {"ES256": "P-256", "ES384": "P-384", "EdDSA": "Ed25519"}


class Signer:
    """Makes JWTs as a description says."""

    def __init__(self, described: Jwt, secrets: Secrets, host: Host) -> None:
        """Raise ConfigError when the key is none, or not of the algorithm's kind."""
        self._described = described
        self._secrets = secrets
        self._host = host
        self._read = ("", self._import(""))

    def make(self, scope: Mapping[str, Any]) -> str:
        """Return a JWT for one use. Raises ConfigError, TemplateError."""
        described, now = self._described, int(self._host.clock.now().timestamp())
        claims = {
            "iat": now,
            "exp": now + int(described.lifetime.total_seconds()),
            "jti": str(uuid.UUID(bytes=self._host.chance.bytes(16), version=4)),
        }
        claims |= {
            name: value
            for name, one in described.claims.items()
            if (value := _filled(one, scope)) is not None
        }
        header = {"alg": described.algorithm, "typ": "JWT"}
        if described.key_id is not None and (key_id := templates.text(described.key_id, scope)):
            header["kid"] = key_id
        try:
            with warnings.catch_warnings():
                # the name EdDSA is old (RFC 9864), and the one that servers know
                warnings.simplefilter("ignore", SecurityWarning)
                return jwt.encode(header, claims, self._key(), algorithms=[described.algorithm])
        except (JoseError, ValueError) as error:
            raise self._unusable() from error

    def _key(self) -> RSAKey | ECKey | OKPKey:
        pem = self._secrets[self._described.key]
        if pem != self._read[0]:
            self._read = pem, self._import(pem)
        return self._read[1]

    def _import(self, pem: str) -> RSAKey | ECKey | OKPKey:
        pem = pem or self._secrets[self._described.key]
        algorithm = self._described.algorithm
        try:
            key = _KINDS[algorithm[:2]].import_key(pem)
        except (JoseError, ValueError, TypeError) as error:
            raise self._unusable() from error
        wanted = _CURVES.get(algorithm)
        if not key.is_private or (isinstance(key, ECKey | OKPKey) and key.curve_name != wanted):
            raise self._unusable()
        return key

    def _unusable(self) -> ConfigError:
        name, algorithm = self._described.key, self._described.algorithm
        return ConfigError(
            "http.key",
            Words(
                en=f"The secret {name} is no private key in PEM for {algorithm}, unencrypted.",
                fr=f"Le secret {name} n'est pas une clé privée en PEM, non chiffrée, pour {algorithm}.",
            ),
            secret=name,
        )


class AssertionProof:
    """Adds a JWT as the bearer token (RFC 6750)."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer

    async def authorise(self, request: Request, scope: Mapping[str, Any]) -> Request:
        """Return the request with a JWT of its own."""
        return with_headers(request, {"Authorization": f"Bearer {self._signer.make(scope)}"})

    async def renew(self, refused: Request | None) -> bool:
        """Say no: each was new already."""
        del refused
        return False


def _filled(claim: Any, scope: Mapping[str, Any]) -> Any:
    match claim:
        case str():
            value = templates.value(claim, scope)
            return int(value.timestamp()) if isinstance(value, datetime) else value
        case dict():
            return {name: _filled(one, scope) for name, one in claim.items()}
        case list() | tuple():
            return [_filled(one, scope) for one in claim]
    return claim
