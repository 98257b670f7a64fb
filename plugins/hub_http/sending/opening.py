"""Opens an operator: its description is read, its parameters and secrets are checked, its wire is ready."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from hub.ports.host import Host
from hub_http import settings as reading
from hub_http.auth.opening import authority_of
from hub_http.auth.secrets import Secrets
from hub_http.description import checking
from hub_http.description import reading as descriptions
from hub_http.description.model import Description
from hub_http.sending.operator import Held, Operator
from hub_http.settings import OperatorSettings
from hub_http.wire.opening import base_urls, open_exchange
from hub_http.wire.transcript import Transcript


@asynccontextmanager
async def open_operator(
    settings: OperatorSettings,
    host: Host,
    *,
    description: Description | None = None,
    transcript: Transcript | None = None,
) -> AsyncIterator[Operator]:
    """Yield an operator that can be asked; connections are made when they are needed.

    Its description is read from its file unless it is given. Raises ConfigError for anything in the
    configuration, the description or the files of secrets that can't be used.
    """
    if description is None:
        description = descriptions.read(settings.description)
        checking.at_start(settings.description, description)
    parameters = reading.parameters_of(settings, description)
    secrets = Secrets(settings.secrets)
    async with open_exchange(settings, description, host, transcript=transcript) as exchange:
        yield Operator(
            name=host.name,
            description=description,
            settings=settings,
            host=host,
            exchange=exchange,
            authority=authority_of(
                description,
                parameters=parameters,
                secrets=secrets,
                exchange=exchange,
                host=host,
                transcript=transcript,
            ),
            bases=tuple(one.rstrip("/") for one in base_urls(settings, description, host)),
            parameters=parameters,
            secrets=secrets,
            held=Held(host.clock),
        )
