"""Files → a list that was verified, in either form.

The form is told by the content, never by the name: what begins with `<` is XML.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from lxml import etree

from hub.plugin import reasons
from hub_trust import toml_form, toml_signature, xml_form, xml_signature
from hub_trust.authorities import Authorities
from hub_trust.content import Draft, TrustList, assemble
from hub_trust.faults import Place

MAX_SIZE: Final = 4 << 20
"""Bytes of a list, unless configured otherwise."""
JWS: Final = ".jws"

Reader = Callable[[etree._Element, xml_form.LineOf, Place], Draft]  # noqa: SLF001 - as there

SCHEMAS: Final[dict[str, Reader]] = {xml_form.ROOT: xml_form.read}
"""What reads a verified document, by the name of its root. Another schema is one more line here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """A list's bytes, and for TOML those of its signature. `place` is what errors call the file."""

    data: bytes = field(repr=False)
    jws: bytes | None = field(default=None, repr=False)
    place: Place

    @property
    def is_xml(self) -> bool:
        """Whether the list is in XML."""
        return self.data.lstrip(b"\xef\xbb\xbf\r\n\t ").startswith(b"<")


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A list whose signature holds, and the certificate of who made it."""

    content: TrustList
    signer: x509.Certificate = field(repr=False)


def load(path: Path, max_size: int = MAX_SIZE) -> Files:
    """Read a list, and what stands beside it as `<list>.jws`. Raises MalformedError and LimitError."""
    place = Place(path.name)
    data = _bytes(path, max_size, place)
    files = Files(data=data, place=place)
    if files.is_xml:
        return files
    beside = path.with_name(path.name + JWS)
    if not beside.exists():
        raise place.untrusted(
            "not_signed",
            f"the list is not signed: {beside.name} must stand beside it",
            f"la liste n'est pas signée : il faut {beside.name} à côté d'elle",
        )
    jws = _bytes(beside, toml_signature.MAX_JWS, Place(beside.name))
    return Files(data=data, jws=jws, place=place)


def load_draft(path: Path, max_size: int = MAX_SIZE) -> Files:
    """Read a list that need not be signed yet. Raises MalformedError and LimitError."""
    place = Place(path.name)
    return Files(data=_bytes(path, max_size, place), place=place)


def verify(files: Files, authorities: Authorities | None, at: datetime) -> Opened:
    """Return the list, verified before it is read. Raises MalformedError, LimitError and TrustError.

    Without authorities any signer will do: then it is only known that nothing was changed.
    """
    place = files.place
    if not files.is_xml:
        name = Place(place.file + JWS)
        signer = toml_signature.verify(files.data, files.jws or b"", authorities, at, name)
        return Opened(content=assemble(toml_form.read(files.data, place), place), signer=signer)
    verified = xml_signature.verify(files.data, authorities, at, place)
    return Opened(content=of_element(verified.root, verified.lines, place), signer=verified.signer)


def of_element(root: etree._Element, lines: tuple[int | None, ...], place: Place) -> TrustList:
    """Read a verified document by its schema; `lines` are those of its elements, in document order."""
    numbers = dict(zip(root.iter(), lines, strict=False))
    read = SCHEMAS.get(str(root.tag), xml_form.read)
    return assemble(read(root, numbers.get, place), place)


def _bytes(path: Path, limit: int, place: Place) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        why = reasons.why(error)
        raise place.malformed("unreadable", f"can't be read ({why.en})", f"illisible ({why.fr})") from error
    if len(data) > limit:
        raise place.limit(
            "too_large",
            f"larger than {limit} bytes (max_size)",
            f"plus de {limit} octets (max_size)",
        )
    return data
