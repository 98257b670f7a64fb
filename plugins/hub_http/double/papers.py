"""What a double needs that was given nothing: certificates, and secrets that are drawn for it."""

from __future__ import annotations

import secrets
import ssl
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from hub.plugin.double import papers
from hub.plugin.double.papers import Papers, PrivateKey
from hub_http.description.authentication import Assertion, OAuth2
from hub_http.description.model import Description

_FILES: Final = "double"
_ISSUER: Final = "Operator double"


def issue(folder: Path) -> Papers:
    """Make an authority and a certificate for localhost."""
    return papers.issue(folder, _FILES, _ISSUER)


def kept(folder: Path) -> Papers:
    """Return the files that were made before, when they are good for another week; else make them."""
    return papers.kept(folder, _FILES, _ISSUER)


def strange() -> ssl.SSLContext:
    """Return the context of a server that nobody trusts."""
    with tempfile.TemporaryDirectory() as folder:
        made = issue(Path(folder))
        return papers.server(made.certificate, made.key, None)


def drawn(description: Description) -> Mapping[str, str]:
    """Return a secret for each that the description asks for: a key in PEM where one is meant."""
    algorithms = {}
    for one in description.auth:
        signed = one if isinstance(one, Assertion) else one.assertion if isinstance(one, OAuth2) else None
        if signed is not None:
            algorithms[signed.key] = signed.algorithm
    return {
        name: papers.pem(_private(algorithms[name])) if name in algorithms else secrets.token_urlsafe(24)
        for name in description.secrets
    }


def _private(algorithm: str) -> PrivateKey:
    match algorithm:
        case "ES256":
            return ec.generate_private_key(ec.SECP256R1())
        case "ES384":
            return ec.generate_private_key(ec.SECP384R1())
        case "EdDSA":
            return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)
