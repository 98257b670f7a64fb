"""IHE XDM zips as the tests want them: sound ones, and ones made to harm."""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from collections.abc import Callable, Mapping
from html import escape

from tests.plugins.smtp.mail.test_structure import multipart
from tests.plugins.smtp.mail.world import text

FOLDER = "IHE_XDM/SUBSET01"
RIM = "urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0"


def metadata(files: Mapping[str, bytes], media_type: str = "text/xml", **replaced: str) -> bytes:
    """Describe files as another program would; `hash` and `size` may be replaced."""
    entries = ""
    for name, data in files.items():
        digest = hashlib.sha1(data, usedforsecurity=False).hexdigest()
        slots = {"URI": name, "hash": digest, "size": str(len(data))} | replaced
        listed = "".join(
            f'<Slot name="{slot}"><ValueList><Value>{escape(value)}</Value></ValueList></Slot>'
            for slot, value in slots.items()
        )
        entries += f'<ExtrinsicObject id="{name}" mimeType="{media_type}">{listed}</ExtrinsicObject>'
    return (
        '<l:SubmitObjectsRequest xmlns:l="urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0">'
        f'<RegistryObjectList xmlns="{RIM}">{entries}</RegistryObjectList></l:SubmitObjectsRequest>'
    ).encode()


def xdm(
    files: Mapping[str, bytes],
    more: Callable[[zipfile.ZipFile], None] = lambda _: None,
    described: bytes | None = None,
) -> bytes:
    """Return a zip with an index, metadata and these files; `more` may add to it."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("INDEX.HTM", "<html></html>")
        archive.writestr("README.TXT", "readme")
        archive.writestr(f"{FOLDER}/METADATA.XML", metadata(files) if described is None else described)
        for name, data in files.items():
            archive.writestr(f"{FOLDER}/{name}", data)
        more(archive)
    return written.getvalue()


def attached(data: bytes, name: str = "IHE_XDM.ZIP", media_type: str = "application/zip") -> bytes:
    """Return an entity with a text and a file."""
    head = (
        f"Content-Type: {media_type}\r\nContent-Transfer-Encoding: base64\r\n"
        f'Content-Disposition: attachment; filename="{name}"\r\n\r\n'
    )
    encoded = base64.encodebytes(data).replace(b"\n", b"\r\n")
    return multipart(text("Voir le document."), head.encode() + encoded)
