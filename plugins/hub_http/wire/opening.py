"""Opens the way to one operator's servers: what it may talk to, and how, put together."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import partial

from yarl import URL

from hub.errors import ConfigError, MalformedError, Words
from hub.ports.host import Host
from hub_http import settings as reading
from hub_http.description.authentication import OAuth2
from hub_http.description.model import Description
from hub_http.mapping import templates
from hub_http.settings import OperatorSettings
from hub_http.wire import egress, tls
from hub_http.wire.egress import Egress
from hub_http.wire.exchange import Exchange
from hub_http.wire.session import Session
from hub_http.wire.transcript import Transcript


@asynccontextmanager
async def open_exchange(
    settings: OperatorSettings, description: Description, host: Host, *, transcript: Transcript | None = None
) -> AsyncIterator[Exchange]:
    """Yield the way to the operator's servers; connections are made when they are needed.

    Whatever goes over it is told to `transcript`. Raises ConfigError when a file can't be used, or a URL
    of the description is none.
    """
    tls.check(settings.tls)
    session = Session(
        context=partial(tls.context, settings.tls),
        limits=description.limits,
        gate=Egress(_places(settings, description, host)),
        networks=settings.networks,
        transcript=transcript,
    )
    try:
        yield session
    finally:
        await session.close()


def base_urls(settings: OperatorSettings, description: Description, host: Host) -> tuple[str, ...]:
    """Return where the API is, then where else, in order, filled in. Raises ConfigError."""
    scope = _scope(settings, description, host)
    first = settings.base_url or description.base_url
    if first is None:
        raise _wrong(
            "base_url",
            Words(
                en="it is named neither by the description nor by the configuration",
                fr="ni la description ni la configuration ne la nomment",
            ),
        )
    found = [("base_url", first), *(("failover_urls", one) for one in description.failover_urls)]
    return tuple(str(_read(key, templates.text(one, scope) or "")) for key, one in found)


def _places(settings: OperatorSettings, description: Description, host: Host) -> Iterator[egress.Place]:
    """Yield every host that is named: of base URLs, token endpoints, and `hosts`."""
    for base in base_urls(settings, description, host):
        yield egress.place_of(URL(base))
    scope = _scope(settings, description, host)
    for one in description.auth:
        if isinstance(one, OAuth2):
            yield egress.place_of(_read("auth.token_url", templates.text(one.token_url, scope) or ""))
    for named in description.hosts:
        yield egress.place(named)


def _scope(settings: OperatorSettings, description: Description, host: Host) -> dict[str, object]:
    return {
        "parameters": reading.parameters_of(settings, description),
        "hub": host.hub_name,
        "operator": host.name,
    }


def _read(key: str, text: str) -> URL:
    try:
        return reading.read_base(text) if key != "auth.token_url" else _endpoint(text)
    except MalformedError as error:
        raise _wrong(key, error.words) from error


def _endpoint(text: str) -> URL:
    """Read a token endpoint, which may have a query (RFC 6749, 3.2)."""
    url = URL(text) if "://" in text else URL()
    reading.read_base(str(url.with_query(None)) if url.raw_host else text)
    return url


def _wrong(key: str, words: Words) -> ConfigError:
    en, fr = words.en.removesuffix("."), words.fr.removesuffix(".")
    return ConfigError(
        "http.url",
        Words(
            en=f"{key} of the operator can't be used: {en}.",
            fr=f"{key} de l'opérateur est inutilisable : {fr}.",
        ),
        key=key,
    )
