"""`POST /v1/messages`: authenticate, read, hand over, answer. 202 means durable on disk."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping, Sequence
from typing import Final

from aiohttp import web
from aiohttp.http import HttpVersion11

from hub.adapters.http import draft, faults, problem
from hub.adapters.http.clients import Clients
from hub.adapters.http.draft import Draft, DraftDocument
from hub.adapters.http.faults import Fault
from hub.adapters.http.frame import CLIENT, LANGUAGE
from hub.adapters.http.settings import ApiLimits
from hub.adapters.http.upload import Upload
from hub.domain.message import DocumentRole, SenderSignature, SignatureResult
from hub.errors import Words
from hub.plugin.form import Form, FormPart, boundary_of
from hub.ports.content import PIECE, Content
from hub.ports.intake import Accepted, Intake, Part, Peer, Stage, Submission

CONNECTOR: Final = "api"
"""The name of this way in, as envelopes say it (`origin.connector`)."""
MESSAGE_PART: Final = "message"

_KEY: Final = re.compile(r'([A-Za-z0-9._~:/+=-]{1,128})|"([A-Za-z0-9._~:/+=-]{1,128})"')
"""No `@` and no angle brackets: the key becomes the envelope's native id, which must never pass for the
Message-ID of somebody else's mail."""


class Submissions:
    """Takes messages from programs."""

    def __init__(self, intake: Intake, clients: Clients, limits: ApiLimits) -> None:
        self._intake = intake
        self._clients = clients
        self._limits = limits
        self._running = 0

    async def post(self, request: web.Request) -> web.Response:
        """Answer 202 after the commit, or raise the HubError that says why not."""
        # 1. Who, under which key, in which form, how much: all before a byte of the body is read.
        peer = self._clients.asking(request)
        request[CLIENT] = peer.name
        key = _key(request)
        boundary = _boundary(request)
        _check_expectation(request)
        upload = Upload(request, self._limits.body)
        if self._running >= self._limits.concurrency:
            raise faults.busy()
        self._running += 1
        try:
            accepted = await self._take(request, peer, key, boundary, upload)
        finally:
            self._running -= 1
        return _answer(accepted, request[LANGUAGE])

    async def _take(
        self, request: web.Request, peer: Peer, key: str, boundary: str | None, upload: Upload
    ) -> Accepted:
        stage = self._intake.stage()
        try:
            # 2. The body, within its time.
            try:
                async with asyncio.timeout(self._limits.upload.total_seconds()):
                    await _continue(request)
                    message, parts = await self._read(upload, boundary, stage)
            except TimeoutError:
                raise faults.slow() from None
            # 3. The commit: begun, it is never cut short.
            return await self._intake.submit(stage, _submission(peer, key, message, parts))
        finally:
            # After a commit this is harmless; after a repetition there are contents that nobody wants.
            await stage.discard()

    async def _read(self, upload: Upload, boundary: str | None, stage: Stage) -> tuple[Draft, list[Part]]:
        if boundary is None:
            data = await upload.whole(self._limits.json)
            message = draft.read_draft(data, inline=self._limits.inline_document, parts=False)
            return message, await _parts(stage, message, {})
        form = Form(upload.read, boundary)
        first = await form.next()
        if first is None or first.name != MESSAGE_PART:
            raise faults.malformed(
                "The form's first part must be message, with the JSON.",
                "La première partie du formulaire doit être message, avec le JSON.",
                code="http.form",
            )
        data = await first.whole(self._limits.json)
        message = draft.read_draft(data, inline=self._limits.inline_document, parts=True)
        return message, await _parts(stage, message, await _streamed(form, message, stage))


async def _streamed(form: Form, message: Draft, stage: Stage) -> Mapping[str, Content]:
    """Write the parts that follow to `stage` as they come; each belongs to one document."""
    wanted = {one.part: one for one in message.documents if one.part is not None}
    contents: dict[str, Content] = {}
    while (part := await form.next()) is not None:
        if part.name not in wanted or part.name in contents:
            raise faults.fields((_stray(part.name, twice=part.name in wanted),))
        contents[part.name] = await _written(part, wanted[part.name], stage)
    if missing := [one for name, one in wanted.items() if name not in contents]:
        raise faults.fields([_missing(one) for one in missing])
    return contents


async def _written(part: FormPart, document: DraftDocument, stage: Stage) -> Content:
    sink = stage.sink()
    empty = True
    async for piece in part.pieces():
        empty = False
        await sink.write(piece)
    if empty:
        raise faults.fields(
            (Fault(f"{document.pointer}/part", Words(en="The part is empty.", fr="La partie est vide.")),)
        )
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
        "refused": problem.refusals(accepted.refused, language),
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


def _key(request: web.Request) -> str:
    given = request.headers.getall("Idempotency-Key", [])
    if not given:
        raise faults.key_missing()
    found = _KEY.fullmatch(given[0].strip()) if len(given) == 1 else None
    if found is None:
        raise faults.key_malformed()
    return found[1] or found[2]


def _boundary(request: web.Request) -> str | None:
    """Return the boundary of a form, None for JSON. Raises InputError for any other form of body."""
    if request.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        raise faults.unsupported(
            "Content-Encoding is not read here: send the body as it is.",
            "Content-Encoding n'est pas lu ici : envoyez le corps tel quel.",
        )
    content_type = request.headers.get("Content-Type", "")
    media_type, _, parameters = content_type.partition(";")
    match media_type.strip().lower():
        case "multipart/form-data":
            return boundary_of(content_type)
        case "application/json" if parameters.strip().lower().replace('"', "") in {"", "charset=utf-8"}:
            return None
    raise faults.unsupported(
        "Content-Type must be application/json (in UTF-8) or multipart/form-data.",
        "Content-Type doit être application/json (en UTF-8) ou multipart/form-data.",
    )


def _check_expectation(request: web.Request) -> None:
    if request.headers.get("Expect", "100-continue").strip().lower() != "100-continue":
        raise faults.other_expectation()


async def _continue(request: web.Request) -> None:
    """Let a client go on that asked before it sends its body (RFC 9110, 10.1.1)."""
    if request.version == HttpVersion11 and request.headers.get("Expect"):
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0  # the answer itself has not begun


def _stray(name: str, *, twice: bool) -> Fault:
    shown = name[:64]
    if twice:
        return Fault(
            "/documents",
            Words(en=f"Part {shown} came twice.", fr=f"La partie {shown} est venue deux fois."),
        )
    return Fault(
        "/documents",
        Words(en=f"No document names part {shown}.", fr=f"Aucun document ne nomme la partie {shown}."),
    )


def _missing(document: DraftDocument) -> Fault:
    return Fault(
        f"{document.pointer}/part",
        Words(en="The form has no such part.", fr="Le formulaire n'a pas cette partie."),
    )
