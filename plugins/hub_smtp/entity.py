"""The MIME entity that goes out: the sender's own, byte for byte, or one made from the documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from hub.domain.envelope import Envelope
from hub.domain.message import Document, DocumentRole, SignatureResult
from hub.ports.connector import Parcel
from hub.ports.content import Content
from hub_smtp import documents, outer, smime
from hub_smtp.cms import oids, signed
from hub_smtp.layers import Canonical, Write, is_mime
from hub_smtp.mail_settings import Format
from hub_smtp.mime import decode, parts
from hub_smtp.mime.fields import Headers
from hub_smtp.mime.limits import Limits
from hub_smtp.mime.segments import Segment, Segments, Stream, joined, of
from hub_smtp.mime.source import Held, Source, hold
from hub_smtp.mime.structure import Entity, Scanner, scan
from hub_smtp.xdm import read as xdm
from hub_smtp.xdm import write as xdm_write

LIMITS: Final = Limits(depth=100, parts=100_000, header_bytes=1 << 20, header_fields=10_000, hops=1000)
"""What was accepted once is read again; the receiver's limits have done their work."""
_OUTSIDE: Final = frozenset({"mime-version", "content-language"})
"""Fields that the outer header says, from the envelope."""
_READABLE: Final = 5 << 20
"""Bytes of a PDF up to which it stands beside the zip too, for people whose program has no XDM viewer."""


@dataclass(frozen=True, slots=True)
class Inner:
    """The entity that is signed, and the header of the mail it came from, if it is passed on."""

    entity: Segments
    passed: Headers | None


@dataclass(frozen=True, slots=True)
class _Mail:
    """An original that is a mail."""

    content: Content
    source: Source
    root: Entity
    ascii: bool


async def inner(parcel: Parcel, form: Format, hub_name: str) -> Inner:
    """Return what is to be sent of a parcel."""
    envelope = parcel.sealed.envelope
    original = await _original(parcel, form)
    if original is not None and not await _needs_conversion(envelope, form, original):
        return Inner(_passed_on(original), original.root.headers)
    entity = await _composed(parcel, form, hub_name, original)
    return Inner(entity, original.root.headers if original else None)


async def _original(parcel: Parcel, form: Format) -> _Mail | None:
    """Return the last original when it is a mail. Only who may convert it has to look inside."""
    originals = [one for one in parcel.sealed.envelope.message.documents if one.role is DocumentRole.ORIGINAL]
    if not originals or originals[-1].media_type != "message/rfc822":
        return None
    content = parcel.contents[originals[-1].id]
    source, inside = await hold(content), form is Format.XDM
    if isinstance(source, Held):
        root = await scan(source, LIMITS, inside=inside)
        return _Mail(content, source, root, source.data.isascii())
    scanner, plain = Scanner(LIMITS, inside=inside), True
    async for piece in source.pieces():
        scanner.feed(piece)
        plain = plain and piece.isascii()
    return _Mail(content, source, scanner.close(), plain)


def _passed_on(mail: _Mail) -> Segments:
    """Return the sender's MIME entity: its own header fields and its body, as they came."""
    root = mail.root
    raw = [one.raw for one in root.headers.fields if is_mime(one.name) and one.name not in _OUTSIDE]
    if root.headers.get("content-type") is None:
        raw.insert(0, "Content-Type: text/plain; charset=us-ascii")
    head = "".join(f"{one}\r\n" for one in (*raw, "")).encode()
    return Segments((head, _stretch(mail.source, root.body, root.end)), eight_bit=not mail.ascii)


def _stretch(source: Source, start: int, end: int) -> Segment:
    if isinstance(source, Held):
        return source.data[start:end]
    return Stream(end - start, lambda: source.pieces(start, end))


async def _needs_conversion(envelope: Envelope, form: Format, mail: _Mail) -> bool:
    if form is not Format.XDM or outer.is_bound(mail.root.headers):
        return False
    if not any(one.role is DocumentRole.ATTACHMENT for one in envelope.message.documents):
        return False
    return not await _is_settled(mail.source, mail.root)


async def _is_settled(source: Source, entity: Entity) -> bool:
    """Whether a mail holds an XDM already, or is encrypted so that nothing can be said of it."""
    if smime.is_signed(entity):
        return await _is_settled(source, entity.children[0])
    kind = await smime.content_type(source, entity)
    if kind == oids.SIGNED_DATA:
        # Only the names inside matter here: the content itself goes past unread.
        scanner = Scanner(LIMITS)
        canonical = Canonical(_feeding(scanner), LIMITS)
        async for piece in signed.content_pieces(decode.pieces(source, entity)):
            await canonical.write(piece)
        await canonical.end()
        return _names_xdm(scanner.close())
    return kind is not None or _names_xdm(entity)


def _feeding(scanner: Scanner) -> Write:
    async def write(data: bytes) -> None:
        scanner.feed(data)

    return write


def _names_xdm(entity: Entity) -> bool:
    return any((leaf.name or "").upper() == xdm.NAME for leaf in documents.leaves(entity))


async def _composed(parcel: Parcel, form: Format, hub_name: str, mail: _Mail | None) -> Segments:
    """Make an entity from the documents, and the sender's mail beside them when it is signed."""
    envelope = parcel.sealed.envelope
    found: list[Segments] = []
    attached: list[tuple[Document, Segment]] = []
    for document in envelope.message.documents:
        if document.role is DocumentRole.ORIGINAL:
            continue
        data = await of(parcel.contents[document.id])
        if document.role is DocumentRole.BODY:
            found.append(_body(document, data))
        else:
            attached.append((document, data))
    if attached and form is Format.XDM:
        zipped = await xdm_write.pack(envelope, attached, hub_name)
        found.append(parts.file(xdm.NAME, "application/zip", zipped))
        attached = [one for one in attached if _is_readable(one[0])]
    found += [parts.file(document.name, document.media_type, joined((data,))) for document, data in attached]
    if mail is not None and envelope.message.origin.signature.result is not SignatureResult.NONE:
        data = _stretch(mail.source, 0, mail.source.size)
        found.append(parts.mail("original.eml", data, eight_bit=not mail.ascii))
    if not found:
        found.append(parts.text(b""))
    return _one(found, envelope)


def _body(document: Document, data: Segment) -> Segments:
    if isinstance(data, bytes) and document.media_type in {"text/plain", "text/html"}:
        return parts.text(data, document.media_type)
    return parts.file(document.name, document.media_type, joined((data,)))


def _is_readable(document: Document) -> bool:
    return document.media_type == "application/pdf" and document.size <= _READABLE


def _one(found: Sequence[Segments], envelope: Envelope) -> Segments:
    if len(found) == 1:
        return found[0]
    return parts.multipart("multipart/mixed", f"=_mixed_{envelope.id}", found)
