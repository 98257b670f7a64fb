"""Checks of where an operator is and how requests prove who makes them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from hub_http.description import asks
from hub_http.description.authentication import ApiKey, Authentication, HmacRequest, OAuth2
from hub_http.description.mistakes import Mistake, Place, wrong
from hub_http.description.model import Description
from hub_http.description.texts import Used

_HOST: Final = re.compile(
    r"(?=.{1,253}(?::|$))(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)"
    r"(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*(?::\d{1,5})?"
)
_URL: Final = re.compile(r"https://[^\s?#@]+")
_ENDPOINT: Final = re.compile(r"https://[^\s#@]+")
_EXPRESSION: Final = re.compile(r"\{\{.*?\}\}", re.DOTALL)


def check(description: Description, used: Used) -> Iterator[Mistake]:
    """Check base URLs, hosts and proofs."""
    if description.base_url is not None:
        yield from _url(("base_url",), description.base_url, _URL)
    for number, url in enumerate(description.failover_urls):
        yield from _url(("failover_urls", number), url, _URL)
    for number, host in enumerate(description.hosts):
        if not _HOST.fullmatch(host):
            yield wrong(
                ("hosts", number),
                "is no host: write host or host:port, without https:// and path",
                "n'est pas un hôte : écrivez hôte ou hôte:port, sans https:// ni chemin",
            )
    for number, one in enumerate(description.auth):
        yield from _proof(("auth", number), one, used)


def _url(place: Place, url: str, good: re.Pattern[str]) -> Iterator[Mistake]:
    if url.startswith("http://"):
        yield wrong(place, "is plain http: use https", "est en http simple : utilisez https")
    elif not _EXPRESSION.match(url) and not good.fullmatch(_EXPRESSION.sub("x", url)):
        yield wrong(
            place,
            "is no base: https://host/path, with neither password, query nor fragment",
            "n'est pas une base : https://hôte/chemin, sans mot de passe, requête ni fragment",
        )


def _proof(place: Place, one: Authentication, used: Used) -> Iterator[Mistake]:
    if isinstance(one, ApiKey):
        if (one.header is None) == (one.query is None):
            yield wrong(place, "takes one of header, query", "demande l'un de header, query")
        elif one.header is not None:
            yield from asks.header((*place, "header"), one.header, ours=True)
    elif isinstance(one, OAuth2):
        yield from _url((*place, "token_url"), one.token_url, _ENDPOINT)
        yield from _client(place, one)
    elif isinstance(one, HmacRequest) and "signature" not in used.below(*place, "headers"):
        yield wrong((*place, "headers"), "carry no {{ signature }}", "ne portent pas {{ signature }}")


def _client(place: Place, one: OAuth2) -> Iterator[Mistake]:
    if one.client_auth == "private_key_jwt":
        if one.assertion is None:
            yield wrong(
                (*place, "assertion"), "is missing for private_key_jwt", "manque pour private_key_jwt"
            )
        if one.client_secret is not None:
            yield wrong(
                (*place, "client_secret"),
                "does not go with private_key_jwt",
                "ne va pas avec private_key_jwt",
            )
        return
    if one.assertion is not None:
        yield wrong((*place, "assertion"), "is for private_key_jwt", "ne vaut que pour private_key_jwt")
    for key, given in (("client_id", one.client_id), ("client_secret", one.client_secret)):
        if given is None:
            yield wrong((*place, key), f"is missing for {one.client_auth}", f"manque pour {one.client_auth}")
