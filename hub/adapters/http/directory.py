"""`GET /v1/directory`: search as one types; `GET /v1/directory/{address}`: one mailbox.

Shown is what the hub's directory shows to anybody who may send: no unlisted mailbox comes out of a
search. What was asked for is never logged, and never kept.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from aiohttp import web

from hub.adapters.http import entries, faults
from hub.adapters.http.asking import Places
from hub.adapters.http.clients import Clients
from hub.adapters.http.frame import CLIENT, LANGUAGE
from hub.adapters.http.settings import ApiLimits
from hub.domain.address import Address
from hub.domain.target import MAX_DESCRIPTION
from hub.ports.directory import MailboxKind
from hub.ports.intake import Intake
from hub.ports.looking import Catalogue, Suggests

MAX_QUERY: Final = MAX_DESCRIPTION
"""Characters of what is searched for."""
MOST: Final = 50
"""Entries of one answer."""
USUAL: Final = 10
"""Entries of an answer when the client does not say how many."""
_PARAMETERS: Final = ("q", "limit")


class Listings:
    """Shows the directory to the hub's clients."""

    def __init__(self, intake: Intake, clients: Clients, limits: ApiLimits) -> None:
        self._intake = intake
        self._clients = clients
        self._places = Places(limits.searches)

    async def search(self, request: web.Request) -> web.Response:
        """Answer with the mailboxes that fit `q`, the likeliest first."""
        request[CLIENT] = self._clients.asking(request).name
        text, limit = _query(request)
        with self._places.one():
            found = await self._intake.directory.search(text, limit)
        return _answer({"entries": [entries.as_json(one) for one in found[:limit]]}, request[LANGUAGE])

    async def entry(self, request: web.Request) -> web.Response:
        """Answer with one mailbox, or 404 with addresses that may have been meant."""
        request[CLIENT] = self._clients.asking(request).name
        address = Address.parse(request.match_info["address"])
        directory = self._intake.directory
        with self._places.one():
            found = await directory.by_address(address)
            if found is None or found.mailbox is MailboxKind.PATIENT:
                # An address made of a health identifier has no place in a URL, and gets no answer there.
                near = await _near(directory, address) if found is None else ()
                raise faults.not_listed(near)
        return _answer(entries.as_json(found), request[LANGUAGE])


async def _near(directory: Catalogue, address: Address) -> Sequence[Address]:
    return await directory.near(address) if isinstance(directory, Suggests) else ()


def _query(request: web.Request) -> tuple[str, int]:
    given = request.query
    for name in given:
        if name not in _PARAMETERS:
            raise faults.query("Known are q and limit, nothing else.", "Seuls q et limit sont connus.")
        if len(given.getall(name)) > 1:
            raise faults.query(f"{name} stands twice.", f"{name} figure deux fois.")
    text = " ".join(given.get("q", "").split())
    if not text or len(text) > MAX_QUERY or not text.isprintable():
        raise faults.query(
            f"q is what to search for: 1 to {MAX_QUERY} characters.",
            f"q est ce qu'il faut chercher : 1 à {MAX_QUERY} caractères.",
        )
    return text, _limit(given.get("limit", str(USUAL)))


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(MOST)) and 0 < int(text) <= MOST):
        raise faults.query(f"limit is a number from 1 to {MOST}.", f"limit est un nombre de 1 à {MOST}.")
    return int(text)


def _answer(body: Mapping[str, Any], language: str) -> web.Response:
    return web.Response(
        body=json.dumps(body, ensure_ascii=False).encode(),
        content_type="application/json",
        headers={"Content-Language": language},
    )
