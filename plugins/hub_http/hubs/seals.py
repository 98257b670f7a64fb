"""Whether an envelope was sealed by the other hub of this link, and by no other that is trusted too."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field
from typing import Any, Final

from hub.domain import envelope
from hub.domain.envelope import Envelope
from hub.errors import ConfigError, TrustError, Words
from hub_http.hooks import Operator

SEALED_BY: Final = "sealed_by"
"""The parameter that names the other hub's certificates: `sha256:` and 64 digits, several with blanks."""
MEDIA_TYPE: Final = "application/jose+json"
"""Of a sealed envelope that travels as a document (RFC 7515, 9.2.1)."""
MAX_BYTES: Final = 2 << 20
"""Bytes of a sealed envelope: no honest one comes near."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """An envelope that the other hub sealed, and the JWS byte for byte."""

    envelope: Envelope
    jws: bytes = field(repr=False)

    @property
    def sha256(self) -> str:
        """Digest of the JWS, in lower-case hexadecimal."""
        return hashlib.sha256(self.jws).hexdigest()


def opened(operator: Operator, jws: bytes) -> Opened:
    """Verify signature, path to an authority of `[keys] anchors`, and signer; then read what was signed.

    Raises MalformedError when it is no sealed envelope, TrustError `hubs.seal` when another sealed it,
    ConfigError when the configuration does not say who may.
    """
    host = operator.host
    if host.opens is None:
        raise ConfigError(
            "hubs.no_anchors",
            Words(
                en="Envelopes of other hubs can't be verified here: the hub lends no authorities.",
                fr="Les enveloppes d'autres hubs ne peuvent être vérifiées ici : le hub n'a pas d'autorités.",
            ),
        )
    verified = host.opens.open(jws, host.clock.now())
    names = str(operator.parameters.get(SEALED_BY, "")).lower().split()
    if not verified.trusted or f"sha256:{hashlib.sha256(verified.chain[0]).hexdigest()}" not in names:
        raise TrustError(
            "hubs.seal",
            Words(
                en="The envelope is sealed by a certificate that is not the other hub's, or not trusted.",
                fr="L'enveloppe est scellée par un certificat autre que celui de l'autre hub, ou pas sûr.",
            ),
        )
    return Opened(envelope=envelope.from_bytes(verified.payload), jws=jws)


def payload_of(jws: bytes) -> Any:
    """Return the JSON that a JWS carries, unverified: for looking something up, never for believing it.

    Raises ValueError, KeyError, TypeError or RecursionError for what is none.
    """
    text = json.loads(jws)["payload"]
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
