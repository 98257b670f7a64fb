"""The parts of an opened mail → the documents of a submission.

The body is the first text/plain that is not an attachment, or the first HTML when there is none; it
becomes UTF-8 with LF. An `IHE_XDM.ZIP` gives its documents and is not one itself. What stands twice,
such as a PDF inside the zip and beside it, is one document.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from hub.domain.message import DocumentRole, Kind
from hub.domain.party import Identifier
from hub.errors import InputError
from hub.ports.intake import Part, Stage
from hub_smtp import heading
from hub_smtp.layers import Scratch
from hub_smtp.mime import decode, parameters
from hub_smtp.mime.decode import Decoder
from hub_smtp.mime.refusals import malformed
from hub_smtp.mime.source import Source
from hub_smtp.mime.structure import Entity
from hub_smtp.mime.words import UnreadableError
from hub_smtp.xdm import cda
from hub_smtp.xdm import read as xdm
from hub_smtp.xdm.limits import XdmLimits

_ZIP: Final = frozenset({"application/zip", "application/x-zip-compressed", "application/x-zip"})
_EXTENSIONS: Final = {"message/rfc822": ".eml", "text/plain": ".txt", "text/html": ".html"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """What a mail holds. `patient` and `kind` are by its CDA documents."""

    parts: tuple[Part, ...] = field(repr=False)
    kind: Kind
    patient: tuple[Identifier, ...]


@dataclass(frozen=True, slots=True)
class Leaf:
    """A part that holds something, its file name, and whether it is a file more than a text to be shown."""

    entity: Entity
    name: str | None
    attached: bool


async def collect(source: Source, entity: Entity, limits: XdmLimits, stage: Stage) -> Collected:
    """Write every document of a mail to the stage. Raises MalformedError and LimitError."""
    found = list(leaves(entity))
    body = _body(found)
    parts: list[Part] = []
    for number, leaf in enumerate(found, 1):
        if leaf is body:
            part = await _write_body(source, leaf, stage)
            # A body of nothing says nothing: it is where a mail program expects text.
            parts += [part] * bool(part.content.size)
        elif (packed := await _xdm(source, leaf, limits, stage)) is not None:
            parts += packed
        else:
            parts.append(await _attachment(source, leaf, number, stage))
    return await _recognised(_distinct(parts))


def leaves(entity: Entity) -> Iterator[Leaf]:
    """Yield the parts that hold something, in their order."""
    if entity.children:
        for child in entity.children:
            yield from leaves(child)
        return
    disposition, name = "", None
    try:
        if (value := entity.headers.get("content-disposition")) is not None:
            disposition = parameters.parse(value)[0]
        name = heading.file_name(entity.headers, entity.parameters)
    except UnreadableError as error:
        raise malformed(
            f"Content-Disposition: {error.en}", f"Content-Disposition : {error.fr}", entity.number
        ) from None
    yield Leaf(entity, name, disposition == "attachment" or name is not None)


def _body(found: Sequence[Leaf]) -> Leaf | None:
    for wanted in ("text/plain", "text/html"):
        for leaf in found:
            if leaf.entity.media_type == wanted and not leaf.attached:
                return leaf
    return None


async def _write_body(source: Source, leaf: Leaf, stage: Stage) -> Part:
    media_type = leaf.entity.media_type
    return Part(
        name="body.txt" if media_type == "text/plain" else "body.html",
        media_type=media_type,
        role=DocumentRole.BODY,
        content=await decode.keep(source, leaf.entity, stage, decode.text_decoder(leaf.entity)),
    )


async def _attachment(source: Source, leaf: Leaf, number: int, stage: Stage) -> Part:
    entity = leaf.entity
    undo: Decoder = decode.decoder(entity)
    if entity.media_type.startswith("text/") and not leaf.attached:
        undo = decode.text_decoder(entity)
    return Part(
        name=leaf.name or f"part-{number}{_extension(entity.media_type)}",
        media_type=entity.media_type,
        role=DocumentRole.ATTACHMENT,
        content=await decode.keep(source, entity, stage, undo),
    )


def _extension(media_type: str) -> str:
    return _EXTENSIONS.get(media_type) or mimetypes.guess_extension(media_type) or ".bin"


async def _xdm(source: Source, leaf: Leaf, limits: XdmLimits, stage: Stage) -> list[Part] | None:
    """Return the documents of an XDM zip; None when the part is none."""
    named = (leaf.name or "").upper() == xdm.NAME
    if not named and leaf.entity.media_type not in _ZIP and not (leaf.name or "").lower().endswith(".zip"):
        return None
    scratch = Scratch(stage)
    async for piece in decode.pieces(source, leaf.entity):
        await scratch.write(piece)
    zipped = await scratch.finish()
    if not named:
        try:
            named = await xdm.is_xdm(zipped, limits)
        except InputError:
            # A zip that promises nothing is a file like any other.
            return None
    if not named:
        return None
    return [
        Part(
            name=one.name,
            media_type=one.media_type,
            role=DocumentRole.ATTACHMENT,
            content=one.content,
            code=one.code,
        )
        for one in await xdm.unpack(zipped, limits, stage)
    ]


def _distinct(parts: Sequence[Part]) -> list[Part]:
    """Keep the first of several attachments with the same bytes, the coded one when one is coded."""
    found: dict[str, Part] = {}
    for number, part in enumerate(parts):
        key = str(number) if part.role is DocumentRole.BODY else part.content.sha256
        if key not in found or (found[key].code is None and part.code is not None):
            found[key] = part
    return list(found.values())


async def _recognised(parts: Sequence[Part]) -> Collected:
    """Give CDA documents their code, and the mail its kind and patient."""
    kind, patient, recognised = Kind.MESSAGE, list[Identifier](), list[Part]()
    for part in parts:
        document = None
        if part.role is DocumentRole.ATTACHMENT and cda.may_be(part.media_type, part.name):
            document = await cda.look(part.content.pieces())
        if document is None:
            recognised.append(part)
            continue
        recognised.append(replace(part, code=document.code or part.code))
        patient += document.patient
        kind = document.kind if kind is Kind.MESSAGE else kind
    return Collected(parts=tuple(recognised), kind=kind, patient=tuple(dict.fromkeys(patient)))
