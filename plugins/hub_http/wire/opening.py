"""Opens the way to one operator's servers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from hub.ports.host import Host
from hub_http.description.model import Description
from hub_http.settings import OperatorSettings
from hub_http.wire.exchange import Exchange
from hub_http.wire.transcript import Transcript


@asynccontextmanager
async def open_exchange(
    settings: OperatorSettings, description: Description, host: Host, *, transcript: Transcript | None = None
) -> AsyncIterator[Exchange]:
    """Yield the way to the operator's servers; connections are made when they are needed.

    Whatever goes over it is told to `transcript`. Raises ConfigError when a file can't be used, or a URL
    of the description is none.
    """
    raise NotImplementedError
    yield
