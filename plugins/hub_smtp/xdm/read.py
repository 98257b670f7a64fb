"""Unpacking an `IHE_XDM.ZIP` into documents (IHE ITI TF-2, 3.32.4.1.2).

Every file that METADATA.XML describes, and every other but the index and its style, is a document.
A file that is not what its metadata says refuses the whole: which of the two to believe is not ours
to guess.
"""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Final

from hub.ports.content import Content
from hub.ports.intake import Stage
from hub_smtp.heading import clean_name
from hub_smtp.mime.limits import SMALL
from hub_smtp.mime.source import Source
from hub_smtp.xdm import archive, metadata
from hub_smtp.xdm.archive import Entry
from hub_smtp.xdm.limits import XdmLimits
from hub_smtp.xdm.metadata import Described
from hub_smtp.xdm.refusals import malformed, too_much

NAME: Final = "IHE_XDM.ZIP"
_FOLDER: Final = "ihe_xdm"
_METADATA: Final = "metadata.xml"
_ASIDE: Final = frozenset({"index.htm", "index.html", "readme.txt", "readme.htm", "autorun.inf"})
_STYLE: Final = (".xsl", ".css", ".js")


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpacked:
    """A document out of the zip."""

    name: str
    media_type: str
    code: str | None
    content: Content = field(repr=False)


async def is_xdm(source: Source, limits: XdmLimits) -> bool:
    """Whether a zip of another name holds an IHE_XDM folder. Raises as `archive.entries`."""
    return any(_is_inside(one) for one in await archive.entries(source, limits))


async def unpack(source: Source, limits: XdmLimits, stage: Stage) -> list[Unpacked]:
    """Write every document to the stage. Raises MalformedError and LimitError (`xdm.…`)."""
    found = {one.name.casefold(): one for one in await archive.entries(source, limits)}
    described = await _described(source, found, limits)
    if not described:
        raise malformed(
            "metadata",
            "it has no IHE_XDM/…/METADATA.XML that describes a document",
            "il n'a pas d'IHE_XDM/…/METADATA.XML qui décrive un document",
        )
    documents = [await _document(source, found[path], about, stage) for path, about in described.items()]
    documents += [
        await _document(source, one, None, stage)
        for path, one in found.items()
        if path not in described and _is_inside(one) and not _is_aside(path)
    ]
    return documents


async def _described(source: Source, found: dict[str, Entry], limits: XdmLimits) -> dict[str, Described]:
    """Return what every METADATA.XML says, by the path (letter case aside) of what it says it of."""
    described: dict[str, Described] = {}
    for path, entry in found.items():
        folder, _, name = path.rpartition("/")
        if name != _METADATA or not _is_inside(entry):
            continue
        if entry.size > limits.metadata_bytes:
            raise too_much("METADATA.XML is too large", "METADATA.XML est trop grand", limits.metadata_bytes)
        data = b"".join([piece async for piece in archive.unpacked(source, entry)])
        for about in metadata.read(data):
            target = f"{folder}/{about.uri}".casefold()
            if target not in found or target in described:
                raise malformed(
                    "missing",
                    "METADATA.XML describes a file that is not there, or one file twice",
                    "METADATA.XML décrit un fichier absent, ou deux fois le même",
                )
            described[target] = about
    return described


async def _document(source: Source, entry: Entry, about: Described | None, stage: Stage) -> Unpacked:
    name = clean_name((about.name if about else None) or entry.name) or clean_name(entry.name)
    digest = hashlib.sha1(usedforsecurity=False)
    if entry.size <= SMALL:
        data = b"".join([piece async for piece in archive.unpacked(source, entry)])
        _refuse_nested(data)
        digest.update(data)
        content = await stage.keep(data)
    else:
        sink = stage.sink()
        first = True
        async for piece in _checked(archive.unpacked(source, entry), digest):
            if first:
                _refuse_nested(piece)
                first = False
            await sink.write(piece)
        content = await sink.finish()
    if about is not None and (
        about.size not in {None, entry.size} or about.sha1 not in {None, digest.hexdigest()}
    ):
        raise malformed(
            "hash",
            "a document in it has not the size or hash that METADATA.XML states",
            "un de ses documents n'a pas la taille ou l'empreinte qu'en donne METADATA.XML",
        )
    return Unpacked(
        name=name,
        media_type=about.media_type if about else guess(name),
        code=about.code if about else None,
        content=content,
    )


async def _checked(pieces: AsyncIterator[bytes], digest: hashlib._Hash) -> AsyncIterator[bytes]:
    async for piece in pieces:
        digest.update(piece)
        yield piece


def guess(name: str) -> str:
    """Return the media type that a file name suggests."""
    found, encoding = mimetypes.guess_type(name.lower())
    return found if found and not encoding else "application/octet-stream"


def _refuse_nested(data: bytes) -> None:
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")) and b"[Content_Types].xml" not in data[:4096]:
        raise malformed("nested", "it holds another zip", "il contient un autre zip")


def _is_inside(entry: Entry) -> bool:
    return entry.name.casefold().startswith(f"{_FOLDER}/")


def _is_aside(path: str) -> bool:
    name = path.rpartition("/")[2]
    return name == _METADATA or name in _ASIDE or name.endswith(_STYLE)
