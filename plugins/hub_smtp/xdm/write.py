"""Packing documents into an `IHE_XDM.ZIP` (IHE ITI TF-2, 3.32.4.1.2)."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

from hub.domain.envelope import Envelope
from hub.domain.message import Document
from hub_smtp.mime.segments import Segment, Segments
from hub_smtp.xdm.describe import describe
from hub_smtp.xdm.pack import Packed, archive, prepare

_SUBSET: Final = "IHE_XDM/SUBSET01"
_EXTENSIONS: Final = {
    "text/xml": "XML", "application/xml": "XML", "application/pdf": "PDF", "text/plain": "TXT",
    "text/html": "HTM", "image/jpeg": "JPG", "image/png": "PNG", "image/tiff": "TIF",
    "application/rtf": "RTF", "text/rtf": "RTF", "application/dicom": "DCM", "application/fhir+json": "JSN",
}  # fmt: skip
_README: Final = (
    "Documents d'un message de santé, empaquetés selon IHE XDM.\r\n"
    "Ouvrez INDEX.HTM pour les lire ; IHE_XDM/SUBSET01/METADATA.XML les décrit pour les logiciels.\r\n\r\n"
    "Documents of a health message, packed as IHE XDM says.\r\n"
    "Open INDEX.HTM to read them; IHE_XDM/SUBSET01/METADATA.XML describes them to programs.\r\n"
)


async def pack(envelope: Envelope, documents: Sequence[tuple[Document, Segment]], hub_name: str) -> Segments:
    """Return the zip. Each document is read once now, and again when it is sent if it is large."""
    packed = [
        (document, await prepare(f"{_SUBSET}/{_file_name(number, document)}", data))
        for number, (document, data) in enumerate(documents, 1)
    ]
    files: list[Packed] = [
        await prepare("INDEX.HTM", _index(envelope, packed)),
        await prepare("README.TXT", _README.encode()),
        await prepare(f"{_SUBSET}/METADATA.XML", describe(envelope, packed, hub_name)),
        *(one for _, one in packed),
    ]
    return archive(files, envelope.created_at)


def _file_name(number: int, document: Document) -> str:
    """Return a name that every medium can carry: eight signs and three (ISO 9660, level 1)."""
    extension = "XML" if document.media_type.endswith("+xml") else "BIN"
    return f"DOC{number:05d}.{_EXTENSIONS.get(document.media_type, extension)}"


def _index(envelope: Envelope, packed: Sequence[tuple[Document, Packed]]) -> bytes:
    rows = "".join(
        f'<li><a href="{one.name}">{escape(document.name)}</a> ({escape(document.media_type)})</li>\n'
        for document, one in packed
    )
    sender = envelope.message.sender
    return (
        '<!DOCTYPE html>\n<html lang="fr">\n<head><meta charset="utf-8"><title>Documents</title></head>\n'
        f"<body>\n<h1>Documents</h1>\n<p>{escape(sender.name)} &lt;{escape(str(sender.address))}&gt;</p>\n"
        f'<ul>\n{rows}</ul>\n<p><a href="README.TXT">README.TXT</a></p>\n</body>\n</html>\n'
    ).encode()
