"""`GET /v1/messages/{id}` and its envelope: only for the client that submitted the message.

To anybody else a message is as absent as one that never was.
"""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from hub.adapters.http import faults
from hub.adapters.http.clients import Clients
from hub.adapters.http.frame import CLIENT, LANGUAGE
from hub.domain.delivery import State
from hub.domain.ids import EnvelopeId, check_uuid7
from hub.domain.times import rfc3339
from hub.errors import MalformedError
from hub.ports.records import DeliveryReport, Records, Report, Step

JOSE: str = "application/jose+json"


class Reports:
    """Says how messages fare."""

    def __init__(self, records: Records, clients: Clients) -> None:
        self._records = records
        self._clients = clients

    async def message(self, request: web.Request) -> web.Response:
        """Answer with the state per recipient and the timeline."""
        report = await self._own(request)
        language = request[LANGUAGE]
        return web.Response(
            body=json.dumps(_message(report, language), ensure_ascii=False).encode(),
            content_type="application/json",
            headers={"Content-Language": language},
        )

    async def envelope(self, request: web.Request) -> web.Response:
        """Answer with the sealed envelope, byte for byte as stored."""
        report = await self._own(request)
        return web.Response(body=report.sealed.jws, content_type=JOSE)

    async def _own(self, request: web.Request) -> Report:
        peer = self._clients.asking(request)
        request[CLIENT] = peer.name
        try:
            envelope = EnvelopeId(check_uuid7(request.match_info["id"]))
        except MalformedError:
            raise faults.not_found() from None
        report = await self._records.report(envelope)
        if report is None or report.peer != peer.name:
            raise faults.not_found()
        return report


def _message(report: Report, language: str) -> dict[str, Any]:
    envelope = report.sealed.envelope
    return {
        "id": envelope.id,
        "kind": envelope.message.kind.value,
        "state": _state(report),
        "created_at": rfc3339(envelope.created_at),
        "expires_at": rfc3339(envelope.expires_at),
        "deliveries": [_delivery(one, language) for one in report.deliveries],
        "timeline": [_step(one) for one in report.steps],
    }


def _state(report: Report) -> str:
    """Return `open` while something may still happen, then `delivered`, `partial` or `failed`."""
    states = [one.state for one in report.deliveries]
    if not all(state.final for state in states):
        return "open"
    delivered = states.count(State.DELIVERED)
    return "delivered" if delivered == len(states) else "partial" if delivered else "failed"


def _delivery(one: DeliveryReport, language: str) -> dict[str, Any]:
    return {
        "id": one.id,
        "recipient": {
            "address": str(one.recipient.address),
            "name": one.recipient.name,
            "role": one.recipient.role.value if one.recipient.role else None,
        },
        "operator": one.operator,
        "state": one.state.value,
        "attempts": one.attempts,
        "due_at": None if one.due_at is None else rfc3339(one.due_at),
        "code": one.code,
        "detail": None if one.reason is None else one.reason.in_language(language),
    }


def _step(one: Step) -> dict[str, Any]:
    return {
        "at": rfc3339(one.at),
        "event": one.event,
        "delivery": one.delivery,
        "code": one.code,
        "detail": one.detail,
    }
