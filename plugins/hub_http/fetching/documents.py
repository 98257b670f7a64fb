"""The documents of what came: from its data, from a request of their own, or the download as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from hub.domain.message import DocumentRole
from hub.errors import LimitError, Words
from hub.ports.content import Content
from hub.ports.intake import Part, Stage
from hub_http.description.inbound import Arriving, Documents
from hub_http.description.requests import Request
from hub_http.fetching.came import Came, kept
from hub_http.fetching.fates import Fate, fate_of
from hub_http.fetching.refusals import no_document, wrong
from hub_http.fetching.values import MEDIA_TYPE, OCTETS, Picks
from hub_http.mapping.answered import Answered, written_out
from hub_http.sending import requests
from hub_http.sending.operator import Operator

MOST: Final = 1000
"""Documents of one message; the hub's own limit is lower."""
_EXTENSIONS: Final = {"application/json": "json", "application/xml": "xml", "text/xml": "xml"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Collecting:
    """Writes the documents of one thing that came to its stage. Raises as `submission_of`."""

    came: Came = field(repr=False)
    stage: Stage
    operator: Operator

    async def documents(self, arriving: Arriving, picks: Picks) -> list[Part]:
        """Return the documents that the description names, in their order."""
        parts: list[Part] = []
        for number, block in enumerate(arriving.documents):
            for one in _each(block, picks, picks.key(f"documents[{number}]")):
                if len(parts) >= MOST:
                    raise _too_many()
                part = await self._document(block, one, len(parts) + 1)
                parts += [] if part is None else [part]
        return parts

    async def original(self, arriving: Arriving) -> list[Part]:
        """Return what came, byte for byte, unless a document is just that."""
        if any(one.payload for one in arriving.documents):
            return []
        media_type = media_type_of(self.came.answered)
        suffix = media_type.rpartition("+")[2] if "+" in media_type else _EXTENSIONS.get(media_type, "bin")
        return [
            Part(
                name=f"original.{suffix if suffix in {'json', 'xml'} else 'bin'}",
                media_type=media_type,
                role=DocumentRole.ORIGINAL,
                content=await self._whole(),
            )
        ]

    async def _document(self, block: Documents, picks: Picks, number: int) -> Part | None:
        """Write one document; None when it is a single one, and there is none."""
        name = picks.file_name("name", block.name) or f"document-{number}"
        media_type = picks.media_type("media_type", block.media_type)
        role = picks.choice("role", block.role, DocumentRole, DocumentRole.ATTACHMENT)
        code, digest = picks.text("code", block.code), picks.digest("sha256", block.sha256)
        content = await self._content(block, picks)
        if content is None and block.each is None:
            return None
        if content is None:
            raise wrong(picks.key("data"), "finds nothing", "ne trouve rien")
        if digest is not None and content.sha256 != digest:
            raise wrong(
                picks.key("sha256"),
                "is not the digest of the bytes that came: they were altered on their way",
                "n'est pas l'empreinte des octets reçus : ils ont été altérés en chemin",
            )
        return Part(name=name, media_type=media_type, role=role, content=content, code=code)

    async def _content(self, block: Documents, picks: Picks) -> Content | None:
        if block.payload:
            return await self._whole()
        if block.fetch is not None:
            return await self._fetched(block.fetch, picks.scope)
        value = picks.value(block.data)
        return None if value is None else await kept(self.stage, _bytes(value, picks.key("data")))

    async def _whole(self) -> Content:
        payload = self.came.payload
        return payload if payload is not None else await kept(self.stage, self.came.answered.body)

    async def _fetched(self, request: Request, scope: Mapping[str, Any]) -> Content:
        """Stream the answer to a request of the document's own.

        One that is not there does not mean that the message is gone, as it would of the message itself.
        """
        sink = self.stage.sink(self.operator.description.limits.max_download)
        try:
            async with requests.stream(self.operator, request, scope) as coming:
                await coming.into(sink)
        except requests.AnswerError as error:
            if fate_of(error) is not Fate.GONE:
                raise
            raise no_document(self.operator.name, error.judgement.status) from error
        return await sink.finish()


def media_type_of(answered: Answered) -> str:
    """Return the media type that an answer states; octets when it states none, or nonsense."""
    said = answered.headers.get("content-type", OCTETS).partition(";")[0].strip().lower()
    return said if MEDIA_TYPE.fullmatch(said) else OCTETS


def _each(block: Documents, picks: Picks, within: str) -> list[Picks]:
    if block.each is None:
        return [Picks(answered=picks.answered, scope=picks.scope, within=within)]
    members = Picks(answered=picks.answered, scope=picks.scope, within=within).members("each", block.each)
    return [
        Picks(
            answered=Answered.of(member, within=picks.answered),
            scope={**picks.scope, "document": {"number": number, "value": member}},
            within=within,
        )
        for number, member in enumerate(members, 1)
    ]


def _bytes(value: Any, key: str) -> bytes:
    """Return the bytes of a document: as they were decoded, a text in UTF-8, or a JSON value written out."""
    match value:
        case bytes():
            return value
        case str():
            return value.encode()
        case dict() | list():
            return written_out(value)
        case _:
            raise wrong(key, "is neither a text nor a JSON value", "n'est ni un texte ni une valeur JSON")


def _too_many() -> LimitError:
    return LimitError(
        "arrived.too_many_documents",
        Words(
            en=f"A message from the operator has more than {MOST} documents.",
            fr=f"Un message de l'opérateur a plus de {MOST} documents.",
        ),
        limit=MOST,
    )
