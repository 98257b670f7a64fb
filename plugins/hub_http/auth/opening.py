"""Puts an operator's proofs together."""

from __future__ import annotations

from collections.abc import Mapping

from hub.ports.host import Host
from hub_http.auth.authority import Authority
from hub_http.auth.secrets import Secrets
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
    """Return what authorises this operator's requests. Token endpoints are asked by the same exchange."""
    raise NotImplementedError
