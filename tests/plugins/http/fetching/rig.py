"""The contract's rig, made of an operator and our side of it."""

from __future__ import annotations

from hub.testing.fetching_contract import FetchingRig
from tests.plugins.http.fetching.far import PEER, Far, Near, letter


def rig_of(far: Far, our: Near) -> FetchingRig:
    """Return it."""
    return FetchingRig(inbox=far, open=our.connector, peer=PEER, letter=letter)
