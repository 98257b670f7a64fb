"""One question → the resources around its answer, by as few searches as any server of the shape allows.

1. which resources bear the mailbox, 2. whose activities they are, 3. what else these people do,
4. where they do it. Steps 2 and 4 go by id: not every server includes what a resource refers to.
"""

from __future__ import annotations

import asyncio
import re
from typing import Final

from hub.domain.address import Address
from hub.domain.party import FINESS, RPPS, Identifier
from hub_annuaire.fhir.joining import Bearing, Web, bearing
from hub_annuaire.fhir.records import Record
from hub_annuaire.fhir.searching import Memory, Search, value
from hub_annuaire.fhir.vocabulary import Kind

_BORNE_BY: Final = {RPPS: Kind.PRACTITIONER, FINESS: Kind.ORGANIZATION}
_INS: Final = re.compile(r"[0-9]{6}[0-9AB][0-9]{6}(?:[0-9]{2})?", re.IGNORECASE)
"""A patient's number, with its key or without; mistyped it is still health data."""


async def mailbox(search: Search, address: Address, memory: Memory) -> Bearing | None:
    """Return the mailbox at an address; None when the server lists none. Raises as `Search.all`.

    A patient's has no place in a URL, nor in a directory of professionals: nobody is asked.
    """
    if _INS.fullmatch(address.local):
        return None
    # 1. `exact` minds capitals, so its no is checked with `contains`, which does not
    written = dict.fromkeys((address.key, str(address)))
    found = await _bearing(search, "exact", ",".join(value(one) for one in written), memory)
    web = Web()
    web.add(found)
    if not web.carriers(address.key):
        web.add(await _bearing(search, "contains", value(address.key), memory))
    carriers = web.carriers(address.key)
    if not carriers:
        return None
    # 2.
    people = {one.practitioner for one in carriers if one.kind is Kind.ROLE and one.practitioner}
    missing = {one for one in people if web.get(Kind.PRACTITIONER, one) is None}
    web.add(await search.by_ids(Kind.PRACTITIONER, "_id", missing, memory))
    # 3.
    people |= {one.id for one in carriers if one.kind is Kind.PRACTITIONER}
    web.add(await search.by_ids(Kind.ROLE, "practitioner", people, memory))
    # 4.
    places = {
        one.organization for one in web.of(Kind.ROLE) if one.organization and one.practitioner in people
    }
    missing = {one for one in places if web.get(Kind.ORGANIZATION, one) is None}
    web.add(await search.by_ids(Kind.ORGANIZATION, "_id", missing, memory))
    return bearing(address.key, web)


async def addresses(search: Search, identifier: Identifier, memory: Memory) -> list[Address]:
    """Return where the bearer of an identifier is reached. Raises as `Search.all`."""
    kind = _BORNE_BY.get(identifier.system)
    if kind is None:
        return []
    asked = f"{value(identifier.system)}|{value(identifier.value)}"
    found = [
        one
        for one in await search.all(kind, ("identifier", asked), memory=memory)
        if identifier in one.identifiers
    ]
    if kind is Kind.PRACTITIONER:
        found += await search.by_ids(Kind.ROLE, "practitioner", (one.id for one in found), memory)
    return list(dict.fromkeys(Address.parse(box.address) for one in found for box in one.boxes))


async def _bearing(search: Search, modifier: str, sought: str, memory: Memory) -> list[Record]:
    async with asyncio.TaskGroup() as group:
        asked = [
            group.create_task(search.all(kind, (f"mailbox-mss:{modifier}", sought), memory=memory))
            for kind in Kind
        ]
    return [record for one in asked for record in one.result()]
