"""One download: streamed to the stage as it comes, in one answer or in parts, never whole in memory.

A download in parts goes on while `more.when` holds, or the status is 206 (RFC 9110, 15.3.7); the headers of
its first answer count.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hub.errors import LimitError, Words
from hub.ports.intake import Stage
from hub_http.description.requests import More, Request
from hub_http.fetching.came import Came
from hub_http.mapping import picking
from hub_http.mapping.answered import Answered
from hub_http.sending import requests
from hub_http.sending.operator import Operator
from hub_http.wire.exchange import Download

MOST: Final = 10_000
"""Parts of one download."""
_PARTIAL: Final = 206


async def download(
    operator: Operator, request: Request, more: More | None, scope: Mapping[str, Any], stage: Stage
) -> Came:
    """Ask for something and write it to the stage, of at most `limits.max_download` bytes in all.

    Raises AnswerError, WireFault, LimitError, StoreError, and what else `stream` raises.
    """
    sink = stage.sink(operator.description.limits.max_download)
    first: Answered | None = None
    for number in range(1, MOST + 1):
        seen = {**scope, "part": {"number": number}}
        further = None if first is None else more
        async with requests.stream(
            operator,
            request,
            seen,
            path=None if further is None else further.path,
            headers=None if further is None else further.headers,
        ) as coming:
            answered = head_of(coming)
            size = await coming.into(sink)
        first = first or answered
        if more is None or not _has_more(more, answered, seen):
            return Came(answered=first, payload=await sink.finish())
        if not size:
            break
    raise _endless()


async def whole(came: Came, limit: int) -> Came:
    """Return what came with its body in memory, to be read as JSON or XML. Raises LimitError, StoreError."""
    content = came.payload
    if content is None or came.answered.body:
        return came
    if content.size > limit:
        raise _too_large(limit)
    body = await content.read()
    answered = came.answered
    return Came(
        answered=Answered(status=answered.status, headers=answered.headers, body=body), payload=content
    )


async def structured(operator: Operator, request: Request, scope: Mapping[str, Any]) -> Answered:
    """Ask for something that holds whole messages, of at most `limits.max_structured` bytes.

    Raises AnswerError, WireFault, LimitError, and what else `stream` raises.
    """
    limit, body = operator.description.limits.max_structured, bytearray()
    async with requests.stream(operator, request, scope) as coming:
        async for piece in coming.pieces():
            body += piece
            if len(body) > limit:
                raise _too_large(limit)
    head = head_of(coming)
    return Answered(status=head.status, headers=head.headers, body=bytes(body))


def head_of(coming: Download) -> Answered:
    """Return what picks see of a download: status and headers, their names in lower case."""
    headers = {name.lower(): value for name, value in coming.headers.items()}
    return Answered(status=coming.status, headers=headers, body=b"")


def _has_more(more: More, answered: Answered, scope: Mapping[str, Any]) -> bool:
    if more.when is None:
        return answered.status == _PARTIAL
    return picking.holds(more.when, answered, scope)


def _too_large(limit: int) -> LimitError:
    return LimitError(
        "arrived.too_large",
        Words(
            en=f"What came from the operator is over the limit of {limit} bytes (`limits.max_structured`).",
            fr=f"Ce qui vient de l'opérateur dépasse {limit} octets (`limits.max_structured`).",
        ),
        limit=limit,
        field="limits.max_structured",
    )


def _endless() -> LimitError:
    return LimitError(
        "arrived.endless",
        Words(
            en=f"A download of the operator does not end: an empty part, or more than {MOST} parts.",
            fr=f"Un téléchargement de l'opérateur n'a pas de fin : une part vide, ou plus de {MOST} parts.",
        ),
        limit=MOST,
    )
