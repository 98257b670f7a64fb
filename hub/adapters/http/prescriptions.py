"""`/v1/prescriptions`: order, follow, hand over, cancel. Only the client that ordered sees one.

A prescription is at most as large as its service takes, and held in memory once.
"""

from __future__ import annotations

import json
from typing import Final

from aiohttp import web

from hub.adapters.http import asking, faults, prescription_order
from hub.adapters.http import prescription_answers as answers
from hub.adapters.http.frame import LANGUAGE
from hub.adapters.http.prescription_access import ROOM, Access, choice
from hub.adapters.http.prescription_order import OrderDraft
from hub.adapters.http.upload import Upload
from hub.errors import PeerError
from hub.plugin.form import Form
from hub.ports.intake import Accepted, Intake, Peer, Stage
from hub.ports.prescribing import PrescriptionOrder

MAX_WISH: Final = 16 << 10
"""Bytes of the JSON of a hand-over, or of a reason."""


class PrescriptionDesk:
    """Takes orders from programs, and answers what becomes of them."""

    def __init__(self, access: Access, intake: Intake) -> None:
        self._access = access
        self._prescriptions = access.prescriptions
        self._intake = intake

    async def post(self, request: web.Request) -> web.Response:
        """Order one. Answer 201 when it is issued, 202 while it is not, or raise why nothing comes of it."""
        # 1. Who, under which key, in which form, how much: all before a byte of the body is read.
        peer = self._access.peer(request)
        key = asking.idempotency_key(request)
        boundary = asking.boundary(request)
        asking.check_expectation(request)
        upload = Upload(request, self._access.limits.body)
        with self._access.places.one():
            accepted = await self._take(request, peer, key, boundary, upload)
        # 2. It is durable. How far it gets while the client waits is only told.
        progress = await self._access.waited(request, peer, accepted.envelopes[0])
        return answers.ordered(progress, fine=201, again=accepted.again, language=request[LANGUAGE])

    async def get(self, request: web.Request) -> web.Response:
        """Answer with how one stands; with `fresh=true` the service is asked first."""
        peer, prescription = self._access.asked(request)
        fresh = choice(request, "fresh", ("false", "true")) == "true"
        progress = await self._prescriptions.standing(peer, prescription, fresh=fresh)
        return answers.answer(answers.as_json(progress, request[LANGUAGE]), request[LANGUAGE])

    async def delete(self, request: web.Request) -> web.Response:
        """Cancel one: 200 when it is cancelled, 409 when it can't be, 202 while the hub goes on asking."""
        peer, prescription = self._access.asked(request)
        if request.can_read_body:
            asking.check_json(request)
        reason = prescription_order.read_reason(await self._access.body(request, MAX_WISH))
        try:
            result = await self._prescriptions.cancel(peer, prescription, reason)
        except PeerError as error:
            return answers.still_asking(prescription, error, request[LANGUAGE])
        return answers.cancellation(prescription, result, request[LANGUAGE])

    async def hand_over(self, request: web.Request) -> web.Response:
        """Hand one over by secure mail; 202 when the mail is durable."""
        peer, prescription = self._access.asked(request)
        asking.check_json(request)
        order = prescription_order.read_hand_order(await self._access.body(request, MAX_WISH))
        message = await self._prescriptions.hand_over(peer, prescription, order)
        body = {"id": prescription, **json.loads(order.name), "message": message}
        return answers.answer(body, request[LANGUAGE], status=202)

    async def _take(
        self, request: web.Request, peer: Peer, key: str, boundary: str | None, upload: Upload
    ) -> Accepted:
        stage = self._intake.stage()
        try:
            limit = self._access.limits.upload
            order = await asking.in_time(request, limit, lambda: self._read(upload, boundary))
            # The commit: begun, it is never cut short.
            return await self._commit(stage, peer, key, *order)
        finally:
            # After a commit this is harmless; after a repetition there are contents that nobody wants.
            await stage.discard()

    async def _commit(
        self, stage: Stage, peer: Peer, key: str, draft: OrderDraft, content: bytes
    ) -> Accepted:
        order = PrescriptionOrder(
            prescriber=draft.sender,
            service=draft.service,
            media_type=draft.media_type,
            content=content,
            options=draft.options,
            hand_over=draft.hand_over,
            language=draft.language,
            patient=draft.patient,
        )
        return await self._prescriptions.issue(stage, peer, key, order)

    async def _read(self, upload: Upload, boundary: str | None) -> tuple[OrderDraft, bytes]:
        most = min(self._access.limits.json, self._access.most_bytes(None) // 3 * 4 + ROOM)
        data, form = await asking.json_first(upload, boundary, most)
        draft = prescription_order.read_order(
            data,
            inline=self._access.limits.inline_document,
            parts=form is not None,
            most_bytes=self._access.most_bytes,
        )
        streamed = None if form is None else await _streamed(form, draft)
        return draft, (draft.content if streamed is None else streamed) or b""


async def _streamed(form: Form, draft: OrderDraft) -> bytes | None:
    """Read the form's further part, the prescription; None when it is in the JSON."""
    data: bytearray | None = None
    while (part := await form.next()) is not None:
        if part.name != draft.part or data is not None:
            twice = part.name == draft.part
            raise faults.fields((faults.stray_part("/prescription", part.name, twice=twice),))
        data = bytearray()
        async for piece in part.pieces():
            data += piece
            if len(data) > draft.most:
                raise faults.prescription_too_large(draft.most)
        if not data:
            raise faults.fields((faults.empty_part("/prescription/part"),))
    if draft.part is not None and data is None:
        raise faults.fields((faults.missing_part("/prescription/part"),))
    return None if data is None else bytes(data)
