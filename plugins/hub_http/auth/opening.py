"""Puts an operator's proofs together."""

from __future__ import annotations

from collections.abc import Mapping

from hub.errors import ConfigError, Words
from hub.ports.host import Host
from hub_http.auth.authority import Authority, Proof
from hub_http.auth.hmac import HmacProof
from hub_http.auth.jwt import AssertionProof, Signer
from hub_http.auth.keys import BasicProof, KeyProof
from hub_http.auth.oauth2 import OAuth2Proof
from hub_http.auth.secrets import Secrets
from hub_http.description.authentication import (
    ApiKey,
    Assertion,
    Authentication,
    Basic,
    HmacRequest,
    OAuth2,
)
from hub_http.description.model import Description
from hub_http.description.values import Scalar
from hub_http.wire.exchange import Exchange
from hub_http.wire.transcript import Transcript


def authority_of(
    description: Description,
    *,
    parameters: Mapping[str, Scalar],
    secrets: Secrets,
    exchange: Exchange,
    host: Host,
    transcript: Transcript | None = None,
) -> Authority:
    """Return what authorises this operator's requests. Token endpoints are asked by the same exchange.

    A proof whose secret is optional and not configured is left out. Raises ConfigError when a secret is
    missing, its file can't be used, or a key is none.
    """
    if transcript is not None:
        transcript.veil(*(secrets[name] for name in secrets))
    wanted = [one for one in description.auth if _is_wanted(one, description, secrets)]
    proofs = [_proof(one, secrets, exchange, host, transcript) for one in wanted]
    scope = {"parameters": parameters, "secrets": secrets, "hub": host.hub_name, "operator": host.name}
    return Authority(proofs, scope)


def _proof(
    one: Authentication, secrets: Secrets, exchange: Exchange, host: Host, transcript: Transcript | None
) -> Proof:
    match one:
        case ApiKey():
            return KeyProof(one, secrets)
        case Basic():
            return BasicProof(one, secrets)
        case Assertion():
            return AssertionProof(Signer(one, secrets, host))
        case HmacRequest():
            return HmacProof(one, secrets, host)
        case OAuth2():
            signer = Signer(one.assertion, secrets, host) if one.assertion is not None else None
            return OAuth2Proof(
                one, secrets=secrets, signer=signer, exchange=exchange, host=host, transcript=transcript
            )


def _names(one: Authentication) -> tuple[str, ...]:
    """Return which secrets a proof needs."""
    match one:
        case ApiKey():
            return (one.secret,)
        case Basic():
            return (one.password,)
        case Assertion() | HmacRequest():
            return (one.key,)
        case OAuth2():
            needed = (one.client_secret, one.assertion.key if one.assertion is not None else None)
            return tuple(name for name in needed if name is not None)


def _is_wanted(one: Authentication, description: Description, secrets: Secrets) -> bool:
    for name in _names(one):
        if name in secrets:
            secrets[name]  # whether its file can be used is known at once
            continue
        declared = description.secrets.get(name)
        if declared is not None and declared.optional:
            return False
        meaning = declared.meaning if declared is not None else "–"
        raise ConfigError(
            "http.secret_missing",
            Words(
                en=f"The operator's secrets name no file for {name}: {meaning}.",
                fr=f"Les secrets de l'opérateur ne nomment aucun fichier pour {name} : {meaning}.",
            ),
            secret=name,
        )
    return True
