"""`POST /v1/messages`: authenticate, read, hand over, answer. 202 means durable on disk."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Final

from aiohttp import web

from hub.adapters.http import asking, draft, faults
from hub.adapters.http.asking import Places
from hub.adapters.http.clients import Clients
from hub.adapters.http.draft import Draft, DraftDocument
from hub.adapters.http.frame import CLIENT, LANGUAGE
from hub.adapters.http.settings import ApiLimits
from hub.adapters.http.upload import Upload
from hub.domain.message import DocumentRole, SenderSignature, SignatureResult
from hub.plugin.door.problem import refusals
from hub.plugin.form import Form, FormPart
from hub.ports.content import PIECE, Content
from hub.ports.intake import Accepted, Intake, Part, Peer, Stage, Submission

CONNECTOR: Final = "api"
"""The name of this way in, as envelopes say it (`origin.connector`)."""


class Submissions:
    """Takes messages from programs."""

    def __init__(self, intake: Intake, clients: Clients, limits: ApiLimits, places: Places) -> None:
        self._intake = intake
        self._clients = clients
        self._limits = limits
        self._places = places

    async def post(self, request: web.Request) -> web.Response:
        """Answer 202 after the commit, or raise the HubError that says why not."""
        # 1. Who, under which key, in which form, how much: all before a byte of the body is read.
        peer = self._clients.asking(request)
        request[CLIENT] = peer.name
        key = asking.idempotency_key(request)
        boundary = asking.boundary(request)
        asking.check_expectation(request)
        upload = Upload(request, self._limits.body)
        with self._places.one():
            accepted = await self._take(request, peer, key, boundary, upload)
        return _answer(accepted, request[LANGUAGE])

    async def _take(
        self, request: web.Request, peer: Peer, key: str, boundary: str | None, upload: Upload
    ) -> Accepted:
        stage = self._intake.stage()
        try:
            # 2. The body, within its time.
            limit = self._limits.upload
            message, parts = await asking.in_time(request, limit, lambda: self._read(upload, boundary, stage))
            # 3. The commit: begun, it is never cut short.
            return await self._intake.submit(stage, _submission(peer, key, message, parts))
        finally:
            # After a commit this is harmless; after a repetition there are contents that nobody wants.
            await stage.discard()

    async def _read(self, upload: Upload, boundary: str | None, stage: Stage) -> tuple[Draft, list[Part]]:
        data, form = await asking.json_first(upload, boundary, self._limits.json)
        inline = self._limits.inline_document
        message = draft.read_draft(data, inline=inline, parts=form is not None)
        streamed = {} if form is None else await _streamed(form, message, stage)
        return message, await _parts(stage, message, streamed)


async def _streamed(form: Form, message: Draft, stage: Stage) -> Mapping[str, Content]:
    """Write the parts that follow to `stage` as they come; each belongs to one document."""
    wanted = {one.part: one for one in message.documents if one.part is not None}
    contents: dict[str, Content] = {}
    while (part := await form.next()) is not None:
        if part.name not in wanted or part.name in contents:
            raise faults.fields((faults.stray_part("/documents", part.name, twice=part.name in wanted),))
        contents[part.name] = await _written(part, wanted[part.name], stage)
    if missing := [one for name, one in wanted.items() if name not in contents]:
        raise faults.fields([faults.missing_part(f"{one.pointer}/part") for one in missing])
    return contents


async def _written(part: FormPart, document: DraftDocument, stage: Stage) -> Content:
    sink = stage.sink()
    empty = True
    async for piece in part.pieces():
        empty = False
        await sink.write(piece)
    if empty:
        raise faults.fields((faults.empty_part(f"{document.pointer}/part"),))
    return await sink.finish()


async def _parts(stage: Stage, message: Draft, streamed: Mapping[str, Content]) -> list[Part]:
    parts = []
    if message.text is not None:
        parts.append(
            Part(
                name="message.txt",
                media_type="text/plain",
                role=DocumentRole.BODY,
                content=await _kept(stage, message.text.encode()),
            )
        )
    for one in message.documents:
        content = streamed[one.part] if one.part is not None else await _kept(stage, one.content or b"")
        parts.append(
            Part(
                name=one.name,
                media_type=one.media_type,
                role=DocumentRole.ATTACHMENT,
                content=content,
                code=one.code,
            )
        )
    return parts


async def _kept(stage: Stage, data: bytes) -> Content:
    if len(data) <= PIECE:
        return await stage.keep(data)
    sink = stage.sink()
    for at in range(0, len(data), PIECE):
        await sink.write(data[at : at + PIECE])
    return await sink.finish()


def _submission(peer: Peer, key: str, message: Draft, parts: Sequence[Part]) -> Submission:
    return Submission(
        connector=CONNECTOR,
        peer=peer,
        native_id=key,
        key=key,
        sender=message.sender,
        recipients=message.recipients,
        subject=message.subject,
        parts=parts,
        signature=SenderSignature(result=SignatureResult.NONE),
        kind=message.kind,
        language=message.language,
        patient=message.patient,
        in_reply_to=message.in_reply_to,
        references=message.references,
        thread=message.thread,
        receipts=message.receipts,
    )


def _answer(accepted: Accepted, language: str) -> web.Response:
    first = accepted.envelopes[0]
    body = {
        "id": first,
        "ids": list(accepted.envelopes),
        "state": "accepted",
        "refused": refusals(accepted.refused, language),
    }
    headers = {"Location": f"/v1/messages/{first}", "Content-Language": language}
    if accepted.again:
        headers["Idempotent-Replayed"] = "true"
    return web.Response(
        status=202,
        body=json.dumps(body, ensure_ascii=False).encode(),
        content_type="application/json",
        headers=headers,
    )
